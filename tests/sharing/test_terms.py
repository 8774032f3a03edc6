"""What a grant's terms mean is the same asked of one grant in Python and of rows in SQL."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sharing import terms
from sharing.models import AccessRequest, CycleReport, SharingGrant, Visibility
from sharing.scopes import Scope, rule_of
from sharing.visibility import comparing as visibility_index
from tests.world import World

NOW = timezone.now()
days = st.integers(-30, 30)
maybe = st.none() | days
GRANTS = st.fixed_dictionaries(
    {
        "scope": st.sampled_from(Scope.values),
        "cycles": st.sampled_from(["all", "from", "only"]),
        "cycle_numbers": st.lists(st.integers(1, 4), min_size=1, max_size=4, unique=True),
        "valid_from": days,
        "lasts": st.none() | st.integers(1, 40),
        "hold_days": st.sampled_from([0, 1, 7, 30]),
        "needs_confirmation": st.booleans(),
        "confirmed_at": maybe,
        "ended_at": maybe,
    }
)


def moment(day: int | None) -> Any:
    return None if day is None else NOW + timedelta(days=day)


def named(cycles: str, drawn: list[int]) -> list[int]:
    """As many of the drawn cycles as such terms name, in order."""
    return terms.in_order(drawn[: max(terms.how_many_named(cycles))])


def make(world: World, drawn: dict[str, Any]) -> SharingGrant:
    """A grant with these terms, made as time would have made it."""
    confirmed = moment(drawn["confirmed_at"]) if drawn["needs_confirmation"] else None
    grant = SharingGrant.objects.create(
        factory=world.factory_b,
        brand=world.brand_b,
        scope=drawn["scope"],
        cycles=drawn["cycles"],
        cycle_numbers=named(drawn["cycles"], drawn["cycle_numbers"]),
        valid_from=moment(drawn["valid_from"]),
        expires_at=moment(drawn["valid_from"] + drawn["lasts"]) if drawn["lasts"] else None,
        hold_days=drawn["hold_days"],
        needs_confirmation=drawn["needs_confirmation"],
        granted_by=world.person("manager_b"),
    )
    ended = moment(drawn["ended_at"])
    if confirmed is not None and confirmed >= grant.created_at:
        SharingGrant.objects.filter(pk=grant.pk).update(
            confirmed_at=confirmed, confirmed_by=world.person("representative_a")
        )
    if ended is not None and ended >= grant.created_at:
        SharingGrant.objects.filter(pk=grant.pk).update(ended_at=ended, ended_by=world.person("manager_b"))
    grant.refresh_from_db()
    return grant


@pytest.mark.django_db
def test_python_sql_and_the_triggers_say_the_same_of_any_terms(world: World) -> None:
    published = NOW - timedelta(days=5)
    reports = {
        cycle: CycleReport.objects.create(factory=world.factory_b, cycle=cycle, first_published_at=published)
        for cycle in (3, 4)
    }

    @settings(max_examples=150, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(drawn=GRANTS, at=days, cycle=st.sampled_from([3, 4]))
    def agree(drawn: dict[str, Any], at: int, cycle: int) -> None:
        with transaction.atomic():
            grant = make(world, drawn)
            rows, then = SharingGrant.objects.filter(pk=grant.pk), moment(at)
            assert rows.filter(terms.covering(cycle)).exists() == terms.covers(grant, cycle)
            assert rows.filter(terms.in_force(then)).exists() == terms.is_in_force(grant, then)
            assert rows.filter(terms.confirmed()).exists() == terms.is_confirmed(grant)
            assert rows.filter(terms.confirmed(then)).exists() == terms.is_confirmed(grant, then)
            opening = rows.annotate(opens=terms.opening(published)).values_list("opens", flat=True).get()
            if grant.ended_at is None and (grant.confirmed_at is None or grant.confirmed_at <= then):
                is_live = terms.status(grant, then) is terms.Status.LIVE
                assert is_live == rows.filter(terms.in_force(then)).exists()
            if terms.is_confirmed(grant):
                assert opening == terms.opens_at(grant, published)
            indexed = Visibility.objects.filter(grant=grant, report=reports[cycle]).first()
            proposes = (
                rule_of(grant.scope).opens_assessments
                and terms.covers(grant, cycle)
                and terms.is_confirmed(grant)
                and grant.ended_at is None
            )
            assert (indexed is not None) == proposes
            if indexed is not None:
                assert indexed.opens_at == terms.opens_at(grant, published)
            assert visibility_index.compare() == (0, 0)
            transaction.set_rollback(True)

    agree()


WRONGLY_NAMED = [
    ("all", [2]), ("from", []), ("from", [1, 2]), ("only", []), ("only", [4, 2]), ("only", [2, 2]), ("only", [0, 2]),
    ("only", [2, None]), ("only", [None]), ("only", list(range(1, terms.MOST_CYCLES + 2))), ("none", [2]),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("cycles", "numbers"), WRONGLY_NAMED)
def test_the_database_refuses_terms_that_name_their_cycles_wrongly(
    world: World, cycles: str, numbers: list[int]
) -> None:
    """Whoever writes past the services: too many or too few, out of order, twice, or what is no cycle."""
    ids = {"factory": world.factory_b, "brand": world.brand_b}
    by, now = world.person("manager_b"), timezone.now()
    rows: list[tuple[Any, str]] = [
        (SharingGrant(scope="report", granted_by=by, **ids), "sharing_grant_cycles"),
        (
            AccessRequest(
                scopes=["report"],
                purpose="Review",
                asked_by=by,
                lapses_at=now + timedelta(days=1),
                remind_at=now,
                **ids,
            ),
            "sharing_accessrequest_cycles",
        ),
    ]
    for row, constraint in rows:
        row.cycles, row.cycle_numbers = cycles, numbers
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            row.save()
        row.cycles, row.cycle_numbers = "only", list(range(1, terms.MOST_CYCLES + 1))
        row.save()


def test_the_cycles_and_the_hold_are_named_in_words() -> None:
    def words(cycles: str, numbers: list[int], hold: int, published: tuple[int, ...] = ()) -> tuple[str, str]:
        grant = SharingGrant(cycles=cycles, cycle_numbers=numbers, hold_days=hold)
        return grant.cycles_in_words(), grant.hold_in_words(published)

    assert words("all", [], 0)[0] == "All cycles, including future ones"
    assert words("from", [3], 0, (3, 4)) == (
        "From cycle 3 on",
        "From cycle 3 on, this brand can see each new report as soon as it is published.",
    )
    assert words("only", [4], 1) == (
        "Cycle 4 only",
        "1 day after publication this brand can see the report of cycle 4 unless the factory holds it.",
    )
    assert words("only", [2, 4], 0) == (
        "Cycles 2 and 4 only",
        "This brand can see each of the reports of cycles 2 and 4 as soon as it is published.",
    )
    assert words("only", [2, 4, 5], 7, (2,))[1] == (
        "7 days after publication this brand can see each of the reports of cycles 4 and 5 unless the factory holds it."
    )
    assert words("only", [2, 4], 7, (1, 2, 4)) == ("Cycles 2 and 4 only", "")


SOME = st.lists(st.integers(1, 5), min_size=1, max_size=4, unique=True)


@given(st.sampled_from(terms.Cycles), SOME, st.sampled_from(terms.Cycles), SOME)
def test_all_that_other_terms_cover_is_covered_where_each_cycle_of_theirs_is(
    mine: terms.Cycles, my_numbers: list[int], theirs: terms.Cycles, their_numbers: list[int]
) -> None:
    grant = SharingGrant(cycles=mine, cycle_numbers=named(mine, my_numbers))
    other = SharingGrant(cycles=theirs, cycle_numbers=named(theirs, their_numbers))
    each = all(terms.covers(grant, cycle) for cycle in range(12) if terms.covers(other, cycle))
    assert terms.covers_all_of(grant, other) == each
