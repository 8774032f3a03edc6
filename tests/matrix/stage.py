"""Who asks, and what they ask for: the world plus one of everything that an address can name.

Factory A shares reports and Step 1 data with brand A, and nothing with brand B; factory B shares nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from assessments.imports.models import ImportBatch
from assessments.imports.services import start_import
from assessments.models import CorrectionNotice, ReportCopy, Tool
from assessments.reports.services import link_key, order_report
from brands.roles import BRAND
from factories.models import ClosureDays, Handover
from factories.roles import FACTORY
from factories.services import add_closure, open_handover
from portal.accounts.models import Invitation
from portal.accounts.services import create_integration_token, invite
from portal.core import jobs
from portal.core.days import days_from_now
from portal.core.health.heartbeats import write_heartbeat
from portal.disclosure.drafts import Draft, sign
from portal.notices.models import WebhookDelivery, WebhookEndpoint
from portal.notices.outbox import notice_kinds
from portal.notices.preferences import unsubscribe_token
from portal.notices.webhooks.secrets import lock, new_secret
from sharing import access
from sharing.codes.queries import short_code
from sharing.grants.services.outcomes import Terms
from sharing.holds.services import withhold_report
from sharing.models import (
    AccessRecord,
    AccessRequest,
    CopyToDestroy,
    DestroyNotice,
    SharingGrant,
    Subscription,
    WithheldReport,
)
from sharing.papers.services import Signature, record_paper_consent
from sharing.records.services import record_access
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from tests.publishing import correct
from tests.world import World, build_world, make_tool

# In the order of the table's columns. `token` is an integration of brand A that reads reports and Step 1 data.
GROUPS = {
    "nobody": ["anonymous", "inactive", "outsider", "operator"],
    "factory": ["manager_a", "member_a", "representative_a", "manager_b"],
    "brand": ["brand_a_manager", "brand_a_member", "brand_b_member", "token"],
    "staff": ["advisor", "team_leader", "programme_manager", "vietnam_manager", "global_staff", "constituent"],
}
PERSONAS = [persona for group in GROUPS.values() for persona in group]
NO_SUCH = UUID(int=7)
SCAN = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"


@dataclass
class Stage:
    """The world, and one of everything."""

    world: World
    grant: SharingGrant
    copy: ReportCopy
    invitation: Invitation
    secret: str
    token: str
    integration: int
    batch: ImportBatch
    destroy_notice: DestroyNotice
    paper: SharingGrant
    withheld: WithheldReport
    delivery: WebhookDelivery
    correction: CorrectionNotice
    pending: SharingGrant
    handover: Handover
    request: AccessRequest
    subscription: Subscription
    stopped: SharingGrant
    later_tool: Tool
    closure: ClosureDays

    def client(self, persona: str) -> Client:
        """The browser of a persona, signed in; for `token` a program that sends the token."""
        if persona == "token":
            return Client(headers={"Authorization": f"Token {self.token}"})
        client = Client()
        person = self.world.people[persona]
        if person is not None:
            client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    def address(self, name: str, place: str) -> str:
        """The address `name` of what `place` names: words of `PLACES`, numbers and slugs, with `/` between."""
        if name in PATHS:
            return PATHS[name]
        words = [] if place == "-" else place.split("/")
        url = reverse(name, args=[PLACES[word](self) if word in PLACES else word for word in words])
        return f"{url}?{urlencode(QUERIES[name](self))}" if name in QUERIES else url


def beat() -> None:
    """Let worker and beat be alive now: 90 seconds later nobody believes it."""
    for process in ("worker", "beat"):
        write_heartbeat(process)


def build_stage() -> Stage:
    """Make it all."""
    world = build_world()
    beat()
    grant = world.grant(scope="report")
    world.grant(scope="step1")
    correction = _correction(world)
    copy = _file(world)
    invitation, secret = _invitation(world)
    token, integration = _integration(world)
    return Stage(
        world=world,
        grant=grant,
        copy=copy,
        invitation=invitation,
        secret=secret,
        token=token,
        integration=integration,
        batch=_upload(world),
        delivery=_message(world),
        correction=correction,
        request=_request(world),
        destroy_notice=_destroy_notice(world),
        pending=_pending(world),
        handover=_handover(world),
        withheld=withhold_report(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, cycle=9),
        paper=_paper(world),
        subscription=world.subscribe(),
        stopped=_stopped(world),
        later_tool=make_tool("Cambodia CAT V2", world.cambodia),
        closure=_closure(world),
    )


def _correction(world: World) -> CorrectionNotice:
    """Brand A read the report of cycle 1, which was then corrected: it keeps both versions (R51)."""
    member, old = world.person("brand_a_member"), world.assessments["a1"]
    record_access(by=member, assessment=old, openings=access.openings(member, old), action=AccessRecord.Action.VIEW)
    world.assessments |= {"a1_old": old, "a1": correct(world, old, q1020="compliant")}
    return CorrectionNotice.objects.get(assessment=old, brand=world.brand_a)


def _file(world: World) -> ReportCopy:
    """A finished file of brand A's member."""
    order = {"scope": "report", "language": "en", "format": "json"}
    copy = order_report(by=world.person("brand_a_member"), assessment=world.assessments["a2"], **order)
    jobs.run(copy.job_id)
    copy.refresh_from_db()
    return copy


