"""Consent: grants, withheld reports, subscriptions, signed forms, requests, who saw what, receipts, copies."""

from sharing.models.confirming import ConfirmationEnd
from sharing.models.copies import CopyToDestroy, DestroyNotice
from sharing.models.grants import SharingGrant
from sharing.models.holds import WithheldReport
from sharing.models.papers import PaperConsent
from sharing.models.receipts import Receipt
from sharing.models.records import AccessRecord
from sharing.models.requests import AccessRequest, RequestAnswer
from sharing.models.searches import SearchRecord
from sharing.models.subscriptions import Subscription
from sharing.models.visibility import CycleReport, IndexedGrant, Visibility
from sharing.scopes import Scope

__all__ = [
    "AccessRecord",
    "AccessRequest",
    "ConfirmationEnd",
    "CopyToDestroy",
    "CycleReport",
    "DestroyNotice",
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
