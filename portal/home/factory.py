"""The part of the first page for a factory's people."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import BigIntegerField, Count, DateTimeField, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.models import Assessment, CorrectionNotice
from factories.models import Factory, Handover
from factories.rights import member_may
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.core.compiled import AnyField, Key
from portal.core.days import in_words, last_day_in_words
from portal.disclosure.openings import opening_soon
from portal.home.affiliations import Affiliation
from portal.home.first_steps import only_manager_todos
from portal.home.todos import NAMED, SOON, Todo, ending, ends_on, with_rest
from sharing.models import AccessRecord, AccessRequest, ConfirmationEnd, SharingGrant

MANY = 3  # requests that are named one by one


def _own_factory(user: Visitor, factory: Key) -> QuerySet[Factory]:
    return Factory.objects.visible_to(user).filter(pk=factory).select_related("programme")


def _reviewed(user: Visitor, factory: Key) -> QuerySet[Assessment]:
    return Assessment.objects.own_of(user).filter(factory=factory, state=Assessment.State.FACTORY_REVIEW)


def _reads_by_brand(user: Visitor, factory: Key, since: object) -> "QuerySet[AccessRecord, int]":
    rows = AccessRecord.objects.visible_to(user).filter(factory=factory, at__gte=since, brand__isnull=False)
    return rows.order_by().values("brand").annotate(reads=Count("pk")).values_list("reads", flat=True)


def _brands_with_live_grants(user: Visitor, factory: Key) -> "QuerySet[SharingGrant, int]":
    return (
        SharingGrant.objects.inside(user)
        .live()
        .filter(factory=factory)
        .order_by()
        .values_list("brand", flat=True)
        .distinct()
    )


def _brands_not_acknowledging(user: Visitor, factory: Key) -> "QuerySet[CorrectionNotice, int]":
    rows = CorrectionNotice.objects.inside(user).filter(assessment__factory=factory, acknowledged_at=None)
    return rows.order_by().values_list("brand", flat=True).distinct()


def _waiting_requests(user: Visitor, factory: Key) -> QuerySet[AccessRequest]:
    waiting = AccessRequest.objects.inside(user).waiting().filter(factory=factory)
    return waiting.select_related("brand").order_by("lapses_at", "pk")[: MANY + 1]


def _ending_grants(user: Visitor, factory: Key) -> QuerySet[SharingGrant]:
    return ending(SharingGrant.objects.inside(user).filter(factory=factory, ended_at=None))


def _open_handovers(user: Visitor, factory: Key) -> QuerySet[Handover]:
    return Handover.objects.visible_to(user).open().filter(factory=factory)


def _unconfirmed_grants(user: Visitor, factory: Key) -> "QuerySet[SharingGrant, tuple[UUID]]":
    return SharingGrant.objects.inside(user).filter(factory=factory).unconfirmed().order_by().values_list("pk")


def _waivers_to_confirm(user: Visitor, factory: Key) -> QuerySet[ConfirmationEnd]:
    return ConfirmationEnd.objects.visible_to(user).open().filter(factory=factory)


FACTORY: AnyField = BigIntegerField()
_factory: Prepared[Factory, Factory] = Prepared(_own_factory, factory=FACTORY)
_requests: Prepared[AccessRequest, AccessRequest] = Prepared(_waiting_requests, factory=FACTORY)
_ending: Prepared[SharingGrant, SharingGrant] = Prepared(_ending_grants, factory=FACTORY)
_handovers: Prepared[Handover, Handover] = Prepared(_open_handovers, factory=FACTORY)
_unconfirmed: Prepared[SharingGrant, tuple[UUID]] = Prepared(_unconfirmed_grants, factory=FACTORY)
_waivers: Prepared[ConfirmationEnd, ConfirmationEnd] = Prepared(_waivers_to_confirm, factory=FACTORY)
_in_review: Prepared[Assessment, Assessment] = Prepared(_reviewed, factory=FACTORY)
_reads: Prepared[AccessRecord, int] = Prepared(_reads_by_brand, factory=FACTORY, since=DateTimeField())
_brands_reading: Prepared[SharingGrant, int] = Prepared(_brands_with_live_grants, factory=FACTORY)
_brands_with_old_versions: Prepared[CorrectionNotice, int] = Prepared(_brands_not_acknowledging, factory=FACTORY)


def factory_sections(user: Visitor, factories: Iterable[Affiliation]) -> list[dict[str, object]]:
    """Return a section for each: what waits for it, who may see its data, who read it. None for a role just lost."""
    return [
        _section(user, item, factory) for item in factories for factory in _factory(user, factory=item.organisation_id)
    ]


def _section(user: Visitor, item: Affiliation, factory: Factory) -> dict[str, object]:
    todos = [
        Todo(
            _("Cycle %(cycle)s is ready for your review before it is published.") % {"cycle": assessment.cycle},
            reverse("assessment", args=[assessment.pk]),
            _("Review"),
            urgent=True,
        )
        for assessment in _in_review(user, factory=factory.pk)
    ]
    todos += _request_todos(user, factory, item)
    todos += _opening_todos(user, factory)
    todos += _renewal_todos(user, factory)
    todos += _old_version_todos(user, factory)
    todos += _continuity_todos(user, factory)
    missing = factory.missing_profile_fields()
    if missing:
        text = _("Your factory's profile is %(percent)s %% complete. Still missing: %(missing)s.")
        words = {"percent": factory.profile_completeness, "missing": ", ".join(missing)}
        todos.append(Todo(text % words, reverse("factory", args=[factory.pk]), _("Complete the profile")))
    reads = _reads(user, factory=factory.pk, since=timezone.now() - SOON)
    live = len(_brands_reading(user, factory=factory.pk))
    return {
        "title": factory.name,
        "local_name": factory.local_name,
        "todos": [*only_manager_todos(user, factory), *sorted(todos, key=lambda todo: not todo.urgent)],
        "stats": [
            (_("Brands you share with"), live, reverse("factory_brands", args=[factory.pk])),
            (_("Reads by brands, last 30 days"), sum(reads), reverse("who_saw", args=[factory.pk])),
            (_("Brands that read your data, last 30 days"), len(reads), reverse("who_saw", args=[factory.pk])),
        ],
    }


def _request_todos(user: Visitor, factory: Factory, item: Affiliation) -> list[Todo]:
    """Return each brand that waits for an answer, first to lapse first; many become one item. Managers alone decide."""
    rows = _requests(user, factory=factory.pk)
    action = _("Decide") if item.is_manager else _("View")
    inbox = reverse("request_inbox", args=[factory.pk])
    if len(rows) > MANY:
        return [
            Todo(_("More than %s brands ask for access to your data.") % MANY, inbox, action, urgent=item.is_manager)
        ]
    return [
        Todo(
            _("%(brand)s asks for access to your data; the request expires on %(day)s.")
            % {"brand": one.brand.name, "day": last_day_in_words(one.lapses_at, factory)},
            reverse("access_request", args=[one.pk]),
            action,
            urgent=item.is_manager,
        )
        for one in rows
    ]


def _opening_todos(user: Visitor, factory: Factory) -> list[Todo]:
    """Return the reports that soon open to brands, while they can still be held."""
    soon = opening_soon(person=user, factory=factory, until=timezone.now() + SOON)
    text = _("%(brands)s can see cycle %(cycle)s from %(day)s.")
    if member_may(user, "manage_sharing", factory.pk):
        text = _("%(brands)s can see cycle %(cycle)s from %(day)s, unless you hold it.")
    page = reverse("report_openings", args=[factory.pk])
    todos = [
        Todo(
            text
            % {
                "cycle": one.cycle,
                "brands": ", ".join(brand.name for brand in one.brands),
                "day": in_words(one.at, factory),
            },
            page,
            _("View"),
        )
        for one in soon[:NAMED]
    ]
    return with_rest(todos, len(soon), page)


def _renewal_todos(user: Visitor, factory: Factory) -> list[Todo]:
    """Return the access that ends soon; a person who decides gets the link to where it is renewed."""
    may_decide = member_may(user, "manage_sharing", factory.pk)
    page, action = reverse("factory_brands", args=[factory.pk]), _("Renew") if may_decide else _("View")
    soon = _ending(user, factory=factory.pk)
    todos = [
        Todo(
            ends_on(grant, grant.brand.name),
            f"{reverse('grant_change', args=[grant.pk])}?renew=1" if may_decide else page,
            action,
        )
        for grant in soon[:NAMED]
    ]
    return with_rest(todos, len(soon), page)


def _old_version_todos(user: Visitor, factory: Factory) -> list[Todo]:
    """Return how many brands have not yet acknowledged that what they read was corrected or withdrawn."""
    brands = len(_brands_with_old_versions(user, factory=factory.pk))
    if not brands:
        return []
    text = ngettext(
        "%(count)s brand has not yet acknowledged that a report it read was corrected or withdrawn.",
        "%(count)s brands have not yet acknowledged that a report they read was corrected or withdrawn.",
        brands,
    )
    return [Todo(text % {"count": brands}, reverse("old_versions", args=[factory.pk]), _("View"))]


def _continuity_todos(user: Visitor, factory: Factory) -> list[Todo]:
    """Return items on who else decides: a handover, grants that a second person must confirm."""
    todos = [
        Todo(
            _("The programme's staff were informed that the manager of %s has left. Object if this is wrong.")
            % factory,
            reverse("handover", args=[handover.pk]),
            _("View"),
            urgent=True,
        )
        for handover in _handovers(user, factory=factory.pk)
    ]
    waiting = _unconfirmed.count(user, factory=factory.pk)
    waivers = _waivers(user, factory=factory.pk)
    may_confirm = member_may(user, "confirm_sharing", factory.pk)
    page = reverse("confirmations", args=[factory.pk])
    if waiting:
        text = ngettext(
            "%(count)s access grant is waiting for confirmation.",
            "%(count)s access grants are waiting for confirmation.",
            waiting,
        )
        todos.append(Todo(text % {"count": waiting}, page, _("View"), urgent=may_confirm))
    if waivers and may_confirm:
        text = _("A manager asks to stop confirmation by a second person.")
        todos.append(Todo(text, page, _("Answer it"), urgent=True))
    return todos
