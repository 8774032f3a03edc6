"""Notices about reports to a factory and the brands it shares with: in review, published, replaced, withdrawn.

A brand is notified when the report opens to it (`publication/opening_notices`), and only if it is open then. Which
version it read decides between "published" and "replaced". The text is determined when a notice is sent (R7).
"""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.models import Assessment, CorrectionNotice
from assessments.notice_names import ReportNotice
from assessments.publication.opening_notices import PUBLISHED, SUPERSEDED, notification_time, plan_publication
from portal.accounts.models import User
from portal.accounts.sides import Side
from portal.notices.kinds import NoticeName
from portal.notices.models import Notice
from portal.notices.outbox import Line, NoticeKind, announce, api_url, register_notice
from sharing import access

IN_REVIEW, WITHDRAWN = ReportNotice.SENT_TO_FACTORY, ReportNotice.WITHDRAWN
FACTORY, BOTH = {"factory": ""}, {"factory": "", "brand": ""}
BRAND = frozenset({"brand"})


def notify_in_review(assessment: Assessment) -> None:
    """Notify the factory that it can read the report before it is published."""
    _announce(IN_REVIEW, assessment, "factory", assessment.factory_id)


def notify_published(assessment: Assessment) -> None:
    """Notify the factory now, and each brand when the report opens to it."""
    _announce(SUPERSEDED if assessment.supersedes_id else PUBLISHED, assessment, "factory", assessment.factory_id)
    plan_publication(assessment)


def notify_withdrawn(assessment: Assessment) -> None:
    """Notify the factory, and the brands that read the report."""
    _announce(WITHDRAWN, assessment, "factory", assessment.factory_id)
    for brand in CorrectionNotice.objects.filter(assessment=assessment, successor=None).values_list("brand", flat=True):
        _announce(WITHDRAWN, assessment, "brand", brand)


def _announce(kind: NoticeName, assessment: Assessment, side: str, organisation: int) -> None:
    announce(
        kind,
        side=side,
        organisation_id=organisation,
        factory_id=assessment.factory_id,
        brand_id=organisation if side == Side.BRAND else None,
        subject=assessment.pk,
    )


def _assessment(notice: Notice) -> Assessment | None:
    return Assessment.objects.select_related("factory").filter(pk=notice.subject).first()


def _words(assessment: Assessment) -> dict[str, object]:
    return {"factory": assessment.factory.name, "cycle": assessment.cycle, "version": assessment.version}


# --- to the factory --------------------------------------------------------------------------------------


def _factory_line(notice: Notice, assessment: Assessment, reader: User) -> Line | None:
    if notice.kind == WITHDRAWN:
        if assessment.state != Assessment.State.WITHDRAWN:
            return None
        text = _("%(factory)s: the report of cycle %(cycle)s was withdrawn. Brands can no longer read it.")
        subject = _("Withdrawn: report of cycle %(cycle)s") % _words(assessment)
        return Line(text % _words(assessment), reverse("old_versions", args=[assessment.factory_id]), subject)
    if notice.kind != IN_REVIEW or assessment.state != Assessment.State.FACTORY_REVIEW:
        return None  # `sharing.grants.notices.granting` notifies of a publication, and says to whom it opens
    if not Assessment.objects.visible_to(reader).filter(pk=assessment.pk).exists():
        return None
    text = _("%(factory)s: the report of cycle %(cycle)s is ready for your review before it is published.")
    subject = _("Ready for your review: report of cycle %(cycle)s") % _words(assessment)
    return Line(text % _words(assessment), reverse("assessment", args=[assessment.pk]), subject)


# --- to a brand ------------------------------------------------------------------------------------------


def _brand_line(notice: Notice, assessment: Assessment, reader: User) -> Line | None:
    if notice.kind == PUBLISHED:
        if not _reads_for(reader, notice.organisation_id, assessment):
            return None
        text = _("%(factory)s, cycle %(cycle)s: your brand can see a report.")
        return Line(text % _words(assessment), reverse("assessment", args=[assessment.pk]))
    column = "assessment" if notice.kind == WITHDRAWN else "successor"
    correction = (
        CorrectionNotice.objects.for_brands_of(reader)
        .filter(**{column: assessment}, brand=notice.organisation_id, acknowledged_at=None)
        .first()
    )
    if correction is None:
        return None
    if notice.kind == WITHDRAWN:
        text = _(
            "%(factory)s, cycle %(cycle)s: the report that your brand read was withdrawn. Please acknowledge this."
        )
    else:
        text = _("%(factory)s, cycle %(cycle)s: the report that your brand read was corrected. See what changed.")
    return Line(text % _words(assessment), reverse("correction", args=[correction.assessment_id]))


def _reads_for(reader: User, brand: int, assessment: Assessment) -> bool:
    openings = access.openings(reader, assessment)
    return any(grant is not None and grant.brand_id == brand for grant in openings.values())


def _line(notice: Notice, reader: User) -> Line | None:
    assessment = _assessment(notice)
    if assessment is None:
        return None
    if notice.side == Side.FACTORY:
        return _factory_line(notice, assessment, reader)
    return _brand_line(notice, assessment, reader)


# --- to programs -----------------------------------------------------------------------------------------


def _payload(notice: Notice) -> dict[str, object] | None:
    assessment = _assessment(notice)
    if assessment is None:
        return None
    data: dict[str, object] = {
        "assessment": str(assessment.pk),
        "factory": {"id": assessment.factory_id, "bw_id": assessment.factory.bw_id},
        "cycle": assessment.cycle,
        "version": assessment.version,
    }
    if notice.kind == WITHDRAWN:
        return data if assessment.state == Assessment.State.WITHDRAWN and _may_know_end(notice, assessment) else None
    if assessment.state not in access.OPEN_TO_BRANDS:
        return None
    if notice.side == Side.BRAND:
        data["scopes"] = access.scopes_open_to_brand(notice.organisation_id, assessment)
        if not data["scopes"]:
            return None
    if notice.kind == SUPERSEDED:
        data["supersedes"] = str(assessment.supersedes_id)
    return data | {"url": api_url(reverse("api:assessment", args=[assessment.pk]))}


def _may_know_end(notice: Notice, assessment: Assessment) -> bool:
    """Return whether to notify of a withdrawal: a brand only while it has the grant that opened the report."""
    if notice.side == Side.FACTORY:
        return True
    grants = access.grants_opening(access.Version.of(assessment))
    return grants.filter(brand=notice.organisation_id, scope__in=access.ASSESSMENT_SCOPES).exists()


def register_kinds() -> None:
    """Register the kinds of notices about reports."""
    register_notice(NoticeKind(IN_REVIEW, gettext_lazy("A report is ready for your review"), _line, sides=FACTORY))
    labels = {PUBLISHED: gettext_lazy("A report was published"), SUPERSEDED: gettext_lazy("A report was corrected")}
    for name, label in labels.items():
        kind = NoticeKind(name, label, _line, sides=BOTH, mails=BRAND, payload=_payload, when=notification_time)
        register_notice(kind)  # a factory's people are notified of both under `report.scheduled`
    register_notice(NoticeKind(WITHDRAWN, gettext_lazy("A report was withdrawn"), _line, sides=BOTH, payload=_payload))
