"""What is shown before a decision is what the decision does, whatever was decided before.

Hypothesis draws a history (grants, changes, ends, a second person, reports withheld, publications, corrections,
withdrawals, closed brands, subscriptions) and a decision. The preview works the decision out; then it is really made,
and `Assessment.objects.open_to` says the same: now, and for days to come. The brand's pages show in the preview what
they show after the decision. `./dev test --long` draws many more, as in test_property.py.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments.models import Answer, Assessment
from assessments.publication.services import start_correction, take_step
from assessments.reading.listing import LISTED, SharedRows
from assessments.reading.scopes import with_scopes
from brands.models import Brand
from factories.models import CountryProgramme, Factory
from portal.disclosure.drafts import Draft, look_after, opened, sign
from portal.disclosure.previews import (
    Sight,
    position_after,
    preview_answer,
    preview_change,
    preview_grants,
    reports_of,
    sight_of,
)
from sharing import access
from sharing.access import ASSESSMENT_SCOPES, AsBrand, AsBrandAfter
from sharing.access.positions import Position, positions
from sharing.confirming.services import confirm_grant, refuse_grant
from sharing.grants.services.granting import change_grant, grant_access
from sharing.grants.services.outcomes import CLOCKS_DIFFER, Outcome, changing, granting
from sharing.grants.services.revoking import revoke_access
from sharing.grants.services.situation import Situation, situation_of
from sharing.holds.services import allow_report, withhold_report
from sharing.models import AccessRequest, SharingGrant, WithheldReport
from sharing.requests.services.answering import approve_request, approving
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from tests.amounts import amount
from tests.sharing.oracle import terms_of
from tests.world import World, make_assessment

EXAMPLES = amount(ordinary=10, long=1_000)
DAYS_TO_COME = (0, 6, 9, 45)
TERMS = st.builds(
    dict,
    cycles=st.sampled_from(["all", "all", "from", "only"]),
    number=st.integers(1, 4),
    numbers=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    starts=st.sampled_from([None, None, 5]),
    lasts=st.sampled_from([None, 4, 40]),
    hold=st.sampled_from([0, 7, 40]),
)
BRANDS, SCOPES = st.sampled_from(["brand_a", "brand_a", "brand_b"]), st.sampled_from(ASSESSMENT_SCOPES)
# What is not possible becomes the next step that is: an answer to nothing a change, a change of nothing a grant.
STEPS = [
    "confirm", "confirm", "confirm", "refuse", "refuse", "change", "keep_back", "revoke", "share", "second_person",
    "second_person", "publish", "correct", "withdraw", "close_brand", "ask_for_subscriptions", "subscribe",
    "ended_by_expiry",
]  # fmt: skip
HISTORY = st.lists(st.tuples(st.sampled_from(STEPS), TERMS), max_size=9)
# What is lived through in every run, whatever is drawn: each step, and each decision.
LIVES = {
    "share": ["share", "revoke", "ended_by_expiry", "publish", "ask_for_subscriptions", "subscribe"],
    "change": ["share", "keep_back", "second_person", "change", "confirm", "change", "refuse", "correct"],
    "answer": ["withdraw", "close_brand", "close_brand"],
}


def life(names: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """The steps, each with terms that give more than the one before: a second person is asked."""
    some = {"cycles": "all", "number": 2, "numbers": [2], "starts": None, "lasts": None}
    return [(name, {**some, "hold": 40 - number}) for number, name in enumerate(names)]


class Past:
    """What may have happened before at factory A, between it and a brand, in one scope."""

    def __init__(self, world: World, brand: Brand, scope: str, happened: Counter[str]) -> None:
        self.world, self.brand, self.scope, self.happened = world, brand, scope, happened
        self.by, self.factory = world.person("manager_a"), world.factory_a
        self.look()

    def look(self) -> None:
        """Read the factory again."""
        self.factory = Factory.objects.select_related("programme").get(pk=self.world.factory_a.pk)

    def happens(self, drawn_name: str, drawn: dict[str, Any]) -> None:
        """The step, or where it is not possible now the next one in the list that is."""
        first, possible = STEPS.index(drawn_name), self.possible()
        name = next(one for one in STEPS[first:] + STEPS[:first] if possible.get(one, True))
        try:
            with transaction.atomic():
                getattr(self, name)(drawn)
        except (ValidationError, PermissionDenied):
            return
        self.happened[name] += 1

    def possible(self) -> dict[str, bool]:
        """Which steps need something that may be missing, and whether it is there."""
        grants = SharingGrant.objects.filter(factory=self.factory, brand=self.brand, scope=self.scope, ended_at=None)
        is_active = Brand.objects.filter(pk=self.brand.pk, is_active=True).exists()
        is_open, is_running = grants.exists(), grants.not_ended().exists()
        is_waiting = grants.filter(needs_confirmation=True, confirmed_at=None).exists()
        states = set(Assessment.objects.filter(factory=self.factory).values_list("state", flat=True))
        return {
            "share": is_active and not is_running,
            "change": is_active and is_running,
            "revoke": is_open,
            "confirm": is_active and is_waiting,
            "refuse": is_waiting,
            "keep_back": is_running,
            "publish": "factory_review" in states,
            "correct": "published" in states,
            "withdraw": "published" in states,
            "subscribe": self.brand == self.world.brand_b,
            "ended_by_expiry": not is_open,
        }

    def open_grant(self, *, is_proposed: bool = False) -> SharingGrant:
        grants = SharingGrant.objects.filter(factory=self.factory, brand=self.brand, scope=self.scope, ended_at=None)
        waiting = grants.filter(needs_confirmation=True, confirmed_at=None)
        found = (waiting if is_proposed else grants.order_by("-created_at")).first()
        if found is None:
            raise ValidationError("There is none.")
        return found

    def share(self, drawn: dict[str, Any]) -> None:
        grant_access(by=self.by, factory=self.factory, brand=self.brand, scope=self.scope, terms=terms_of(drawn))

    def change(self, drawn: dict[str, Any]) -> None:
        change_grant(by=self.by, grant=self.open_grant(), terms=terms_of(drawn))

    def revoke(self, _drawn: object) -> None:
        revoke_access(by=self.by, grant=self.open_grant())

    def confirm(self, _drawn: object) -> None:
        confirm_grant(by=self.world.person("representative_a"), grant=self.open_grant(is_proposed=True))

    def refuse(self, _drawn: object) -> None:
        refuse_grant(by=self.world.person("representative_a"), grant=self.open_grant(is_proposed=True))

    def second_person(self, drawn: dict[str, Any]) -> None:
        Factory.objects.filter(pk=self.factory.pk).update(confirms_sharing=drawn["number"] > 1)

    def keep_back(self, drawn: dict[str, Any]) -> None:
        which = {"factory": self.factory, "brand": self.brand, "cycle": drawn["number"]}
        if found := WithheldReport.objects.filter(**which, allowed_at=None).first():
            allow_report(by=self.by, withheld=found)
        else:
            withhold_report(by=self.by, **which)

    def publish(self, _drawn: object) -> None:
        self._step("publish", "factory_review")

    def withdraw(self, _drawn: object) -> None:
        self._step("withdraw", "published")

    def correct(self, _drawn: object) -> None:
        rows = Assessment.objects.filter(factory=self.factory, state="published", successor=None)
        staff, first = self.world.person("team_leader"), rows.order_by("-cycle").first()
        assert first is not None
        new = start_correction(by=staff, assessment=first, note="Corrected")
        take_step(by=staff, assessment=new, name="send_to_factory")
        take_step(by=staff, assessment=new, name="publish")

    def _step(self, name: str, state: str) -> None:
        assessment = Assessment.objects.filter(factory=self.factory, state=state).order_by("cycle").first()
        assert assessment is not None
        take_step(by=self.world.person("team_leader"), assessment=assessment, name=name, reason="Because")

    def close_brand(self, _drawn: object) -> None:
        found = Brand.objects.get(pk=self.brand.pk)
        found.is_active = not found.is_active
        found.save()

    def ask_for_subscriptions(self, _drawn: object) -> None:
        CountryProgramme.objects.filter(pk=self.world.cambodia.pk).update(participants_need_subscription=True)

    def subscribe(self, drawn: dict[str, Any]) -> None:
        self.world.subscribe(self.brand, drawn["number"])

    def ended_by_expiry(self, drawn: dict[str, Any]) -> None:
        """A grant whose period is over, and which nobody ended."""
        now = timezone.now()
        SharingGrant.objects.create(
            factory=self.factory, brand=self.brand, scope=self.scope, granted_by=self.by, hold_days=drawn["hold"],
            valid_from=now - timedelta(days=9), expires_at=now - timedelta(days=1),
        )  # fmt: skip


def open_now(sight: Sight) -> set[Any]:
    return {key for key, moment in sight.times.items() if moment is None}


def without_replaced(keys: set[Any], reports: Any) -> set[Any]:
    """The keys without versions that stand beside a newer one: the preview names the report once."""
    by_key = {one.pk: one for one in reports}
    newest: dict[Any, int] = {}
    for pk, scope in keys:
        which = (by_key[pk].cycle, scope)
        newest[which] = max(newest.get(which, 0), by_key[pk].version)
    return {(pk, scope) for pk, scope in keys if by_key[pk].version == newest[by_key[pk].cycle, scope]}


def assert_agree(brand: Brand, told: Position, real: Position, reports: Any) -> None:
    """The rows of the portal's gate, now and on days to come, are those that the positions call open."""
    for scope in ASSESSMENT_SCOPES:
        for days in DAYS_TO_COME:
            at = timezone.now() + timedelta(days=days)
            rows = set(Assessment.objects.open_to(brand, scope, at).values_list("pk", flat=True))
            for position in (told, real):
                assert {one.pk for one in reports if position.opens_at(one, scope, at) == at} == rows, (scope, days)
        keys = {(pk, scope) for pk in Assessment.objects.open_to(brand, scope).values_list("pk", flat=True)}
        assert keys == {key for key in open_now(sight_of(real, reports)) if key[1] == scope}


