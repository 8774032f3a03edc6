"""The facts that are hidden today; the package says how to add one."""

from datetime import date, timedelta

from django.urls import reverse

from assessments.models import Answer, Assessment
from assessments.publication.services import start_correction, take_step
from assessments.visits.planning import cancel_plan, change_plan, plan_assessment
from assessments.visits.queries import next_cycle
from brands.roles import BRAND
from factories.models import Factory
from factories.services import add_closure, stop_handover
from portal.accounts.services import create_integration_token
from portal.core.days import days_from_now
from sharing import access
from sharing.confirming.services import confirm_grant, refuse_grant, switch_confirmation_on
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.holds.services import withhold_report
from sharing.models import AccessRecord, SharingGrant
from sharing.records.services import record_access
from sharing.requests.services.answering import approve_request
from sharing.requests.services.undoing import undo
from tests.publishing import correct, publish
from tests.world import make_assessment
from tests.worlds.draws import DRAWS
from tests.worlds.fact import Fact
from tests.worlds.masks import Mask
from tests.worlds.numbers import skip_numbers
from tests.worlds.people import BRAND_A, BRANDS, FACTORY_A, FACTORY_B, Scene

HOLD = 300  # days; longer than the harness looks
VISITED = date(2026, 2, 3)
AGO = 17  # days between the publication of such a visit's report and the day of the fact
CHANGED = "q1020"
SHOWN = "the version that both worlds show"


def pages_of(assessment: Assessment) -> list[str]:
    """Return the addresses of one version of a report."""
    page, api = reverse("assessment", args=[assessment.pk]), reverse("api:assessment", args=[assessment.pk])
    return [page, api, f"{api}findings/?scope=report", f"{api}explain/?scope=report"]


def draft(scene: Scene) -> Assessment:
    """Make the assessment of factory B's third cycle, to be reviewed and published."""
    made = make_assessment(scene.world, scene.world.factory_b, 3, "internal_review")
    Assessment.objects.filter(pk=made.pk).update(start_date=VISITED - timedelta(days=1), end_date=VISITED)
    made.refresh_from_db()
    return made


def keep_manager(scene: Scene) -> None:
    """End the handover at factory B: while it goes on nothing is shared."""
    stop_handover(by=scene.world.person("team_leader"), handover=scene.handover)


# --- 1. a correction of a report that is on hold -----------------------------------------------------------


def report_on_hold(scene: Scene) -> None:
    """Factory B shares with brand A, and publishes a report that opens much later."""
    keep_manager(scene)
    scene.world.grant(factory=scene.world.factory_b, hold_days=HOLD)
    scene.world.assessments["b3"] = publish(scene.world, draft(scene))


def it_is_corrected(scene: Scene) -> list[str]:
    """Publish a correction of it."""
    old = scene.world.assessments["b3"]
    return pages_of(old) + pages_of(correct(scene.world, old, **{CHANGED: "compliant"}))


# --- 2. a report that is withheld ---------------------------------------------------------------------------


def published_and_withheld(scene: Scene) -> list[str]:
    """Factory A withholds its third cycle from brand A, which is published then."""
    world = scene.world
    withhold_report(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, cycle=3)
    return pages_of(publish(world, world.assessments["a3"]))


# --- 3. who else has access -----------------------------------------------------------------------------------


def brand_b_gets_everything(scene: Scene) -> list[str]:
    """Factory A lets brand B read all it has, and brand B reads it."""
    world = scene.world
    grants = [world.grant(brand=world.brand_b, scope=scope) for scope in ("report", "step1")]
    confirm_grant(by=world.person("representative_a"), grant=scene.pending)
    read(scene, "brand_b_member", world.assessments["a2"])
    return [f"/api/v1/grants/{grant.pk}/" for grant in (*grants, scene.pending)]


def read(scene: Scene, persona: str, assessment: Assessment) -> None:
    """Let a person open a report."""
    person = scene.world.person(persona)
    openings = access.openings(person, assessment)
    assert openings
    record_access(by=person, assessment=assessment, openings=openings, action=AccessRecord.Action.VIEW)


# --- 4. a visit ---------------------------------------------------------------------------------------------


WEEK = timedelta(days=7)


def factories_say_when_they_close(scene: Scene) -> None:
    """Both factories enter closure days."""
    for factory, manager in ((scene.world.factory_a, "manager_a"), (scene.world.factory_b, "manager_b")):
        close(scene, factory, manager, days_from_now(60, factory))


