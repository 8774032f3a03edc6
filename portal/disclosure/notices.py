"""The factory's notice of a publication: to whom the report opens, and when. Importing this registers the kind."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import User
from portal.disclosure.openings import openings_in_words
from portal.notices.models import Notice
from portal.notices.outbox import Line, NoticeKind, register_notice
from sharing.grants.notices.granting import FACTORY, openings_page, own_factory
from sharing.notice_names import SharingNotice


def _report_opens(notice: Notice, reader: User) -> Line | None:
    factory = own_factory(notice, reader)
    if factory is None:
        return None
    cycle = int(notice.data["cycle"])
    words = {"factory": factory.name, "cycle": cycle}
    opens = openings_in_words(person=reader, factory=factory, cycle=cycle)
    text, subject = (
        _("%(factory)s: the report of cycle %(cycle)s is published."),
        _("Published: report of cycle %(cycle)s"),
    )
    if opens:
        text = _("%(factory)s: the report of cycle %(cycle)s is published. %(opens)s")
    return Line(text % {**words, "opens": opens}, openings_page(factory), subject % words)


register_notice(
    NoticeKind(
        SharingNotice.REPORT_SCHEDULED,
        gettext_lazy("A report was published; when brands can see it"),
        _report_opens,
        sides=FACTORY,
    )
)
