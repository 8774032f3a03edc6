"""The monthly digest as a line in a mail."""

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from factories.models import Factory
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.notices.outbox import Line, NoticeKind, register_notice
from sharing.records.digest import KIND, Digest, month_of, monthly_digest


def digest_line(notice: Notice, reader: User) -> Line | None:
    """Return the month in a sentence, for those who are the factory's people when it is sent."""
    factory = Factory.objects.where(reader, "view_data").filter(pk=notice.factory_id or 0).first()
    if factory is None:
        return None
    digest = monthly_digest(user=reader, factory=factory, month=month_of(notice.data["month"]))
    path = f"{reverse('monthly_summary', args=[factory.pk])}?month={notice.data['month']}"
    return Line(f"{_read(factory, digest)} {_unread(digest)}".strip(), path, _subject(digest))


def _subject(digest: Digest) -> str:
    words = {"month": date_format(digest.month, "YEAR_MONTH_FORMAT"), "brands": digest.brands}
    if not digest.times:
        return _("%(month)s: no brand read your data") % words
    subject = ngettext(
        "%(month)s: %(brands)s brand read your data", "%(month)s: %(brands)s brands read your data", digest.brands
    )
    return subject % words


def _read(factory: Factory, digest: Digest) -> str:
    words = {"month": date_format(digest.month, "YEAR_MONTH_FORMAT"), "factory": factory.name, "brands": digest.brands}
    if not digest.times:
        return _("%(factory)s: no brand read the data in %(month)s.") % words
    sentence = ngettext(
        "%(month)s: %(brands)s brand read data of %(factory)s; reads in all: %(times)s.",
        "%(month)s: %(brands)s brands read data of %(factory)s; reads in all: %(times)s.",
        digest.brands,
    )
    return sentence % {**words, "times": digest.times}


def _unread(digest: Digest) -> str:
    number = len(digest.never_looked)
    if not number:
        return ""
    sentence = ngettext(
        "%(number)s access grant was not used.",
        "%(number)s access grants were not used.",
        number,
    )
    return sentence % {"number": number}


register_notice(NoticeKind(KIND, gettext_lazy("Monthly summary: who saw our data"), digest_line, sides={"factory": ""}))
