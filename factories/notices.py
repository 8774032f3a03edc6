"""The notice about the replacement of a factory's manager. Importing this module registers the kind."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from factories.models import Handover
from factories.notice_names import FactoryNotice
from portal.accounts.models import User
from portal.core.days import last_day_in_words
from portal.notices.models import Notice
from portal.notices.outbox import Line, NoticeKind, register_notice


def _handover(notice: Notice, reader: User) -> Line | None:
    """Say how far a handover is now, for the factory's managers and the staff who enrol factories."""
    found = Handover.objects.visible_to(reader).filter(pk=notice.subject).select_related("factory").first()
    if found is None:
        return None
    sentences = {
        "objections": _(
            "%(factory)s: the programme's staff were informed that the manager has left. The manager can object"
            " until %(day)s."
        ),
        "ready": _("%(factory)s: nobody objected to the handover. A second staff member now decides."),
        "invited": _("%(factory)s: the new manager has been invited."),
        "done": _("%(factory)s: the new manager has joined, and the former one's role has ended."),
        "objected": _("%(factory)s: the manager objected; the handover has ended and nothing has changed."),
        "given_up": _("%(factory)s: the staff cancelled the handover; nothing has changed."),
    }
    words = {"factory": found.factory, "day": last_day_in_words(found.objections_until, found.factory)}
    subject = _("Handover to a new manager: %(factory)s") % words
    return Line(sentences[found.status()] % words, reverse("handover", args=[found.pk]), subject)


register_notice(
    NoticeKind(
        FactoryNotice.HANDOVER_CHANGED,
        gettext_lazy("A handover to a new manager"),
        _handover,
        sides={"factory": "manage_members", "programme": "manage_enrolment"},
        is_mandatory=True,
    )
)