def close(scene: Scene, factory: Factory, manager: str, day: date) -> None:
    """Enter two closure days of a factory."""
    last = day + timedelta(days=1)
    add_closure(by=scene.world.person(manager), factory=factory, first_day=day, last_day=last, reason="Holiday")


def visits_are_under_way(scene: Scene) -> list[str]:
    """Plan visits of factory B, one of which is cancelled and one changed; factory A's, which was planned, begins."""
    world, leader = scene.world, scene.world.person("team_leader")
    terms = {
        "tool": world.tool,
        "mode": "on_site",
        "start_date": days_from_now(20, world.factory_b),
        "assessors": [world.person("advisor"), leader],
    }
    cycle = next_cycle(Factory.objects.get(pk=world.factory_b.pk))
    cancelled = plan_assessment(by=leader, factory=world.factory_b, cycle=cycle, **terms)
    hidden = pages_of(cancelled)
    cancel_plan(by=leader, assessment=cancelled)
    planned = plan_assessment(by=leader, factory=world.factory_b, cycle=cycle, **terms)
    change_plan(by=leader, assessment=planned, **{**terms, "start_date": terms["start_date"] + WEEK})
    began = take_step(by=leader, assessment=world.assessments["a4"], name="start")
    read(scene, "team_leader", began)
    read(scene, "team_leader", planned)
    plans = [reverse(name, args=[planned.pk]) for name in ("plan", "plan_cancel")]
    return hidden + plans + pages_of(planned) + pages_of(began)


def factory_closes_then(scene: Scene) -> None:
    """Factory B will be closed on days on which a visit may be planned."""
    world = scene.world
    close(scene, world.factory_b, "manager_b", days_from_now(27, world.factory_b))


# --- 5. what a second person has yet to confirm ---------------------------------------------------------------


def second_person_confirms(scene: Scene) -> None:
    """At factory A a worker representative confirms from now on."""
    switch_confirmation_on(by=scene.world.person("manager_a"), factory=scene.world.factory_a)


def change_is_proposed(scene: Scene) -> list[str]:
    """Propose that brand A reads for another purpose."""
    return [f"/api/v1/grants/{propose(scene).pk}/"]


def step1_grant(scene: Scene) -> SharingGrant:
    """Return what brand A has of Step 1 data of factory A."""
    world = scene.world
    return SharingGrant.objects.get(factory=world.factory_a, brand=world.brand_a, scope="step1", ended_at=None)


def propose(scene: Scene) -> SharingGrant:
    """Change it in a way that has to be confirmed."""
    terms = Terms(purpose="Another purpose")
    return change_grant(by=scene.world.person("manager_a"), grant=step1_grant(scene), terms=terms)


def change_is_refused(scene: Scene) -> list[str]:
    """Propose it, and let the representative refuse."""
    proposed = propose(scene)
    refuse_grant(by=scene.world.person("representative_a"), grant=proposed)
    return [f"/api/v1/grants/{proposed.pk}/"]


def grant_is_narrowed(scene: Scene) -> list[str]:
    """Narrow it, which takes effect at once."""
    terms = Terms(cycles="from", cycle_numbers=[1], hold_days=1)
    grant = change_grant(by=scene.world.person("manager_a"), grant=step1_grant(scene), terms=terms)
    number = grant.receipts.get().number
    pages = [reverse(name, args=[number]) for name in ("receipt", "receipt_json", "api:receipt")]
    return [*pages, reverse("api:grant", args=[grant.pk])]


def plan_is_asked_for(scene: Scene) -> None:
    """Brand A has no improvement plan, but asks for it; a worker representative confirms from now on."""
    revoke_access(by=scene.world.person("manager_a"), grant=scene.paper)
    second_person_confirms(scene)


def request_waits_for_the_second(scene: Scene) -> None:
    """Approve the request of brand A, which has to be confirmed."""
    manager = scene.world.person("manager_a")
    approve_request(by=manager, request=scene.request, scopes=["improvement_plan"], terms=Terms())


# --- 6. a version that was replaced before access began -------------------------------------------------------

# A report says which version it is, to everybody alike; from the second on it is called corrected.
VERSION = (
    Mask(
        "mark of a correction",
        r'<span class="mark [^>]*><svg class="icon icon-pencil"[^<]*<use[^>]*></use></svg>Corrected</span>',
        erases=True,
    ),
    Mask("mark of a correction", r'<span class="row-note">Version \d+</span>| \(version \d+\)', erases=True),
    Mask("version number", r'(?<="version": )\d+|(?<=Version )\d+|(?<=version )\d+'),
    Mask("version number", r'(?m)(?<=^    <dd>)[12](?=</dd>$)|(?<="Assessment reports","3",")\d+(?=",""$)'),
)


