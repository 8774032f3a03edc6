"""The part of the first page for a brand's people."""

from collections.abc import Iterable
from itertools import product

from django.db.models import BigIntegerField, Model, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.models import CorrectionNotice
from assessments.reading.listing import SharedRows
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.core.compiled import Key
from portal.home.todos import NAMED, RECENT, Todo, ending, ends_on, with_rest
from sharing.access import ASSESSMENT_SCOPES, brands_read_for
from sharing.grants.models import SharingGrantQuerySet
from sharing.models import DestroyNotice, SharingGrant


def brand_section(user: Visitor) -> dict[str, object]:
    """Return the brand's section. Counts stop at what the brand was granted; nothing depends on what others may see."""
    opened = SharedRows(user).opened(MOST + 1)
    new = sum(at >= timezone.now() - RECENT for at in opened)
    brands = brands_read_for(user, ASSESSMENT_SCOPES)
    grants = SharingGrant.objects.visible_to(user).filter(ended_at=None, brand__in=brands)
    todos = _correction_todos(user)
    if new:
        text = ngettext(
            "%(count)s report became visible to your brand in the last %(days)s days.",
            "%(count)s reports became visible to your brand in the last %(days)s days.",
            new,
        )
        words = {"count": _at_most(new), "days": RECENT.days}
        todos.append(Todo(text % words, reverse("shared_list"), _("See new reports")))
    todos += _copies_todos(user)
    return {
        "title": _("Shared with us"),
        "todos": todos + _expiry_todos(grants),
        "stats": [
            (_("Factories that share with you"), _at_most(_sharing_factories(user, brands)), reverse("shared_list")),
            (_("Reports you can read"), _at_most(len(opened)), reverse("shared_list")),
        ],
        "empty": _(
            "No factory shares data with your brand at the moment. Each factory decides this on its own page of"
            " the portal."
        ),
    }


MOST = 50  # counts on the first page stop here: more is "50+"


def _at_most(number: int) -> int | str:
    return number if number <= MOST else f"{MOST}+"


def _factories_sharing(user: Visitor, scope: str, brand: Key) -> "QuerySet[SharingGrant, int]":
    grants = SharingGrant.objects.visible_to(user).live().filter(brand=brand, scope=scope)
    return grants.order_by("factory").values_list("factory", flat=True)[: MOST + 1]


def _unacknowledged(user: Visitor) -> "QuerySet[CorrectionNotice, int]":
    notices = CorrectionNotice.objects.for_brands_of(user).filter(acknowledged_at=None)
    return notices.order_by().values_list("pk", flat=True)


_factories: Prepared[SharingGrant, int] = Prepared(_factories_sharing, brand=BigIntegerField())
_notices: Prepared[CorrectionNotice, int] = Prepared(_unacknowledged)


def _sharing_factories(user: Visitor, brands: Iterable[int]) -> int:
    """Return how many factories give the visitor's brands reports or Step 1 data, counted to one past the limit.

    For each scope and brand, the first factories are read in the order of the index.
    """
    found: set[int] = set()
    for scope, brand in product(ASSESSMENT_SCOPES, brands):
        found |= set(_factories(user, scope, brand=brand))
    return len(found)


def _correction_todos(user: Visitor) -> list[Todo]:
    """Return what the visitor's brand read and should no longer work with."""
    waiting = len(_notices(user))
    if not waiting:
        return []
    text = ngettext(
        "%(count)s report that your brand read was corrected or withdrawn.",
        "%(count)s reports that your brand read were corrected or withdrawn.",
        waiting,
    )
    return [Todo(text % {"count": waiting}, reverse("corrections"), _("Acknowledge"), urgent=True)]


def _copies_todos(user: Visitor) -> list[Todo]:
    """Return the requests of factories that ended access to destroy the downloaded copies."""
    asked = DestroyNotice.objects.asked_of(user).open().select_related("factory").order_by("created_at")
    text = _("%(factory)s stopped sharing and asks you to destroy the copies you downloaded.")
    todos = [
        Todo(text % {"factory": one.factory}, reverse("copies_answer", args=[one.pk]), _("Answer it"), urgent=True)
        for one in asked[:NAMED]
    ]
    return _with_rest_of(asked, todos, reverse("copies_to_destroy"))


def _expiry_todos(grants: SharingGrantQuerySet) -> list[Todo]:
    """Return the access of the brand that ends soon: it may ask the factory to renew it."""
    soon = ending(grants)
    todos = [
        Todo(
            ends_on(grant, grant.factory.name),
            f"{reverse('ask', args=[grant.brand_id])}?factory={grant.factory_id}&scope={grant.scope}",
            _("Ask to renew"),
        )
        for grant in soon[:NAMED]
    ]
    return _with_rest_of(soon, todos, reverse("shared_list"))


def _with_rest_of(rows: QuerySet[Model], todos: list[Todo], url: str) -> list[Todo]:
    """Return `todos` of the first rows, and one for the rows left; those are counted only where there may be any."""
    return with_rest(todos, rows.count() if len(todos) == NAMED else len(todos), url)
