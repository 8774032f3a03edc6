"""The people and data that every test knows: the same cast in tests, demo and README.

Two factories and two brands in Cambodia, a factory in Vietnam, staff of both countries, a constituent, an
outsider, an inactive account. Assessments of factory A: cycle 1 superseded by its correction, cycle 2 published,
cycle 3 in factory review, cycle 4 planned; of factory B: cycle 1 published, cycle 2 withdrawn.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from assessments.answering.models import RELEASED
from assessments.figures.services import freeze
from assessments.models import Answer, Assessment, Cluster, CompliancePoint, Question, Tool
from brands.models import Brand
from brands.roles import BRAND
from factories.models import CountryProgramme, Factory
from factories.roles import FACTORY, PROGRAMME
from portal.accounts.models import User
from portal.accounts.roles import create_role_groups_in_bulk
from portal.core.days import days_from_now
from sharing.grants.services.granting import grant_access
from sharing.grants.services.outcomes import Terms
from sharing.models import SharingGrant, Subscription
from sharing.subscriptions.services import Purchase, record_subscriptions
from sharing.visibility.services import close_report, open_report

PASSWORD = "correct-horse-battery-staple"


@dataclass
class World:
    """Everything by name; `people` maps the persona's word to the account (or None: nobody signed in)."""

    people: dict[str, User | None] = field(default_factory=dict)
    cambodia: CountryProgramme = None  # type: ignore[assignment]
    vietnam: CountryProgramme = None  # type: ignore[assignment]
    global_programme: CountryProgramme = None  # type: ignore[assignment]
    factory_a: Factory = None  # type: ignore[assignment]
    factory_b: Factory = None  # type: ignore[assignment]
    factory_vn: Factory = None  # type: ignore[assignment]
    brand_a: Brand = None  # type: ignore[assignment]
    brand_b: Brand = None  # type: ignore[assignment]
    tool: Tool = None  # type: ignore[assignment]
    caf: Tool = None  # type: ignore[assignment]
    assessments: dict[str, Assessment] = field(default_factory=dict)

    def person(self, name: str) -> User:
        """The account of a persona that has one."""
        user = self.people[name]
        assert user is not None
        return user

    def grant(
        self, brand: Brand | None = None, scope: str = "report", factory: Factory | None = None, **terms: Any
    ) -> SharingGrant:
        """A grant by the manager of the factory (A to brand A unless said otherwise)."""
        factory = factory or self.factory_a
        manager = self.person({self.factory_a.pk: "manager_a", self.factory_b.pk: "manager_b"}[factory.pk])
        return grant_access(by=manager, factory=factory, brand=brand or self.brand_a, scope=scope, terms=Terms(**terms))

    def subscribe(self, brand: Brand | None = None, cycle: int = 1) -> Subscription:
        """A subscription for factory A, recorded by Cambodia's team leader (brand B's unless said otherwise)."""
        bought = Purchase(brand or self.brand_b, self.factory_a, cycle, date(2026, 1, 5))
        [recorded] = record_subscriptions(by=self.person("team_leader"), purchases=[bought])
        return recorded

    def answer(self, assessment: Assessment, ext_id: str) -> Answer:
        """One answer by the question's id."""
        return Answer.objects.select_related("question").get(assessment=assessment, question__ext_id=ext_id)


def build_world() -> World:
    """Make it all, in a few dozen queries."""
    world = World()
    _people(world)
    _organisations(world)
    _memberships(world)
    world.tool, world.caf = (
        make_tool("Cambodia CAT V1", world.cambodia),
        make_tool("CAF 1.7", None, kind="CAF"),
    )
    _assessments(world)
    return world


# In bulk, for hundreds of tests make the world anew. Who works where: persona -> (kind, organisation, role).
STAFF = {
    "global_staff": ("global_programme", "global_staff"),
    "programme_manager": ("cambodia", "programme_manager"),
    "team_leader": ("cambodia", "team_leader"),
    "advisor": ("cambodia", "enterprise_advisor"),
    "constituent": ("cambodia", "constituent"),
    "vietnam_manager": ("vietnam", "programme_manager"),
}
FACTORY_PEOPLE = {
    "manager_a": ("factory_a", "manager"),
    "member_a": ("factory_a", "member"),
    "representative_a": ("factory_a", "worker_representative"),
    "manager_b": ("factory_b", "manager"),
    "advisor": ("factory_a", "advisor"),
}
BRAND_PEOPLE = {
    "brand_a_manager": ("brand_a", "manager"),
    "brand_a_member": ("brand_a", "member"),
    "brand_b_manager": ("brand_b", "manager"),
    "brand_b_member": ("brand_b", "member"),
    "inactive": ("brand_a", "member"),
}


