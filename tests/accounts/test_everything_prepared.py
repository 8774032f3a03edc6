"""Every queryset that is prepared once finds, for each persona, what the queryset itself finds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from assessments.models import Assessment
from assessments.publication.views.board import COLUMNS
from portal.accounts.prepared import Prepared
from sharing.access import AsBrand, AsBrandAfter
from sharing.grants.services.revoking import revoke_access
from sharing.models import ConfirmationEnd, CopyToDestroy, DestroyNotice
from tests.accounts.product import everything_of
from tests.amounts import IS_LONG
from tests.matrix.stage import PERSONAS, Stage
from tests.world import World, make_assessment

Asked = tuple[tuple[Any, ...], dict[str, Any]]  # the shape, and the named values


def factory(stage: Stage) -> list[Asked]:
    return [((), {"factory": one.pk}) for one in (stage.world.factory_a, stage.world.factory_b)]


def factory_since(stage: Stage) -> list[Asked]:
    return [((), values | {"since": timezone.now() - timedelta(days=30)}) for _shape, values in factory(stage)]


def key(stage: Stage) -> list[Asked]:
    return [((), {"pk": stage.world.factory_a.pk})]


def holding(*codenames: str) -> Callable[[Stage], list[Asked]]:
    """Return how it is asked whether these are held: of a factory."""
    return lambda stage: [((name,), {"pk": stage.world.factory_a.pk}) for name in codenames]


def nothing(_stage: Stage) -> list[Asked]:
    return [((), {})]


def states(_stage: Stage) -> list[Asked]:
    return [((name,), {}) for name in COLUMNS]


def reports(stage: Stage) -> list[Asked]:
    """Each current version, and one that was replaced."""
    found: list[Asked] = []
    for one in Assessment.objects.filter(state__in=["published", "superseded"]):
        version = {"factory": one.factory_id, "cycle": one.cycle, "superseded_at": one.superseded_at}
        version["first_published_at"] = one.first_published_at
        found.append(((("report", "step1"), one.superseded_at is not None), version))
    return found


ASKED: dict[str, Callable[[Stage], list[Asked]]] = {
    "assessments.reading.scopes._answers": lambda stage: [
        ((scope,), {"assessment": stage.world.assessments["a1"].pk}) for scope in ("report", "step1")
    ],
    "portal.disclosure.previews._rows": factory,
    "assessments.publication.rights._held": nothing,
    "assessments.publication.views.board._countries": nothing,
    "assessments.publication.views.board._counted": states,
    "assessments.publication.views.board._first": states,
    "assessments.corrections.views._notices": lambda stage: [((), {"assessment": stage.correction.assessment_id})],
    "assessments.corrections.views._versions": lambda stage: [
        ((), {"factory": stage.world.factory_a.pk, "cycle": cycle, "version": 1}) for cycle in (1, 2)
    ],
    "assessments.reading.views._family_rows": lambda stage: [
        ((), {"pk": one.pk}) for one in stage.world.assessments.values()
    ],
    "factories.rights._any_rows": lambda _stage: [((name,), {}) for name in ("assess_country", "manage_enrolment")],
    "factories.rights._global_rows": lambda _stage: [((name,), {}) for name in ("assess_country", "manage_programme")],
    "factories.rights._programme_rows": lambda stage: [
        ((name,), {"pk": stage.world.factory_a.programme_id}) for name in ("view_assessments", "manage_programme")
    ],
    "factories.rights._staff_rows": holding("view_assessments", "record_consent"),
    "portal.home.affiliations._rows": nothing,
    "portal.home.brand._factories": lambda stage: [
        ((scope,), {"brand": stage.world.brand_a.pk}) for scope in ("report", "step1")
    ],
    "portal.home.brand._notices": nothing,
    "portal.home.inbox.reading._copies": factory_since,
    "portal.home.inbox.reading._factory": factory,
    "portal.home.inbox.reading._grants": factory_since,
    "portal.home.inbox.reading._notices": factory,
    "portal.home.inbox.reading._requests": factory,
    "portal.home.menu._waiting": factory,
    "portal.home.staff._alone": nothing,
    "portal.home.staff._few_managers": nothing,
    "portal.home.staff._handovers": nothing,
    "portal.home.staff._waiting": nothing,
    "sharing.access.decisions._sides_now": factory,
    "sharing.access.conditions._read": reports,
    "portal.disclosure.openings._brands": factory,
    "portal.disclosure.openings._prepared_withheld": factory,
    "sharing.gates.pages._visible": key,
    "sharing.gates.pages._rights": factory,
    "portal.disclosure.brands._brands": factory,
    "portal.disclosure.brands._requests": factory,
}
# Of each side one or two, and in the long run everybody.
SOME = ["manager_a", "brand_a_member", "brand_b_member", "advisor", "team_leader", "global_staff", "outsider"]
READERS = PERSONAS if IS_LONG else SOME


def test_everything_that_is_prepared_is_asked_here() -> None:
    found = set(everything_of(Prepared))
    assert found - set(ASKED) == set(), "Give each a line in ASKED: the shapes and values to ask it with on the stage."
    assert set(ASKED) - found == set(), "These are gone, or have another name: correct their lines in ASKED."


@pytest.mark.django_db
def test_everything_prepared_finds_what_its_queryset_finds_for_everybody(stage: Stage) -> None:
    world = stage.world
    _more_to_find(world)
    readers: list[Any] = [world.people[name] for name in READERS if world.people.get(name)]
    readers += [AnonymousUser(), *(AsBrand(brand, world.factory_a) for brand in (world.brand_a, world.brand_b))]
    readers += [_after(world, by) for by in ("manager_a", "team_leader", "manager_b")]
    everything, same_for_all = everything_of(Prepared), set[str]()
    for place, asked in ASKED.items():
        prepared, answers = everything[place], set[Any]()
        for shape, values in asked(stage):
            for reader in readers:
                rows = prepared.build(reader, *shape, **values)
                expected, found = list(map(repr, rows)), list(map(repr, prepared(reader, *shape, **values)))
                if not rows.ordered:
                    expected, found = sorted(expected), sorted(found)
                assert found == expected, (place, reader)
                assert prepared.count(reader, *shape, **values) == len(expected), (place, reader)
                answers.add((shape, *values.values(), *expected))
        if len(answers) == len(asked(stage)):
            same_for_all.add(place)
    assert same_for_all == set(), "Put something on the stage (`_more_to_find`) that one of the readers finds."


def _after(world: World, by: str) -> AsBrandAfter:
    """What brand B would read of factory A after a decision, as far as somebody may look."""
    versions = {world.assessments[name].pk: timezone.now() for name in ("a1_old", "a1", "a2", "a3", "b1")}
    opened = {"report": versions, "step1": {world.assessments["a2"].pk: timezone.now()}}
    return AsBrandAfter(world.brand_b, world.factory_a, world.person(by), opened)


def _more_to_find(world: World) -> None:
    """What nothing on the stage needs: a report in internal review, grants that end soon, wait, or are over, a wish."""
    make_assessment(world, world.factory_b, 5, "internal_review")
    revoke_access(by=world.person("manager_a"), grant=world.grant(world.brand_b))
    world.grant(world.brand_b, expires_at=timezone.now() + timedelta(days=5))
    world.grant(world.brand_b, scope="step1", hold_days=9)
    ConfirmationEnd.objects.create(factory=world.factory_b, asked_by=world.person("manager_b"))
    asked = {"factory": world.factory_a, "brand": world.brand_b, "asked_by": world.person("manager_a")}
    copy = {"number": 1, "scope": "improvement_plan", "cycle": 1}  # of what it is not given again
    CopyToDestroy.objects.create(notice=DestroyNotice.objects.create(**asked), **copy)
