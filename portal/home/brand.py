"""What needs the attention of a brand's people."""

from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.models import Assessment, CorrectionNotice
from portal.accounts.roles import Visitor
from portal.home.todos import SOON, Todo, ending, ends_on
from sharing.models import DestroyNotice, SharingGrant


def brand_section(user: Visitor) -> dict[str, Any]:
    """Counts stop at what the brand was granted; nothing here depends on what others may see."""
    shared = Assessment.objects.shared_with(user).current()
    new = shared.filter(published_at__gte=timezone.now() - SOON).count()
    figures = shared.aggregate(reports=Count("pk"), factories=Count("factory", distinct=True))
    grants = SharingGrant.objects.visible_to(user).filter(ended_at=None)
    todos = _correction_todos(user)
    if new:
        text = ngettext(
            "%(count)s report was published in the last 30 days.",
            "%(count)s reports were published in the last 30 days.",
            new,
        )
        todos.append(Todo(text % {"count": new}, reverse("shared_list"), _("See what is new"), urgent=True))
    todos += _copies_todos(user)
    return {
        "title": _("Shared with us"),
        "todos": todos + _expiry_todos(grants),
        "stats": [
            (_("Factories that share with you"), figures["factories"], reverse("shared_list")),
            (_("Reports you can read"), figures["reports"], reverse("shared_list")),
        ],
        "empty": _("No factory shares with your brand yet. A factory decides this on its own page of the portal."),
    }


def _correction_todos(user: Visitor) -> list[Todo]:
    """What the visitor's brand read and should no longer work with."""
    waiting = CorrectionNotice.objects.for_brands_of(user).filter(acknowledged_at=None).count()
    if not waiting:
        return []
    text = ngettext(
        "%(count)s report that your brand read was corrected or withdrawn.",
        "%(count)s reports that your brand read were corrected or withdrawn.",
        waiting,
    )
    return [Todo(text % {"count": waiting}, reverse("corrections"), _("Take note"), urgent=True)]


def _copies_todos(user: Visitor) -> list[Todo]:
    """What factories that ended their sharing wait for."""
    asked = DestroyNotice.objects.asked_of(user).open().select_related("factory").order_by("created_at")
    text = _("%(factory)s ended its sharing and asks you to destroy the copies you downloaded.")
    return [
        Todo(text % {"factory": notice.factory}, reverse("copies_answer", args=[notice.pk]), _("Answer"), urgent=True)
        for notice in asked[:5]
    ]


def _expiry_todos(grants: Any) -> list[Todo]:
    """What ends soon, for the brand: it may ask the factory to go on."""
    return [
        Todo(
            ends_on(grant, grant.factory.name),
            f"{reverse('ask', args=[grant.brand_id])}?factory={grant.factory_id}&scope={grant.scope}",
            _("Ask to go on"),
        )
        for grant in ending(grants)
    ]
