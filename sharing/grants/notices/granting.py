"""Notices of granting: openings, withheld reports, paper consent, ends. Each checks anew when it is sent."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brands.models import Brand
from factories.models import Factory
from factories.rights import member_may
from portal.accounts.models import User
from portal.accounts.sides import Side
from portal.core.days import last_day_in_words, written
from portal.core.listing import joined
from portal.notices.models import Notice
from portal.notices.outbox import Line, NoticeKind, register_notice
from sharing.models import PaperConsent, SharingGrant, WithheldReport
from sharing.notice_names import SharingNotice


def own_factory(notice: Notice, reader: User) -> Factory | None:
    return Factory.objects.where(reader, "view_data").filter(pk=notice.factory_id or 0).first()


def openings_page(factory: Factory) -> str:
    return reverse("report_openings", args=[factory.pk])


def _withheld(notice: Notice, reader: User) -> Line | None:
    kept = WithheldReport.objects.visible_to(reader).in_force().filter(pk=notice.subject).first()
    factory = own_factory(notice, reader)
    if kept is None or factory is None:
        return None
    text = _("%(factory)s holds the report of cycle %(cycle)s: %(brand)s cannot see it.")
    subject, words = _("On hold for %(brand)s: report of cycle %(cycle)s"), _words(notice, factory)
    return Line(text % words, openings_page(factory), subject % words)


def _allowed(notice: Notice, reader: User) -> Line | None:
    factory = own_factory(notice, reader)
    if factory is None:
        return None
    text = _("%(brand)s: %(factory)s no longer holds the report of cycle %(cycle)s.")
    subject, words = _("No longer on hold for %(brand)s: report of cycle %(cycle)s"), _words(notice, factory)
    return Line(text % words, openings_page(factory), subject % words)


def _words(notice: Notice, factory: Factory) -> dict[str, object]:
    brand = Brand.objects.get(pk=notice.brand_id or 0)
    return {"factory": factory.name, "brand": brand.name, "cycle": notice.data["cycle"]}


def _paper_recorded(notice: Notice, reader: User) -> Line | None:
    consent = PaperConsent.objects.visible_to(reader).filter(pk=notice.subject).select_related("factory").first()
    if consent is None:
        return None
    grants = SharingGrant.objects.visible_to(reader).filter(consent_document=consent.document)
    brands = sorted(set(grants.values_list("brand__name", flat=True)))
    text = _(
        "The programme's staff recorded that %(factory)s shares with %(brands)s, as on a form signed by "
        "%(signed_by)s on %(day)s. If this is wrong, end the access."
    )
    words = {
        "factory": consent.factory.name,
        "brands": joined(brands),
        "signed_by": consent.signed_by,
        "day": written(consent.signed_on),
    }
    subject = _("Staff recorded signed consent: %(brands)s") % words
    return Line(text % words, reverse("factory_brands", args=[consent.factory_id]), subject)


def _ends_soon(notice: Notice, reader: User) -> Line | None:
    grants = SharingGrant.objects.visible_to(reader).live().select_related("factory", "brand")
    grant = grants.filter(pk=notice.subject, expires_at__isnull=False).first()
    if grant is None or grant.last_day is None:
        return None
    words = {
        "factory": grant.factory.name,
        "brand": grant.brand.name,
        "what": grant.get_scope_display(),
        "day": last_day_in_words(grant.expires_at, grant.factory),
    }
    if notice.side == Side.BRAND:
        text = _("%(factory)s shares “%(what)s” with %(brand)s until %(day)s. The factory decides whether to renew it.")
        return Line(text % words, reverse("shared_list"))
    text = _("%(factory)s shares “%(what)s” with %(brand)s until %(day)s. To continue sharing, renew it.")
    may_decide = member_may(reader, "manage_sharing", grant.factory_id)
    page = f"{reverse('grant_change', args=[grant.pk])}?renew=1" if may_decide else ""
    subject = _("Access of %(brand)s ends on %(day)s") % words
    return Line(text % words, page or reverse("factory_brand", args=[grant.factory_id, grant.brand_id]), subject)


FACTORY, BOTH = {"factory": ""}, {"factory": "", "brand": ""}
for kind in (
    NoticeKind(SharingNotice.REPORT_HELD, gettext_lazy("A report was put on hold"), _withheld, sides=FACTORY),
    NoticeKind(SharingNotice.REPORT_ALLOWED, gettext_lazy("A report is no longer on hold"), _allowed, sides=FACTORY),
    NoticeKind(
        SharingNotice.PAPER_RECORDED,
        gettext_lazy("Staff recorded consent given on paper"),
        _paper_recorded,
        sides=FACTORY,
        is_mandatory=True,
    ),
    NoticeKind(SharingNotice.GRANT_EXPIRING, gettext_lazy("Access ends soon"), _ends_soon, sides=BOTH),
):
    register_notice(kind)
