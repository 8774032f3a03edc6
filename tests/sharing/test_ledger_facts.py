"""What stands beside the ledger against its events: withheld reports, publications, members, forms, scans."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from assessments.models import Answer
from brands.roles import BRAND
from factories.roles import FACTORY, PROGRAMME
from factories.services import assign_advisor, open_handover
from portal.accounts.models import MembershipPeriod
from portal.accounts.services import change_role, create_integration_token, remove_member, revoke_token
from portal.core.days import days_from_now, today
from portal.core.uploads import keep_upload
from portal.ledger.sealing import seal_new_rows
from sharing.grants.services.outcomes import Terms
from sharing.holds.services import allow_report, withhold_report
from sharing.models import PaperConsent, WithheldReport
from sharing.papers.services import Signature, record_paper_consent
from sharing.subscriptions.services import withdraw_subscription
from tests.tampering import change, edit_grant, one_problem, problems, tamper
from tests.world import World

ALL_ROLES = ["default", "owner"]


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_withheld_reports_are_compared(told: World) -> None:
    told.grant()
    manager = told.person("manager_a")
    kept = withhold_report(by=manager, factory=told.factory_a, brand=told.brand_a, cycle=2)
    gone = withhold_report(by=manager, factory=told.factory_a, brand=told.brand_a, cycle=3)
    allow_report(by=manager, withheld=gone)
    seal_new_rows()
    assert problems() == []
    table, now = "sharing_withheldreport", timezone.now()
    edited: list[tuple[WithheldReport, str, Any, str]] = [
        (kept, "cycle", 4, "it says something else"),
        (kept, "brand_id", told.brand_b.pk, "it says something else"),
        (kept, "withheld_at", now - timedelta(days=9), "its withheld_at differs"),
        (kept, "allowed_at", now, "it was allowed, and no event tells of that"),
        (gone, "allowed_at", now + timedelta(days=9), "its allowance differs"),
        (gone, "allowed_by_id", told.person("member_a").pk, "its allowance differs"),
    ]
    for row, column, value, what in edited:
        row.refresh_from_db()
        more = {"allowed_by_id": manager.pk} if column == "allowed_at" else {}
        change(table, row.pk, {column: value, **more})
        assert what in one_problem(f"{table} {row.pk}")
        change(table, row.pk, {name: getattr(row, name) for name in (column, *more)})
    tamper(f"DELETE FROM {table} WHERE id = %s", kept.pk)
    assert "it is gone" in one_problem(f"{table} {kept.pk}")


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_subscriptions_are_compared(told: World) -> None:
    leader, table = told.person("team_leader"), "sharing_subscription"
    bought = told.subscribe(cycle=1)
    gone = withdraw_subscription(by=leader, subscription=told.subscribe(cycle=2), reason="Wrong factory")
    seal_new_rows()
    assert problems() == []
    edited = [
        (bought, {"cycle": 4}, "it says something else"),
        (bought, {"bought_on": "2020-01-01"}, "it says something else"),
        (bought, {"recorded_at": timezone.now() - timedelta(days=9)}, "its recorded_at differs"),
        (
            bought,
            {"ended_at": timezone.now(), "ended_by_id": leader.pk, "end_reason": "Mine"},
            "no event tells of that",
        ),
        (gone, {"end_reason": "Something else"}, "its withdrawal differs"),
    ]
    for row, values, what in edited:
        change(table, row.pk, values)
        assert what in one_problem(f"{table} {row.pk}")
        change(table, row.pk, {name: getattr(row, name) for name in values})
    tamper(f"DELETE FROM {table} WHERE id = %s", bought.pk)
    assert "it is gone" in one_problem(f"{table} {bought.pk}")


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_when_a_report_was_published_and_withdrawn_is_compared(told: World) -> None:
    one, withdrawn = told.assessments["a2"], told.assessments["b2"]
    table = "assessments_assessment"
    for row, column in ((one, "published_at"), (withdrawn, "withdrawn_at"), (withdrawn, "published_at")):
        for moment in (timezone.now() + timedelta(days=30), getattr(row, column) - timedelta(hours=1)):
            change(table, row.pk, {column: moment})
            assert f"its {column} is not what event" in one_problem(f"{table} {row.pk}")
        change(table, row.pk, {column: getattr(row, column)})
    waiting = told.assessments["a3"]
    now = timezone.now()
    report = {"report_id": one.report_id, "first_published_at": one.first_published_at}
    change(table, waiting.pk, {"published_at": now, "state": "published", **report})
    assert "no event tells of its published_at" in one_problem(f"{table} {waiting.pk}")


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_when_a_report_was_first_published_is_compared(told: World) -> None:
    """Holds are counted from there."""
    one = told.assessments["a2"]
    assert one.report is not None
    assert one.first_published_at is not None
    earlier = {"first_published_at": one.first_published_at - timedelta(days=365)}
    change("assessments_assessment", one.pk, earlier)
    assert "its first_published_at is not" in one_problem(f"assessments_assessment {one.pk}")
    change("sharing_cyclereport", one.report.pk, earlier)
    assert "its first_published_at is not" in one_problem(f"sharing_cyclereport {one.report.pk}")


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_what_a_published_report_says_is_compared(told: World) -> None:
    one = told.assessments["a2"]
    answer = one.answers.filter(finding=Answer.Finding.NC).first()
    assert answer is not None
    table, what = "assessments_answer", "the answers are not those that event"
    for column, value in (("finding", "compliant"), ("value", "0"), ("note", "None."), ("provenance", "virtual")):
        change(table, answer.pk, {column: value})
        assert what in one_problem(f"{table} {one.pk}")
        change(table, answer.pk, {column: getattr(answer, column)})
    assert problems() == []
    tamper(f"DELETE FROM {table} WHERE assessment_id = %s", one.pk)
    assert what in one_problem(f"{table} {one.pk}")


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_memberships_and_their_past_are_compared(told: World) -> None:
    live_among_members(told)
    seal_new_rows()
    assert problems() == []
    member, group = told.person("outsider"), FACTORY.group(told.factory_a, "manager")
    now, place = timezone.now(), f"{told.person('outsider').pk} in factory:{told.factory_a.pk}:manager"
    tamper("INSERT INTO accounts_user_groups (user_id, group_id) VALUES (%s, %s)", member.pk, group.pk)
    assert "is a member, and no period says so" in one_problem(f"accounts_user_groups {place}")
    put_in = "INSERT INTO accounts_membershipperiod (user_id, group_id, since) VALUES (%s, %s, %s)"
    tamper(put_in, member.pk, group.pk, now)
    assert "no event tells of its since" in one_problem("accounts_membershipperiod")
    tamper("DELETE FROM accounts_user_groups WHERE user_id = %s", member.pk)
    tamper("DELETE FROM accounts_membershipperiod WHERE user_id = %s", member.pk)

    period = MembershipPeriod.objects.get(user=told.person("manager_a"), until=None)
    table = "accounts_membershipperiod"
    change(table, period.pk, {"since": period.since - timedelta(days=30)})
    assert "no event tells of its since" in problems()[0]
    change(table, period.pk, {"since": period.since})
    past = MembershipPeriod.objects.exclude(until=None).first()
    assert past is not None
    assert past.until is not None
    change(table, past.pk, {"until": past.until + timedelta(days=30)})
    assert "no event tells of its until" in problems()[0]
    change(table, past.pk, {"until": past.until})
    tamper(f"DELETE FROM {table} WHERE id = %s", past.pk)
    assert "its periods are not what event" in one_problem(f"{table} {past.user_id} in ")


def live_among_members(world: World) -> None:
    """Roles given, changed and taken in every way that there is."""
    manager, staff = world.person("manager_a"), world.person("programme_manager")
    change_role(by=manager, kind=FACTORY, organisation=world.factory_a, member=world.person("member_a"), role="manager")
    remove_member(by=manager, kind=FACTORY, organisation=world.factory_a, member=world.person("representative_a"))
    assign_advisor(by=staff, factory=world.factory_b, advisor=world.person("advisor"))
    assign_advisor(by=staff, factory=world.factory_b, advisor=world.person("advisor"))
    change_role(
        by=staff, kind=PROGRAMME, organisation=world.cambodia, member=world.person("advisor"), role="team_leader"
    )
    roles = ["integration_report", "integration_step1"]
    order: dict[str, Any] = {"by": world.person("brand_a_manager"), "kind": BRAND, "organisation": world.brand_a}
    token, _secret = create_integration_token(**order, name="Loader", roles=roles, days=3)
    create_integration_token(**order, name="Another", roles=roles[:1], days=3)
    revoke_token(**order, token=token)


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_scans_that_are_missing_or_altered_are_named_and_their_pages_say_so(told: World, client_of: Any) -> None:
    scan = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"
    [grant] = record_paper_consent(
        by=told.person("programme_manager"),
        factory=told.factory_a,
        brands=[told.brand_a],
        scopes=["report"],
        terms=Terms(),
        signature=Signature("Sok Dara", today(told.factory_a)),
        scan=SimpleUploadedFile("form.pdf", scan),
    )
    handover = open_handover(
        by=told.person("programme_manager"),
        factory=told.factory_b,
        new_name="Vichea Ros",
        new_email="vichea@factory.example",
        evidence="A letter",
        scan=keep_upload(ContentFile(b"a letter"), "handovers"),
    )
    seal_new_rows()
    assert problems() == []
    consent, private = PaperConsent.objects.get(), storages["private"]
    places = (
        (consent.document, f"sharing_paperconsent {consent.pk}", f"/sharing/{grant.pk}/paper/"),
        (handover.scan, f"factories_handover {handover.pk}", f"/handovers/{handover.pk}/scan/"),
    )
    staff = client_of(told.person("programme_manager"))
    for name, row, url in places:
        with private.open(name) as file:
            content = file.read()
        assert b"".join(staff.get(url).streaming_content) == content
        private.delete(name)
        assert problems() == [f"{row}: its scan is missing from the storage of private files"]
        answer = staff.get(url)
        assert (answer.status_code, "missing from the portal" in answer.content.decode()) == (404, True)
        private.save(name, ContentFile(b"another"))
        assert problems() == [f"{row}: its scan is not the file that was recorded"]
        private.delete(name)
        private.save(name, ContentFile(content))
    assert problems() == []


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_signed_forms_and_handovers_are_compared_with_their_events(told: World) -> None:
    [grant] = record_paper_consent(
        by=told.person("programme_manager"),
        factory=told.factory_a,
        brands=[told.brand_a],
        scopes=["report"],
        terms=Terms(),
        signature=Signature("Sok Dara", today(told.factory_a)),
        scan=SimpleUploadedFile("form.pdf", b"%PDF-1.7\n%%EOF\n"),
    )
    consent = PaperConsent.objects.get()
    case = {"new_name": "V", "new_email": "v@factory.example", "evidence": "A letter"}
    handover = open_handover(by=told.person("programme_manager"), factory=told.factory_b, **case)
    assert problems() == []
    for table, row, column, value, what in (
        ("sharing_paperconsent", consent, "signed_on", days_from_now(-9, told.factory_a), "it says something"),
        ("sharing_paperconsent", consent, "signed_by", "Somebody", "the signed form that it names was not"),
        ("factories_handover", handover, "scan_sha256", "0" * 64, "it is not what event"),
        ("factories_handover", handover, "leaving_id", told.person("manager_a").pk, "it is not what event"),
    ):
        change(table, row.pk, {column: value})
        assert any(what in problem for problem in problems()), (column, problems())
        change(table, row.pk, {column: getattr(row, column)})
    assert problems() == []
    edit_grant(grant, {"granted_for": "", "consent_document": ""})
    is_not, form = problems()
    assert is_not.startswith(f"sharing_sharinggrant {grant.pk}: its granted_for is not what receipt ")
    assert form == f"sharing_sharinggrant {grant.pk}: the signed form that it names was not recorded for it"
    edit_grant(grant, {"granted_for": grant.granted_for, "consent_document": grant.consent_document})
    tamper("DELETE FROM factories_handover WHERE id = %s", handover.pk)
    assert one_problem("factories_handover").endswith("it is gone")