def _people(world: World) -> None:
    names = dict.fromkeys([*STAFF, *FACTORY_PEOPLE, *BRAND_PEOPLE, "outsider", "operator"])
    password = make_password(PASSWORD)
    made = User.objects.bulk_create(
        User(
            email=f"{name.replace('_', '.')}@test.example",
            name=name.replace("_", " ").title(),
            password=password,
            is_active=name != "inactive",
            is_staff=name == "operator",
            is_superuser=name == "operator",
        )
        for name in names
    )
    world.people |= dict(zip(names, made, strict=True)) | {"anonymous": None}


def _organisations(world: World) -> None:
    world.global_programme, world.cambodia, world.vietnam = CountryProgramme.objects.bulk_create(
        [
            CountryProgramme(name="Global programme", is_global=True),
            CountryProgramme(name="Better Factories Cambodia", country="KH", enrolment="mandatory"),
            CountryProgramme(name="Better Work Vietnam", country="VN"),
        ]
    )
    enrolled = {"enrolment_status": "enrolled", "enrolled_on": date(2020, 1, 15)}
    world.factory_a, world.factory_b, world.factory_vn = Factory.objects.bulk_create(
        [
            Factory(
                programme=world.cambodia,
                bw_id="KH-0001",
                name="Tonle Lotus Garments",
                local_name="ទន្លេឈូក",
                current_cycle=4,
                **enrolled,
            ),
            Factory(
                programme=world.cambodia, bw_id="KH-0002", name="Mekong Heron Apparel", current_cycle=2, **enrolled
            ),
            Factory(programme=world.vietnam, bw_id="VN-0001", name="Sông Xanh Textile", **enrolled),
        ]
    )
    world.brand_a, world.brand_b = Brand.objects.bulk_create(
        [Brand(name="Aster & Oak", kind="partner"), Brand(name="Bluefinch", kind="participant")]
    )
    create_role_groups_in_bulk(PROGRAMME, [world.global_programme, world.cambodia, world.vietnam])
    create_role_groups_in_bulk(FACTORY, [world.factory_a, world.factory_b, world.factory_vn])
    create_role_groups_in_bulk(BRAND, [world.brand_a, world.brand_b])


def _memberships(world: World) -> None:
    rows = []
    for kind, people in ((PROGRAMME, STAFF), (FACTORY, FACTORY_PEOPLE), (BRAND, BRAND_PEOPLE)):
        groups = {
            (organisation, role): group
            for organisation, role, group in kind.role_model.objects.values_list("organisation_id", "role", "group_id")
        }
        for persona, (organisation, role) in people.items():
            group = groups[getattr(world, organisation).pk, role]
            rows.append(User.groups.through(user_id=world.person(persona).pk, group_id=group))
    User.groups.through.objects.bulk_create(rows)


# cluster, compliance point, id, wording, type, step, tags, whether it is in the virtual check
QUESTIONS: list[tuple[str, str, str, str, str, int | None, list[str], bool]] = [
    (
        "Child Labour",
        "Child Labourers",
        "1000",
        "Workers below the legal minimum age were found",
        "NC",
        1,
        ["Public Disclosure", "Zero Tolerance"],
        True,
    ),
    ("Child Labour", "Hazardous Work", "1001", "Workers under 18 do hazardous work", "NC", 1, [], False),
    (
        "Compensation",
        "Overtime Wages",
        "1010",
        "Overtime is paid at the wrong rate",
        "NC",
        1,
        ["Public Disclosure"],
        True,
    ),
    ("Compensation", "Paid Leave", "1011", "Annual leave is not paid", "NC", 2, [], True),
    ("Compensation", "Paid Leave", "1012", "Sick leave is not paid", "NC", None, [], True),
    ("Working Time", "Overtime", "1020", "Overtime exceeds the legal limit", "NC", 1, [], True),
    ("Working Time", "Overtime", "1021", "Overtime is not voluntary", "NC", 3, [], True),
    ("Working Time", "Leave", "1022", "How many days of annual leave do workers get", "FGW", 1, [], True),
]


