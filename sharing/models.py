"""Consent: grants, withheld reports, subscriptions, signed forms, requests, who saw what, receipts, copies."""

from sharing.confirming.models import ConfirmationEnd
from sharing.copies.models import CopyToDestroy, DestroyNotice
from sharing.grants.models import SharingGrant
from sharing.holds.models import WithheldReport
from sharing.papers.models import PaperConsent
from sharing.receipts.models import Receipt
from sharing.records.models import AccessRecord, FirstUse
from sharing.requests.models import AccessRequest, RequestAnswer
from sharing.scopes import Scope
from sharing.searches.models import SearchRecord
from sharing.subscriptions.models import Subscription
from sharing.visibility.models import CycleReport, IndexedGrant, Visibility

__all__ = [
    "AccessRecord",
    "AccessRequest",
    "ConfirmationEnd",
    "CopyToDestroy",
    "CycleReport",
    "DestroyNotice",
    "FirstUse",
    "IndexedGrant",
    "PaperConsent",
    "Receipt",
    "RequestAnswer",
    "Scope",
    "SearchRecord",
    "SharingGrant",
    "Subscription",
    "Visibility",
    "WithheldReport",
]