def _invitation(world: World) -> tuple[Invitation, str]:
    """An invitation into factory A, and the secret of its link."""
    invitation, link = invite(
        by=world.person("manager_a"),
        kind=FACTORY,
        organisation=world.factory_a,
        email="new@test.example",
        role="member",
    )
    return invitation, link.rstrip("/").rsplit("/", 1)[1]


def _integration(world: World) -> tuple[str, int]:
    """An integration of brand A: its token, and its id."""
    token, secret = create_integration_token(
        by=world.person("brand_a_manager"),
        kind=BRAND,
        organisation=world.brand_a,
        name="Nightly",
        roles=["integration_report", "integration_step1"],
        days=30,
    )
    world.people["token"] = token.user
    return secret, token.user_id


def _request(world: World) -> AccessRequest:
    """What brand A asks factory A for besides."""
    terms = RequestedTerms(scopes=("improvement_plan",), purpose="Sourcing review")
    by = world.person("brand_a_member")
    return request_access(by=by, brand=world.brand_a, factory=world.factory_a, terms=terms)


def _destroy_notice(world: World) -> DestroyNotice:
    """Factory A asks brand A to destroy a copy."""
    manager = world.person("manager_a")
    notice = DestroyNotice.objects.create(factory=world.factory_a, brand=world.brand_a, asked_by=manager)
    CopyToDestroy.objects.create(notice=notice, number=100_000_007, scope="report", cycle=1)
    return notice


def _pending(world: World) -> SharingGrant:
    """A grant to brand B that a second person has yet to confirm."""
    return SharingGrant.objects.create(
        factory=world.factory_a,
        brand=world.brand_b,
        scope="improvement_plan",
        granted_by=world.person("manager_a"),
        needs_confirmation=True,
    )


def _stopped(world: World) -> SharingGrant:
    """A grant to brand B that factory A took back before a second person confirmed it: the brand never knew of it."""
    grant = SharingGrant.objects.create(
        factory=world.factory_a,
        brand=world.brand_b,
        scope="step1",
        granted_by=world.person("manager_a"),
        needs_confirmation=True,
    )
    SharingGrant.objects.filter(pk=grant.pk).update(ended_at=timezone.now(), end_code="stopped")
    return grant


def _handover(world: World) -> Handover:
    """The manager of factory B is being replaced."""
    return open_handover(
        by=world.person("team_leader"),
        factory=world.factory_b,
        new_name="Next Manager",
        new_email="next@test.example",
        evidence="A letter of the owner",
    )


def _paper(world: World) -> SharingGrant:
    """A grant to brand A that staff recorded from a signed form."""
    [grant] = record_paper_consent(
        by=world.person("team_leader"),
        factory=world.factory_a,
        brands=[world.brand_a],
        scopes=["improvement_plan"],
        terms=Terms(),
        signature=Signature("Sok Dara, manager", date(2026, 1, 5)),
        scan=SimpleUploadedFile("form.pdf", SCAN),
    )
    return grant


def _closure(world: World) -> ClosureDays:
    """Factory A will be closed for two days."""
    first, manager = days_from_now(40, world.factory_a), world.person("manager_a")
    return add_closure(by=manager, factory=world.factory_a, first_day=first, last_day=first + timedelta(days=1))


def _message(world: World) -> WebhookDelivery:
    """A message that was delivered to a webhook of brand A."""
    endpoint = WebhookEndpoint.objects.create(
        side="brand",
        organisation_id=world.brand_a.pk,
        url="https://hooks.test.example/",
        kinds=["grant.ended"],
        secret=lock(new_secret()),
        created_by=world.person("brand_a_manager"),
    )
    return WebhookDelivery.objects.create(endpoint=endpoint, kind="test", state="delivered", status_code=204)


