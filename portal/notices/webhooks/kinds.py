"""The names of webhooks: the types that an endpoint may subscribe to, and the notice that one was paused."""

from urllib.parse import urlsplit

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import User
from portal.notices.kinds import NoticeName
from portal.notices.models import Notice, WebhookEndpoint
from portal.notices.outbox import Line, NoticeKind, notice_kinds, register_notice

TEST = "test"


class WebhookNotice(NoticeName):
    """The kinds of notices about webhooks themselves."""

    PAUSED = "webhook.paused"


PAUSED = WebhookNotice.PAUSED


def types_for(side: str) -> dict[str, object]:
    """Return the types that an organisation of this kind may subscribe to, with their labels."""
    return {
        kind.webhook_type: kind.webhook_label or kind.label
        for kind in sorted(notice_kinds.values(), key=lambda kind: kind.webhook_type)
        if kind.webhook_type and side in kind.sides
    }


def _paused_line(notice: Notice, reader: User) -> Line | None:
    endpoint = WebhookEndpoint.objects.visible_to(reader).filter(pk=notice.subject, paused_at__isnull=False).first()
    if endpoint is None:
        return None
    text = _(
        "One of your webhooks was paused, because it did not accept our messages. Nothing is sent to it "
        "until you resume it."
    )
    subject = _("Webhook paused: %(host)s") % {"host": urlsplit(endpoint.url).hostname}
    return Line(text, reverse("webhook", args=[endpoint.pk]), subject)


def register_kinds() -> None:
    """Register the notice about a paused endpoint."""
    register_notice(
        NoticeKind(
            PAUSED,
            gettext_lazy("A webhook was paused"),
            _paused_line,
            sides={"factory": "manage_members", "brand": "manage_members"},
        )
    )
