"""The navigation that follows from the roles."""

from dataclasses import dataclass
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
from portal.home.parts import Part, factory_in, part_of, tabs_of
from sharing.models import AccessRequest


@dataclass(frozen=True)
class Entry:
    """An entry of the menu; a destination of a factory's side has its part, an icon, and how many requests wait."""

    label: str
    url: str
    part: Part | None = None
    icon: str = ""
    waiting: int = 0


def _waiting_requests(user: Visitor, factory: Key) -> "QuerySet[AccessRequest, tuple[UUID]]":
    return AccessRequest.objects.inside(user).waiting().filter(factory=factory).order_by().values_list("pk")


_waiting: Prepared[AccessRequest, tuple[UUID]] = Prepared(_waiting_requests, factory=BigIntegerField())


def navigation(request: HttpRequest) -> dict[str, object]:
    """Return the context of every page: the menu, the tabs of its part, the visitor's organisations.

    It takes one query, and for the people of one factory a second: how many requests wait for it.
    """
    user = getattr(request, "user", None)
    if not user or not user.is_authenticated:
        return {
            "nav_items": [],
            "nav_is_bar": False,
            "section_tabs": [],
            "may_use_api": True,
            "current_organisations": [],
        }
    held = affiliations(user)
    entries = _entries(request, held)
    return {
        "nav_items": _marked(request, entries),
        "nav_is_bar": all(entry.icon for entry in entries),
        "section_tabs": _tabs(request, held),
        "may_use_api": user.is_staff or any(item.kind != Side.FACTORY for item in held),
        "current_organisations": [
            {"label": item.name, "role": item.role_label, "url": reverse(item.kind, args=[item.organisation_id])}
            for item in held
        ],
    }


def _own_factories(held: list[Affiliation]) -> list[int]:
    """Return the factories that the visitor is a member of; an advisor's belong to the programme's side."""
    return [item.organisation_id for item in held if item.kind == Side.FACTORY and item.role != FactoryRoleName.ADVISOR]


def _chosen(request: HttpRequest, own: list[int]) -> int | None:
    """Return the visitor's own factory that the page is about: the only one, or the one in the address."""
    named = factory_in(request.resolver_match)
    return named if named in own else own[0] if len(own) == 1 else None


def _marked(request: HttpRequest, entries: list[Entry]) -> list[dict[str, object]]:
    """Return each entry once, the one to which this page belongs marked.

    For a factory's people that is the page's part; people of several who have not chosen one find all parts under
    their factories. For others it is the entry whose address is the longest prefix of this page's address.
    """
    unique = list({entry.url: entry for entry in entries}.values())
    path, part = request.path, part_of(request.resolver_match)
    parts = {entry.part for entry in unique} - {None}
    if part and parts:
        wanted = part.destination if part.destination in parts else Part.FACTORY
        best = next(entry.url for entry in unique if entry.part is wanted)
    else:
        here = [entry.url for entry in unique if path == entry.url or (entry.url != "/" and path.startswith(entry.url))]
        best = max(here, key=len, default="")
    return [
        {
            "label": entry.label,
            "url": entry.url,
            "active": entry.url == best,
            "icon": entry.icon,
            "waiting": entry.waiting,
        }
        for entry in unique
    ]


def _tabs(request: HttpRequest, held: list[Affiliation]) -> list[dict[str, object]]:
    """Return the tabs of the page: for a factory's people, and for staff on pages about one."""
    match, own = request.resolver_match, _own_factories(held)
    named = factory_in(match)
    factory = named or _chosen(request, own)
    if factory is not None and factory in own:
        return tabs_of(match, factory, is_staff=False)
    is_on_staff = any(
        item.kind == Side.PROGRAMME
        and item.role not in {ProgrammeRoleName.CONSTITUENT, ProgrammeRoleName.ENTERPRISE_ADVISOR}
        for item in held
    )
    return tabs_of(match, named, is_staff=True) if named and is_on_staff else []


def _entries(request: HttpRequest, held: list[Affiliation]) -> list[Entry]:
    own = _own_factories(held)
    entries = _factory_entries(request, own) if own else [Entry(_("Home"), reverse("home"))]
    for item in held:
        if item.kind == Side.BRAND:
            entries += [
                Entry(_("Shared with us"), reverse("shared_list")),
                Entry(_("Our requests"), reverse("brand_requests", args=[item.organisation_id])),
                Entry(_("Our brand"), reverse("brand", args=[item.organisation_id])),
                Entry(_("Members"), reverse("members", args=["brand", item.organisation_id])),
            ]
        if item.kind == Side.PROGRAMME:
            entries += _staff_entries(item)
    return entries


def _factory_entries(request: HttpRequest, own: list[int]) -> list[Entry]:
    """Return the four destinations of one factory; people of several choose one first, so that none is mixed up."""
    chosen = _chosen(request, own)
    waiting = _waiting.count(request.user, factory=chosen) if len(own) == 1 else 0
    inbox = Entry(_("Inbox"), reverse("home"), Part.INBOX, "inbox", waiting)
    reports = Entry(_("Reports"), reverse("assessment_list"), Part.REPORTS, "report")
    if chosen is None:
        return [inbox, reports, Entry(_("Our factories"), reverse("factory_list"), Part.FACTORY, "building")]
    return [
        inbox,
        Entry(_("Brands"), reverse("factory_brands", args=[chosen]), Part.BRANDS, "share"),
        reports,
        Entry(_("Factory"), reverse("factory", args=[chosen]), Part.FACTORY, "building"),
    ]


def _staff_entries(item: Affiliation) -> list[Entry]:
    own = Entry(_("Our country programme"), reverse("programme", args=[item.organisation_id]))
    if item.role == ProgrammeRoleName.CONSTITUENT:
        return [own]
    entries = [
        Entry(_("Assessments"), reverse("board")),
        Entry(_("Plans"), reverse("plan_list")),
        Entry(_("Factories"), reverse("factory_list")),
    ]
    if item.role != ProgrammeRoleName.ENTERPRISE_ADVISOR:
        entries += [
            Entry(_("Import assessments"), reverse("import_assessments")),
            Entry(_("Brands"), reverse("brand_list")),
        ]
    is_global = item.role == ProgrammeRoleName.GLOBAL_STAFF
    last = Entry(_("Countries"), reverse("programme_list")) if is_global else own
    return [*entries, Entry(_("Questionnaires"), reverse("tool_list")), last]