def _upload(world: World) -> ImportBatch:
    """A table that the team leader uploaded; it names a factory that the portal does not know."""
    rows = [
        "Country,Factory Assessed ID,Factory Assessed Name,Quest ID,Cycle,Assesment Start Date,Questionnaire,Cluster,"
        "CP,Question ID,Q Label,Question type,Finding,Tags",
        "Cambodia,KH-0777,Lily Pond Knitwear,99001,1,03/02/2025,Cambodia CAT V1,Working Time,Overtime,1020,"
        "Overtime exceeds the legal limit,NC,1,",
    ]
    file = SimpleUploadedFile("table.csv", "\n".join(rows).encode())
    batch = start_import(by=world.person("team_leader"), upload=file)
    assert batch.job is not None
    jobs.run(batch.job.pk)
    batch.refresh_from_db()
    return batch


PLACES: dict[str, Callable[[Stage], Any]] = {
    "A": lambda stage: stage.world.factory_a.pk,
    "B": lambda stage: stage.world.factory_b.pk,
    "V": lambda stage: stage.world.factory_vn.pk,
    "brandB": lambda stage: stage.world.brand_b.pk,
    "batch": lambda stage: stage.batch.pk,
    "brandA": lambda stage: stage.world.brand_a.pk,
    "cambodia": lambda stage: stage.world.cambodia.pk,
    "global": lambda stage: stage.world.global_programme.pk,
    **{name: lambda stage, name=name: stage.world.assessments[name].pk for name in ("a1_old", "a2", "a3", "a4", "b1")},
    "grant": lambda stage: stage.grant.pk,
    "paper": lambda stage: stage.paper.pk,
    "withheld": lambda stage: stage.withheld.pk,
    "request": lambda stage: stage.request.pk,
    "subscription": lambda stage: stage.subscription.pk,
    "code": lambda stage: stage.request.code,
    "grantcode": lambda stage: short_code(stage.grant.pk),
    "copy": lambda stage: stage.copy.pk,
    "receipt": lambda stage: stage.grant.receipts.get().number,
    "job": lambda stage: stage.copy.job_id,
    "memberA": lambda stage: stage.world.person("member_a").pk,
    "advisorA": lambda stage: stage.world.person("advisor").pk,
    "brandAmember": lambda stage: stage.world.person("brand_a_member").pk,
    "leader": lambda stage: stage.world.person("team_leader").pk,
    "integration": lambda stage: stage.integration,
    "invited": lambda stage: stage.invitation.pk,
    "secret": lambda stage: stage.secret,
    "tool": lambda stage: stage.world.tool.pk,
    "latertool": lambda stage: stage.later_tool.pk,
    "pending": lambda stage: stage.pending.pk,
    "handover": lambda stage: stage.handover.pk,
    "notice": lambda stage: stage.destroy_notice.pk,
    "delivery": lambda stage: stage.delivery.pk,
    "endpoint": lambda stage: stage.delivery.endpoint_id,
    "correction": lambda stage: stage.correction.assessment_id,
    "unsubscribing": lambda stage: unsubscribe_token(stage.world.person("brand_a_member"), list(notice_kinds)),
    "closure": lambda stage: stage.closure.pk,
    "none": lambda _stage: NO_SUCH,
}


def draft(stage: Stage) -> str:
    """What manager A filled in, and nobody else: to share the reports with brand B."""
    filled_in = Draft.share([stage.world.brand_b], ["report"], Terms())
    return sign(filled_in, by=stage.world.person("manager_a"), factory=stage.world.factory_a)


# Addresses whose pattern cannot be turned round.
PATHS = {"api-nothing-here": "/api/v1/nothing/"}
QUERIES: dict[str, Callable[[Stage], dict[str, Any]]] = {
    "report_download": lambda stage: {"key": link_key(by=stage.world.person("brand_a_member"), copy=stage.copy)},
    "api:report-file": lambda stage: {"key": link_key(by=stage.world.person("brand_a_member"), copy=stage.copy)},
    "as_brand_after": lambda stage: {"draft": draft(stage)},
    "as_brand_after_assessment": lambda stage: {"draft": draft(stage)},
    "plan_new": lambda stage: {"factory": stage.world.factory_b.pk},
    "ask": lambda stage: {"factory": stage.world.factory_b.pk},
    "api:findings": lambda _stage: {"scope": "report"},
    "api:explain": lambda _stage: {"scope": "report"},
    "explain": lambda stage: {"cycle": "2", "reader": f"brand:{stage.world.brand_a.pk}"},
    "who_could_see": lambda _stage: {"cycle": "2", "day": "2026-03-03"},
    "api:factory-explain": lambda stage: {
        "scope": "report",
        "cycle": "2",
        "reader": f"person:{stage.world.person('member_a').pk}",
    },
    "api:who-could-see": lambda _stage: {"scope": "report", "cycle": "2", "at": "2026-03-03T12:00:00Z"},
}
