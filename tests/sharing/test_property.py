"""Any order of what people do to consent agrees with an oracle, on every surface and at every date.

Grants, changes, holds, confirmations, reports withheld and allowed, expiries, revokes, publications, corrections,
withdrawals, memberships, closed brands, subscriptions and the switch that asks for them, and questions about other
days. The oracle is plain Python (`oracle.py`); the portal answers by list, detail, count, export, file, the
permission backend, the decision with its reason, and as of a date. `./dev test --long` makes the search long;
PORTAL_PROPERTY_EXAMPLES sets the sequences of each half.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from assessments.models import Answer, Assessment, ReportCopy
from assessments.publication.services import start_correction, take_step
from assessments.reading.listing import LISTED, SharedRows, listed
from brands.models import Brand
from brands.roles import BRAND
from brands.services import update_brand
from factories.models import Factory, ProgrammeHistory
from factories.services import update_programme
from portal.accounts.services import add_member, remove_member
from portal.core.models import Job
from sharing import access
from sharing.confirming.services import confirm_grant, refuse_grant
from sharing.grants.services.granting import change_grant, grant_access
from sharing.grants.services.revoking import revoke_access
from sharing.holds.services import allow_report, withhold_report
from sharing.models import SharingGrant, WithheldReport
from sharing.subscriptions.services import withdraw_subscription
from sharing.visibility import comparing as visibility_index
from tests.amounts import SEQUENCES
from tests.sharing.oracle import CONDITIONS, Fact, Oracle, Period, terms_of
from tests.world import World, build_world, make_assessment

STEPS = 8
OFTEN = 3  # times that each condition decides at least, or the search says nothing about it
BRANDS, SCOPES, CYCLES = (
    st.sampled_from(["brand_a", "brand_b"]),
    st.sampled_from(["report", "step1"]),
    st.sampled_from([1, 2, 2, 5]),
)
TERMS: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    cycles=st.sampled_from(["all", "all", "from", "only"]),
    number=st.integers(1, 4),
    numbers=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    starts=st.sampled_from([None, None, None, 5]),
    lasts=st.sampled_from([None, None, 1, 10, 40]),
    hold=st.sampled_from([0, 7]),
)
TRAVEL = [timedelta(days=days) for days in (-400, 3, 8, 30, 60)]
PAIRS = [("brand_a", "report"), ("brand_a", "step1"), ("brand_b", "report"), ("brand_b", "step1")]


STATEMENTS: dict[Any, tuple[str, tuple[Any, ...]]] = {}


def asked(key: Any, make: Callable[[], Any]) -> list[tuple[Any, ...]]:
    """The rows of a queryset of the portal; its statement is made once for a key and then asked again and again."""
    if key not in STATEMENTS:
        STATEMENTS[key] = make().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(*STATEMENTS[key])
        return cursor.fetchall()


class Consent(RuleBasedStateMachine):
    """One factory, two brands, a few cycles; every rule is something a person does."""

    world: World
    copies: dict[Any, tuple[str, str, Any]]  # finished files: brand, scope, assessment
    ends = 0
    decided: Counter[str]  # how often each condition of the oracle decided what a list showed

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.steps = 0
        self.members = {"brand_a": True, "brand_b": True}
        long_ago = timezone.now() - timedelta(days=5000)
        active = {brand: [Period(long_ago)] for brand in self.members}
        self.oracle = Oracle(active=active, participants=frozenset({"brand_b"}))
        self.moments: list[datetime] = []
        factory = self.world.factory_a
        self.confirms = False
        self.assessments = {one.pk: one for one in Assessment.objects.filter(factory=factory)}
        for one in self.assessments.values():
            one.corrected = one.state == "superseded"  # type: ignore[attr-defined]

    def teardown(self) -> None:
        type(self).ends += 1
        try:
            for brand, scope in PAIRS:
                self._lists_agree(brand, scope)
            self._all_surfaces_agree(*PAIRS[self.ends % 4])
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    # --- what people do

    @initialize(
        shared=st.lists(st.tuples(st.sampled_from(PAIRS), TERMS), min_size=2, max_size=3, unique_by=lambda one: one[0]),
        is_fresh=st.booleans(),
        confirms=st.booleans(),
        then=st.sampled_from(["nothing", "withheld", "brand", "subscription"]),
    )
    def have_shared(self, shared: list[tuple[tuple[str, str], Any]], is_fresh: bool, confirms: bool, then: str) -> None:
        """Begin with something shared: of any eight steps hardly one sequence in five would share at all.

        Often with a report of today, which holds concern, with something that waits for confirmation, and with one of
        the conditions that would be met too rarely.
        """
        for number, ((brand, scope), drawn) in enumerate(shared):
            if confirms and number == 1:
                self.want_a_second_person_or_not()
            self._share(brand, scope, drawn)
        if is_fresh:
            self.publish_or_withdraw("publish")
        pair = shared[0][0]
        if then == "withheld":
            self.keep_back_what_is_open(pair)
        elif then == "brand":
            self.close_or_open_the_brand(pair[0])
        elif then == "subscription":
            self.ask_for_subscriptions_or_not()

    @rule(brand=BRANDS, scope=SCOPES, drawn=TERMS)
    def share(self, brand: str, scope: str, drawn: dict[str, Any]) -> None:
        self._share(brand, scope, drawn)

    def _share(self, brand: str, scope: str, drawn: dict[str, Any]) -> None:
        known = [fact for fact in (self.oracle.given(brand, scope), self.oracle.proposed(brand, scope)) if fact]
        organisation = getattr(self.world, brand)
        manager, factory = self.world.person("manager_a"), self.world.factory_a
        try:
            grant = grant_access(by=manager, factory=factory, brand=organisation, scope=scope, terms=terms_of(drawn))
        except ValidationError:
            assert known or not self.oracle.is_active(brand, timezone.now())
            return
        assert self.oracle.is_active(brand, timezone.now())
        assert not known or grant in [fact.grant for fact in known]
        if not known:
            self._remember(grant, brand)

    @rule(brand=BRANDS, scope=SCOPES, drawn=TERMS, of_proposal=st.booleans())
    def change(self, brand: str, scope: str, drawn: dict[str, Any], of_proposal: bool) -> None:
        """What was proposed gives way to any other terms; what is given, only where nobody needs to confirm them."""
        given, proposed = self.oracle.given(brand, scope), self.oracle.proposed(brand, scope)
        fact = proposed if of_proposal else given
        if fact is None:
            return
        new = change_grant(by=self.world.person("manager_a"), grant=fact.grant, terms=terms_of(drawn))
        if given is not None and new != given.grant and not (new.needs_confirmation and new.confirmed_at is None):
            given.ended = self._end_of(given)
        if proposed is not None and new != proposed.grant and (of_proposal or given is None or new != given.grant):
            proposed.ended = self._end_of(proposed)
        if new not in [one.grant for one in (given, proposed) if one]:
            self._remember(new, brand, replaced=given)

    @rule(brand=BRANDS, scope=SCOPES, of_proposal=st.booleans())
    def revoke(self, brand: str, scope: str, of_proposal: bool) -> None:
        """A proposal can be taken back alone; with what is given it ends, too."""
        given, proposed = self.oracle.given(brand, scope), self.oracle.proposed(brand, scope)
        fact = proposed if of_proposal else given
        if fact is None:
            return
        revoke_access(by=self.world.person("manager_a"), grant=fact.grant)
        for one in (proposed, None if of_proposal else given):
            if one is not None:
                one.ended = self._end_of(one)

    def _end_of(self, fact: Fact) -> Any:
        """When it ended; it did."""
        ended_at = SharingGrant.objects.get(pk=fact.grant.pk).ended_at
        assert ended_at is not None
        return ended_at

    @rule(brand=BRANDS, cycle=CYCLES)
    def keep_back_or_let_go(self, brand: str, cycle: int) -> None:
        self._keep_back_or_let_go(brand, cycle)

    @rule(pair=st.sampled_from(PAIRS))
    def keep_back_what_is_open(self, pair: tuple[str, str]) -> None:
        open_now = self.oracle.readable(*pair, self.assessments.values(), timezone.now())
        for cycle in sorted({self.assessments[key].cycle for key in open_now})[-1:]:
            self._keep_back_or_let_go(pair[0], cycle)

    def _keep_back_or_let_go(self, brand: str, cycle: int) -> None:
        periods = self.oracle.withheld.setdefault((brand, cycle), [])
        manager, factory, organisation = (
            self.world.person("manager_a"),
            self.world.factory_a,
            getattr(self.world, brand),
        )
        if periods and periods[-1].end is None:
            kept = WithheldReport.objects.get(factory=factory, brand=organisation, cycle=cycle, allowed_at=None)
            periods[-1].end = allow_report(by=manager, withheld=kept).allowed_at
            return
        try:
            kept = withhold_report(by=manager, factory=factory, brand=organisation, cycle=cycle)
        except ValidationError:
            return  # nothing is shared with the brand
        periods.append(Period(kept.withheld_at))

    @rule()
    def want_a_second_person_or_not(self) -> None:
        self.confirms = not self.confirms
        Factory.objects.filter(pk=self.world.factory_a.pk).update(confirms_sharing=self.confirms)

    @rule(brand=BRANDS, scope=SCOPES)
    def confirm(self, brand: str, scope: str) -> None:
        fact, given = self.oracle.proposed(brand, scope), self.oracle.given(brand, scope)
        if fact is None:
            return
        with pytest.raises(PermissionDenied):
            confirm_grant(by=self.world.person("manager_a"), grant=fact.grant)
        fact.confirmed = confirm_grant(by=self.world.person("representative_a"), grant=fact.grant).confirmed_at
        if given is not None:
            given.ended = self._end_of(given)

    @rule(brand=BRANDS, scope=SCOPES)
    def refuse(self, brand: str, scope: str) -> None:
        fact = self.oracle.proposed(brand, scope)
        if fact is not None:
            fact.ended = refuse_grant(by=self.world.person("representative_a"), grant=fact.grant).ended_at

    @rule(name=st.sampled_from(["publish", "withdraw"]))
    def publish_or_withdraw(self, name: str) -> None:
        state = {"publish": "factory_review", "withdraw": "published"}[name]
        for assessment in self.assessments.values():
            if assessment.state == state:
                self._step(assessment, name)
                return

    @rule()
    def correct(self) -> None:
        for assessment in list(self.assessments.values()):
            if assessment.state in {"published", "withdrawn"} and not assessment.corrected:  # type: ignore[attr-defined]
                new = start_correction(by=self.world.person("team_leader"), assessment=assessment, note="Corrected")
                new.corrected, assessment.corrected = False, True  # type: ignore[attr-defined]
                self.assessments[new.pk] = new
                self._step(new, "send_to_factory")
                return

    @rule(brand=BRANDS)
    def leave_or_join(self, brand: str) -> None:
        member, organisation = self.world.person(f"{brand}_member"), getattr(self.world, brand)
        if self.members[brand]:
            manager = self.world.person(f"{brand}_manager")
            remove_member(by=manager, kind=BRAND, organisation=organisation, member=member)
        else:
            add_member(by=None, kind=BRAND, organisation=organisation, member=member, role="member")
        self.members[brand] = not self.members[brand]

    @rule(brand=BRANDS)
    def close_or_open_the_brand(self, brand: str) -> None:
        periods = self.oracle.active[brand]
        is_open = periods[-1].end is None
        organisation = getattr(self.world, brand)
        update_brand(by=self.world.person("global_staff"), brand=organisation, is_active=not is_open)
        since = Brand.objects.get(pk=organisation.pk).history.latest("since").since
        if is_open:
            periods[-1].end = since
        else:
            periods.append(Period(since))

    @rule()
    def ask_for_subscriptions_or_not(self) -> None:
        """The country's switch; its history says since when."""
        periods, country = self.oracle.asked, self.world.cambodia
        is_on = bool(periods) and periods[-1].end is None
        by = self.world.person("programme_manager")
        update_programme(by=by, programme=country, participants_need_subscription=not is_on)
        since = ProgrammeHistory.objects.filter(programme=country).latest("since").since
        if is_on:
            periods[-1].end = since
        else:
            periods.append(Period(since))

    @rule(cycle=CYCLES)
    def record_or_withdraw_a_subscription(self, cycle: int) -> None:
        periods = self.oracle.bought.setdefault(("brand_b", cycle), [])
        try:
            bought = self.world.subscribe(cycle=cycle)
        except ValidationError:
            return  # the brand is closed
        if periods and periods[-1].end is None:
            by = self.world.person("team_leader")
            ended = withdraw_subscription(by=by, subscription=bought, reason="Wrong factory")
            periods[-1].end = ended.ended_at
        else:
            periods.append(Period(bought.recorded_at))

    # --- what the portal answers

    @invariant()
    def every_list_agrees(self) -> None:
        """After each step one brand and scope in turn."""
        self.steps += 1
        self._lists_agree(*PAIRS[self.steps % 4])
        self.moments.append(timezone.now())

    def expected(self, brand: str, scope: str) -> set[Any]:
        """What the oracle says a member of the brand sees now."""
        if not self.members[brand]:
            return set()
        return self.oracle.readable(brand, scope, self.assessments.values(), timezone.now())

    def _lists_agree(self, brand: str, scope: str) -> None:
        member, expected = self.world.person(f"{brand}_member"), self.expected(brand, scope)
        shared = asked(
            ("shared", brand, scope), lambda: Assessment.objects.shared_with(member, scope).values_list("pk")
        )
        assert {key for (key,) in shared} == expected
        if self.members[brand]:
            self.decided.update(self.oracle.deciding(brand, scope, self.assessments.values(), timezone.now()))
        assert visibility_index.compare() == (0, 0)

    def _all_surfaces_agree(self, brand: str, scope: str) -> None:
        """List, count, export and files of a member; "Shared with us"; one assessment in detail; and other days."""
        member, expected = self.world.person(f"{brand}_member"), self.expected(brand, scope)

        def keys(what: str, make: Callable[[], Any]) -> set[Any]:
            return {key for (key,) in asked((what, brand, scope), make)}

        seen, answers = Assessment.objects.visible_to, Answer.objects.visible_to
        assert keys("list", lambda: seen(member, scope).values_list("pk")) == expected
        assert seen(member, scope).count() == len(expected)
        export = keys("export", lambda: answers(member, scope).order_by().values_list("assessment").distinct())
        assert export == expected
        both = expected | self.expected(brand, "step1" if scope == "report" else "report")
        current = {key for key in both if self.assessments[key].state == "published"}
        rows = SharedRows(member)(LISTED, None, 1000)
        assert [one.pk for one in listed(member).order_by(*LISTED)] == [one.pk for one in rows]
        assert {one.pk for one in rows} == current
        assert len(rows) == len(current)
        files = keys("files", lambda: ReportCopy.objects.visible_to(member).filter(scope=scope).values_list("pk"))
        own = {key: about for key, (*whose, about) in self.copies.items() if whose == [brand, scope]}
        assert files == {key for key, about in own.items() if about in expected}
        assessment = list(self.assessments.values())[self.ends // 4 % len(self.assessments)]
        decision = access.decide(member, assessment, scope)
        assert bool(decision) == (assessment.pk in expected), (brand, scope, decision.reason)
        assert decision.sentence
        assert member.has_perm(f"assessments.view_{scope}", assessment) == bool(decision)
        self._other_days_agree(assessment, scope)

    def _other_days_agree(self, assessment: Assessment, scope: str) -> None:
        """A day that was lived through and remembered, or one long ago or ahead, in turn."""
        lived, other = self.moments[self.ends % len(self.moments)], timezone.now() + TRAVEL[self.ends % len(TRAVEL)]
        at = lived if self.ends % 2 else other
        then, others = {one.brand_id for one in access.brands_reading_of(assessment, scope, at=at)}, self.assessments
        expected = {brand for brand in self.members if self.oracle.opens(brand, scope, assessment, others.values(), at)}
        assert then == {getattr(self.world, brand).pk for brand in expected}, at

    # --- what the oracle remembers

    def _remember(self, grant: SharingGrant, brand: str, replaced: Fact | None = None) -> None:
        self.oracle.facts.append(
            Fact(
                grant,
                brand,
                grant.scope,
                grant.cycles,
                frozenset(grant.cycle_numbers),
                grant.valid_from,
                grant.expires_at,
                grant.hold_days,
                confirmed=grant.confirmed_at if grant.needs_confirmation else grant.valid_from,
                replaced=replaced,
            )
        )

    def _step(self, assessment: Assessment, name: str) -> None:
        take_step(by=self.world.person("team_leader"), assessment=assessment, name=name, reason="Because")
        for one in self.assessments.values():
            if one.cycle == assessment.cycle:
                one.refresh_from_db()


def finished_files(world: World) -> dict[Any, tuple[str, str, Any]]:
    """A file of each published report, for a member of each brand and each scope, as if granted once."""
    made = {}
    for number, (brand, scope) in enumerate(PAIRS):
        reader = world.person(f"{brand}_member")
        for place, name in enumerate(("a1_old", "a1", "a2")):
            assessment = world.assessments[name]
            job = Job.objects.create(kind="report", owner=reader, state="done")
            copy = ReportCopy.objects.create(
                number=1000 + 10 * number + place, assessment=assessment, scope=scope, language="en", format="pdf",
                job=job, reader=reader, brand=getattr(world, brand), side="grant", file="reports/none.pdf",
            )  # fmt: skip
            made[copy.pk] = (brand, scope, assessment.pk)
    return made


class OtherConsent(Consent):
    """The same with other dice: two halves, for two processes."""


@pytest.mark.django_db
@pytest.mark.slow
@pytest.mark.parametrize("half", [Consent, OtherConsent])
def test_any_order_of_events_agrees_with_the_oracle(half: type[Consent]) -> None:
    STATEMENTS.clear()
    half.world = build_world()
    make_assessment(half.world, half.world.factory_a, 5, "factory_review", published_days_ago=0)
    half.copies, half.decided = finished_files(half.world), Counter()
    run_state_machine_as_test(
        half,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    rare = {condition: half.decided[condition] for condition in CONDITIONS if half.decided[condition] < OFTEN}
    assert rare == {}, f"Too few sequences in which these decide: {rare}, of all: {half.decided}."
