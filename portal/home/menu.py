"""The navigation that follows from the roles."""

import re
from collections.abc import Iterable
from uuid import UUID

from django.db.models import BigIntegerField, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from factories.role_names import FactoryRoleName, ProgrammeRoleName
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.accounts.sides import Side
from portal.core.compiled import Key
from portal.home.affiliations import Affiliation, affiliations
from sharing.models import AccessRequest


def _waiting_requests(user: Visitor, factory: Key) -> "QuerySet[AccessRequest, tuple[UUID]]":
    return AccessRequest.objects.inside(user).waiting().filter(factory=factory).order_by().values_list("pk")


_waiting: Prepared[AccessRequest, tuple[UUID]] = Prepared(_waiting_requests, factory=BigIntegerField())

# Pages about a factory's access whose addresses are beside, not below, that of its brands.
SHARING_PAGES = re.compile(
    r"^(/factories/\d+/)(?:sharing|receipts|who-saw-what|who-could-see|explain|copies|old-versions)/"
)


def navigation(request: HttpRequest) -> dict[str, object]:
    """Return the context of every page: the entries of the menu and the visitor's organisations.

    It takes one query, and for the people of one factory a second: how many requests wait for it.
    """
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {"nav_items": [], "current_organisations": []}
    held = affiliations(request.user)
    return {
        "nav_items": _active(request, [(_("Home"), reverse("home")), *_menu(request.user, held)]),
        "current_organisations": [
            {"label": item.name, "role": item.role_label, "url": reverse(item.kind, args=[item.organisation_id])}
            for item in held
        ],
    }


def _active(request: HttpRequest, entries: Iterable[tuple[str, str]]) -> list[dict[str, object]]:
    """Return each entry once; the one whose address is the longest prefix of this page's address is marked."""
    unique = {url: label for label, url in entries}
    path = SHARING_PAGES.sub(r"\1brands/", request.path)
    here = [url for url in unique if path == url or (url != "/" and path.startswith(url))]
    best = max(here, key=len, default="")
    return [{"label": label, "url": url, "active": url == best} for url, label in unique.items()]


def _menu(user: Visitor, held: list[Affiliation]) -> list[tuple[str, str]]:
    entries = _factory_menu(
        user, [item for item in held if item.kind == Side.FACTORY and item.role != FactoryRoleName.ADVISOR]
    )
    for item in held:
        if item.kind == Side.BRAND:
            entries += [
                (_("Shared with us"), reverse("shared_list")),
                (_("Our requests"), reverse("brand_requests", args=[item.organisation_id])),
                (_("Our brand"), reverse("brand", args=[item.organisation_id])),
                (_("Members"), reverse("members", args=["brand", item.organisation_id])),
            ]
        if item.kind == Side.PROGRAMME:
            entries += _staff_menu(item)
    return entries


def _factory_menu(user: Visitor, factories: list[Affiliation]) -> list[tuple[str, str]]:
    """Return the pages of the only factory; people of several choose one first, so that none is mixed up."""
    if not factories:
        return []
    entries = [(_("Our assessments"), reverse("assessment_list"))]
    if len(factories) > 1:
        return [*entries, (_("Our factories"), reverse("factory_list"))]
    factory_id = factories[0].organisation_id
    waiting = _waiting.count(user, factory=factory_id)
    requests = _("Requests (%s)") % waiting if waiting else _("Requests")
    return [
        *entries,
        (_("Brands"), reverse("factory_brands", args=[factory_id])),
        (requests, reverse("request_inbox", args=[factory_id])),
        (_("Our factory"), reverse("factory", args=[factory_id])),
        (_("Members"), reverse("members", args=["factory", factory_id])),
    ]


def _staff_menu(item: Affiliation) -> list[tuple[str, str]]:
    own = (_("Our country programme"), reverse("programme", args=[item.organisation_id]))
    if item.role == ProgrammeRoleName.CONSTITUENT:
        return [own]
    entries = [(_("Assessments"), reverse("board")), (_("Factories"), reverse("factory_list"))]
    if item.role != ProgrammeRoleName.ENTERPRISE_ADVISOR:
        entries += [(_("Import assessments"), reverse("import_assessments")), (_("Brands"), reverse("brand_list"))]
    is_global = item.role == ProgrammeRoleName.GLOBAL_STAFF
    last = (_("Countries"), reverse("programme_list")) if is_global else own
    return [*entries, (_("Questionnaires"), reverse("tool_list")), last]