def published_and_corrected(scene: Scene) -> list[str]:
    """Publish a report and its correction, with the ids that the only version has in the other world."""
    staff = scene.world.person("programme_manager")
    old = make_assessment(scene.world, scene.world.factory_b, 3, "published", published_days_ago=AGO)
    DRAWS.begin(SHOWN)
    new = start_correction(by=staff, assessment=old, note="Overtime was counted twice")
    Answer.objects.filter(assessment=new, question__ext_id=CHANGED[1:]).update(finding="compliant", note="Seen anew")
    for step in ("send_to_factory", "publish"):
        take_step(by=staff, assessment=new, name=step)
    return pages_of(old)


def published_once(scene: Scene) -> None:
    """Publish the corrected report only."""
    DRAWS.begin(SHOWN)
    only = draft(scene)
    Answer.objects.filter(assessment=only, question__ext_id=CHANGED[1:]).update(finding="compliant", note="Seen anew")
    publish(scene.world, only)


def access_begins(scene: Scene) -> list[str]:
    """Factory B lets brand A read its reports."""
    keep_manager(scene)
    scene.world.grant(factory=scene.world.factory_b)
    return pages_of(Assessment.objects.get(factory=scene.world.factory_b, cycle=3, state="published"))


# --- how busy the others are ------------------------------------------------------------------------------------


def others_are_busy(_scene: Scene) -> None:
    """Use up running numbers, as if there were more factories, grants, copies and mails elsewhere."""
    skip_numbers(1_000)


def something_of_everything(scene: Scene) -> None:
    """Let brand A have new rows of each kind that it sees."""
    keep_manager(scene)
    world = scene.world
    world.grant(factory=world.factory_b)
    read(scene, "brand_a_member", world.assessments["b1"])
    correct(world, world.assessments["b1"], **{CHANGED: "compliant"})


def newcomers(scene: Scene) -> None:
    """Let brand A have a new program, and factory A a new neighbour that brand A can ask."""
    by, kind, brand = scene.world.person("brand_a_manager"), BRAND, scene.world.brand_a
    create_integration_token(by=by, kind=kind, organisation=brand, name="New", roles=["integration_report"], days=30)
    Factory.objects.create(
        programme=scene.world.cambodia, bw_id="KH-0900", name="New Neighbour", enrolment_status="enrolled"
    )


# --- what was undone -----------------------------------------------------------------------------------------------


def access_is_undone(scene: Scene) -> list[str]:
    """Factory A shares with brand B and undoes it at once."""
    world = scene.world
    given = world.grant(brand=world.brand_b)
    undo(by=world.person("manager_a"), factory=world.factory_a, grants={given.pk})
    pages = [reverse(name, args=[one.number]) for one in given.receipts.all() for name in ("receipt", "api:receipt")]
    return [*pages, reverse("api:grant", args=[given.pk])]


FACTS = [
    Fact("a correction of a report on hold", it_is_corrected, build=report_on_hold),
    Fact("a report that is withheld", published_and_withheld),
    Fact("who else has access", brand_b_gets_everything, audience=BRAND_A),
    Fact(
        "visits that are planned or under way",
        visits_are_under_way,
        build=factories_say_when_they_close,
        after=factory_closes_then,
        audience=(*BRANDS, *FACTORY_A, *FACTORY_B),
    ),
    Fact("a change that waits for the second person", change_is_proposed, build=second_person_confirms),
    Fact(
        "a yes that waits for the second person",
        request_waits_for_the_second,
        build=plan_is_asked_for,
    ),
    Fact(
        "a change that the second person refused",
        change_is_refused,
        build=second_person_confirms,
        after=grant_is_narrowed,
    ),
    Fact("access that was undone", access_is_undone),
    Fact(
        "a version replaced before access began",
        published_and_corrected,
        otherwise=published_once,
        after=access_begins,
        audience=BRAND_A,
        masks=VERSION,
    ),
    Fact("how busy others are", others_are_busy, after=something_of_everything, keeps_numbers=True),
    Fact("how many others there are", others_are_busy, after=newcomers, keeps_numbers=True),
]
OFTEN = FACTS[:4]  # in every run, all at once