def assert_same_sight(told: Sight, real: Sight) -> None:
    """The same reports open at the same moments, but for the moment that passed between preview and decision."""
    assert told.times.keys() == real.times.keys()
    for key, moment in told.times.items():
        then = real.times[key]
        assert (moment is None) == (then is None)
        assert moment is None or then is None or abs(moment - then) < CLOCKS_DIFFER


class Decision:
    """One of the three decisions: what it is worked out to do, its preview, and doing it, with the second person."""

    def __init__(self, past: Past, drawn: dict[str, Any], kind: str) -> None:
        self.past, self.brand, self.scope, self.terms = past, past.brand, past.scope, terms_of(drawn)
        self.ways: dict[str, tuple[Callable[..., Any], ...]] = {
            "share": (self._granting, self._preview_share, self._share, self._draft_share),
            "change": (self._changing, self._preview_change, self._change, self._draft_change),
            "answer": (self._approving, self._preview_answer, self._answer, self._draft_answer),
        }
        self.work_out, self.preview, self.make, self.draft = self.ways[kind]
        self.grant = past.open_grant() if kind == "change" else None
        self.request = self._asked() if kind == "answer" else None

    def _asked(self) -> AccessRequest:
        asker = "brand_a_member" if self.brand == self.past.world.brand_a else "brand_b_member"
        terms = RequestedTerms((self.scope,), "Sourcing")
        by = self.past.world.person(asker)
        return request_access(by=by, brand=self.brand, factory=self.past.factory, terms=terms)

    def _granting(self, situation: Situation, position: Position) -> list[Outcome]:
        return [granting(situation, position, self.scope, self.terms)]

    def _changing(self, situation: Situation, position: Position) -> list[Outcome]:
        assert self.grant is not None
        return [changing(situation, position, position.grant(self.grant.pk), self.terms)]

    def _approving(self, situation: Situation, _position: Position) -> list[Outcome]:
        assert self.request is not None
        return approving(situation, self.request, [self.scope], self.terms)

    def look(self) -> AsBrandAfter:
        """The brand's eyes after it, by way of the token in an address."""
        by, factory = self.past.by, self.past.factory
        signed = opened(sign(self.draft(), by=by, factory=factory))
        assert signed is not None
        return look_after(by=by, factory=factory, brand_id=self.brand.pk, draft=signed.draft)

    def _draft_share(self) -> Draft:
        return Draft.share([self.brand], [self.scope], self.terms)

    def _draft_change(self) -> Draft:
        assert self.grant is not None
        return Draft.change(self.grant, self.terms)

    def _draft_answer(self) -> Draft:
        assert self.request is not None
        return Draft.approve_less(self.request, [self.scope], self.terms)

    def _preview_share(self) -> Any:
        [told] = preview_grants(
            by=self.past.by, factory=self.past.factory, brands=[self.brand], scopes=[self.scope], terms=self.terms
        )
        return told

    def _preview_change(self) -> Any:
        return preview_change(by=self.past.by, grant=self.grant, terms=self.terms)

    def _preview_answer(self) -> Any:
        return preview_answer(by=self.past.by, request=self.request, scopes=[self.scope], terms=self.terms).difference

    def _share(self) -> None:
        by, factory = self.past.by, self.past.factory
        self._confirm(grant_access(by=by, factory=factory, brand=self.brand, scope=self.scope, terms=self.terms))

    def _change(self) -> None:
        self._confirm(change_grant(by=self.past.by, grant=self.grant, terms=self.terms))

    def _answer(self) -> None:
        done = approve_request(by=self.past.by, request=self.request, scopes=[self.scope], terms=self.terms)
        self._confirm(done.grants.get())

    def _confirm(self, grant: SharingGrant) -> None:
        if grant.status() == "unconfirmed":
            confirm_grant(by=self.past.world.person("representative_a"), grant=grant)