def make_tool(name: str, programme: CountryProgramme | None, kind: str = "CAT") -> Tool:
    """A small questionnaire: three clusters, eight questions of every sort."""
    tool = Tool.objects.create(name=name, kind=kind, programme=programme, version="1")
    clusters = Cluster.objects.bulk_create(
        Cluster(tool=tool, name=name, order=order)
        for order, name in enumerate(dict.fromkeys(row[0] for row in QUESTIONS))
    )
    by_name = {cluster.name: cluster for cluster in clusters}
    points = CompliancePoint.objects.bulk_create(
        CompliancePoint(cluster=by_name[cluster], name=name, order=order)
        for order, (cluster, name) in enumerate(dict.fromkeys(row[:2] for row in QUESTIONS))
    )
    by_place = {(point.cluster.name, point.name): point for point in points}
    Question.objects.bulk_create(
        Question(
            tool=tool,
            compliance_point=by_place[cluster, point],
            ext_id=ext_id,
            label=label,
            type=type_,
            answer_type="finding" if type_ == "NC" else "text",
            step=step,
            tags=list(tags),
            reference=f"REF-{ext_id}" if step else "",
            in_vcc=in_vcc,
            order=order,
            is_public_issue="Public Disclosure" in tags,
            is_zero_tolerance="Zero Tolerance" in tags,
        )
        for order, (cluster, point, ext_id, label, type_, step, tags, in_vcc) in enumerate(QUESTIONS)
    )
    return tool


FINDINGS = {
    "1000": "compliant",
    "1001": "compliant",
    "1010": "nc",
    "1011": "compliant",
    "1012": "nc",
    "1020": "nc",
    "1021": "not_assessed",
}


def make_assessment(
    world: World,
    factory: Factory,
    cycle: int,
    state: str,
    *,
    tool: Tool | None = None,
    published_days_ago: int = 30,
    superseded_at: datetime | None = None,
    **fields: Any,
) -> Assessment:
    """An assessment in any state with an answer to every question, as time would have made it."""
    tool = tool or world.tool
    ended = days_from_now(-published_days_ago - 20, factory)
    assessment = Assessment.objects.create(
        factory=factory,
        tool=tool,
        cycle=cycle,
        state="in_progress",
        start_date=ended - timedelta(days=1),
        end_date=ended,
        **fields,
    )
    if state != "planned":
        _answer_everything(assessment)
    Tool.objects.filter(pk=tool.pk, used_at=None).update(used_at=timezone.now())
    published = timezone.now() - timedelta(days=published_days_ago)
    values = _come_to(state, assessment, published, superseded_at)
    Assessment.objects.filter(pk=assessment.pk).update(**values)
    if state in RELEASED:
        freeze(assessment.pk)
    assessment.refresh_from_db()
    return assessment


def _answer_everything(assessment: Assessment) -> None:
    Answer.objects.bulk_create(
        Answer(
            assessment=assessment,
            question=question,
            finding=FINDINGS.get(question.ext_id, "info"),
            value="14" if question.type == "FGW" else "",
            note=f"Evidence for {question.ext_id} in cycle {assessment.cycle}"
            if FINDINGS.get(question.ext_id) == "nc"
            else "",
        )
        for question in assessment.tool.questions.all()
    )


def _come_to(state: str, assessment: Assessment, published: datetime, superseded_at: datetime | None) -> dict[str, Any]:
    """The columns of an assessment that came to a state, with the report of its cycle opened or closed."""
    values: dict[str, Any] = {"state": state}
    if state in {"factory_review", "published", "superseded", "withdrawn"}:
        values["released_at"] = published - timedelta(days=7)
    if state in {"published", "superseded", "withdrawn"}:
        values["published_at"] = published
        values["report"] = open_report(factory_id=assessment.factory_id, cycle=assessment.cycle, at=published)
        values["first_published_at"] = values["report"].first_published_at
    if state == "superseded":
        values["superseded_at"] = superseded_at or published + timedelta(days=50)
    if state == "withdrawn":
        values |= {"withdrawn_at": timezone.now(), "withdrawn_reason": "Wrong factory"}
        close_report(values["report"], at=values["withdrawn_at"])
    return values


def _assessments(world: World) -> None:
    a, b = world.factory_a, world.factory_b
    made = world.assessments
    made["a1_old"] = make_assessment(world, a, 1, "superseded", published_days_ago=700)
    made["a1"] = make_assessment(
        world,
        a,
        1,
        "published",
        published_days_ago=650,
        version=2,
        supersedes=made["a1_old"],
        correction_note="Wage finding corrected",
    )
    made["a2"] = make_assessment(world, a, 2, "published", published_days_ago=300)
    made["a3"] = make_assessment(world, a, 3, "factory_review", published_days_ago=3)
    made["a4"] = make_assessment(world, a, 4, "planned", published_days_ago=1)
    made["b1"] = make_assessment(world, b, 1, "published", published_days_ago=200)
    made["b2"] = make_assessment(world, b, 2, "withdrawn", published_days_ago=100)
