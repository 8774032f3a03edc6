"""Consent given on signed paper, recorded by the country's staff: the only way in which staff make a grant.

The scan is kept with its digest. The factory is notified at once, reads the scan and can end the access like any other.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext as _

from brands.models import Brand
from factories.models import Factory
from factories.rights import staff_may
from portal.accounts.models import User
from portal.core.days import today
from portal.core.events import record
from portal.core.names import one_line
from portal.core.scans import kind_of_scan
from portal.core.uploads import kept_upload
from portal.notices.outbox import announce
from sharing.events import SharingEvent
from sharing.files import CONSENTS
from sharing.grants.services.granting import grant_each
from sharing.grants.services.journal import Journal
from sharing.grants.services.outcomes import Paper, Terms
from sharing.grants.services.situation import locked_situation
from sharing.models import PaperConsent, SharingGrant
from sharing.notice_names import SharingNotice

EARLIEST = date(2001, 1, 1)  # the first country programme began in 2001


@dataclass(frozen=True)
class Signature:
    """The person who signed the form for the factory, and the day."""

    signed_by: str
    signed_on: date


def may_record_consent(by: User, factory: Factory) -> bool:
    """Return whether `by` records signed forms for this factory: staff of its country, never the factory itself."""
    return staff_may(by, "record_consent", factory.pk)


def record_paper_consent(
    *,
    by: User,
    factory: Factory,
    brands: Collection[Brand],
    scopes: Collection[str],
    terms: Terms,
    signature: Signature,
    scan: "File[bytes]",
) -> list[SharingGrant]:
    """Record what a factory allowed on a signed form: all its grants, or nothing.

    Raises `PermissionDenied`, or `ValidationError` by field: for a file that is no scan, a day before the programme or
    in the future, a missing name, and what `grant_access` raises.
    """
    if not may_record_consent(by, factory):
        raise PermissionDenied(_("Only the country's staff can record consent given on paper."))
    content_type = _checked(factory, signature, scan)
    digest = hashlib.file_digest(scan, "sha256").hexdigest()
    scan.seek(0)
    with kept_upload(scan, CONSENTS) as name:
        return _recorded(by, factory, brands, scopes, terms, PaperConsent(
            factory=factory, document=name, content_type=content_type, sha256=digest,
            signed_by=signature.signed_by.strip(), signed_on=signature.signed_on, recorded_by=by,
        ))  # fmt: skip


def _checked(factory: Factory, signature: Signature, scan: "File[bytes]") -> str:
    errors: dict[str, object] = {}
    if not one_line(signature.signed_by):
        errors["signed_by"] = _("Enter who signed for the factory.")
    if signature.signed_on < EARLIEST:
        errors["signed_on"] = _("This day is before the programme began. Check the day on the form.")
    elif signature.signed_on > today(factory):
        errors["signed_on"] = _("This day is in the future. Enter the day on which the form was signed.")
    try:
        content_type = kind_of_scan(scan)
    except ValidationError as error:
        errors["scan"] = error.messages
    if errors:
        raise ValidationError(errors)
    return content_type


@transaction.atomic
def _recorded(
    by: User,
    factory: Factory,
    brands: Collection[Brand],
    scopes: Collection[str],
    terms: Terms,
    consent: PaperConsent,
) -> list[SharingGrant]:
    situation = locked_situation(by, factory.pk, [brand.pk for brand in brands])
    factory = situation.factory
    if not may_record_consent(by, factory):
        raise PermissionDenied(_("Only the country's staff can record consent given on paper."))
    consent.full_clean(exclude=["factory", "recorded_by"], validate_unique=False)
    consent.save()
    paper = Paper(signed_by=consent.signed_by, document=consent.document)
    journal = Journal(situation)
    grants = [grant for brand in brands for grant in _granted(journal, brand, scopes, terms, paper)]
    journal.write()
    record(
        SharingEvent.PAPER_RECORDED,
        by=by,
        factory_id=factory.pk,
        subject=consent.pk,
        sha256=consent.sha256,
        signed_on=consent.signed_on.isoformat(),
        grants=[str(grant.pk) for grant in grants],
    )
    pk = factory.pk
    announce(SharingNotice.PAPER_RECORDED, side="factory", organisation_id=pk, factory_id=pk, subject=consent.pk)
    return grants


def _granted(journal: Journal, brand: Brand, scopes: Collection[str], terms: Terms, paper: Paper) -> list[SharingGrant]:
    grants = grant_each(journal, brand, scopes, terms, paper)
    if any(grant.consent_document != paper.document for grant in grants):
        raise ValidationError({"brand": _("%s already has exactly this access. There is nothing to record.") % brand})
    return grants