def what_the_pages_show(look: AsBrand | AsBrandAfter) -> dict[str, Any]:
    """What the brand's pages are made of: the list in its order, and what is open and answered in each version."""
    listed = SharedRows(look)(LISTED, None, 100)
    versions = with_scopes(Assessment.objects.visible_to(look), look).in_bulk()
    shown: dict[str, Any] = {"list": [(one.pk, *facts(one)) for one in listed], "count": SharedRows(look).count()}
    for one in Assessment.objects.all():
        version = versions.get(one.pk)
        shown[str(one.pk)] = (facts(version) if version else None, sorted(access.openings(look, one)))
    for scope in ASSESSMENT_SCOPES:
        shown[scope] = set(Assessment.objects.visible_to(look, scope).values_list("pk", flat=True))
        shown[f"answers in {scope}"] = set(Answer.objects.visible_to(look, scope).values_list("pk", flat=True))
    return shown


def facts(row: Any) -> tuple[list[str], bool]:
    """What a row of the pages says beside the report itself."""
    return sorted(row.open_scopes), row.is_note_shown


def messages_of(call: Callable[[], object]) -> list[str]:
    """What a decision is refused with; nothing where it is made."""
    try:
        with transaction.atomic():
            call()
    except ValidationError as error:
        return sorted(error.messages)
    return []


@pytest.mark.django_db
@pytest.mark.slow
def test_a_preview_equals_what_the_gate_says_after_the_decision(world: World) -> None:
    make_assessment(world, world.factory_a, 5, "published", published_days_ago=2)
    happened = Counter[str]()

    def lived(history: list[Any], brand: str, scope: str, drawn: dict[str, Any], kind: str) -> None:
        with transaction.atomic():
            _one_example(Past(world, getattr(world, brand), scope, happened), history, drawn, kind)
            transaction.set_rollback(True)

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(HISTORY, BRANDS, SCOPES, TERMS, st.sampled_from(["share", "share", "change", "change", "answer"]))
    def agrees(history: list[Any], brand: str, scope: str, drawn: dict[str, Any], kind: str) -> None:
        lived(history, brand, scope, drawn, kind)

    for kind, names in LIVES.items():
        [*history, (_name, terms)] = life([*names, "share"])
        lived(history, "brand_b", "report", terms, kind)
    agrees()
    assert happened.keys() == {*STEPS, *(f"decision to {kind}" for kind in LIVES)}


def _one_example(past: Past, history: list[Any], drawn: dict[str, Any], kind: str) -> None:
    brand = past.brand
    for step in history:
        past.happens(*step)
    past.look()
    reports = reports_of(past.by, past.factory)
    before = positions(past.factory, [brand.pk], reports)[brand.pk]
    try:
        decision = Decision(past, drawn, kind)
    except (ValidationError, PermissionDenied):
        assert_agree(brand, before, before, reports)
        return
    refused = messages_of(decision.preview)
    if refused:
        assert messages_of(decision.look) == messages_of(decision.make) == refused
        return
    told, now_open = decision.preview(), open_now(sight_of(before, reports))
    situation = situation_of(past.by, past.factory, [brand.pk], reports)
    after = position = situation.of(brand.pk)
    for outcome in decision.work_out(situation, position):
        after = position_after(after, outcome, situation.now)
    seen = what_the_pages_show(decision.look())
    assert messages_of(decision.make) == []
    past.happened[f"decision to {kind}"] += 1
    assert seen == what_the_pages_show(AsBrand(brand, past.factory))
    real = positions(past.factory, [brand.pk], reports)[brand.pk]
    assert_same_sight(sight_of(after, reports), sight_of(real, reports))
    assert_agree(brand, after, real, reports)
    then_open = open_now(sight_of(real, reports))
    for lines, keys in ((told.opens, then_open - now_open), (told.closes, now_open - then_open)):
        assert {(line.report.pk, scope) for line in lines for scope in line.scopes} == without_replaced(keys, reports)
