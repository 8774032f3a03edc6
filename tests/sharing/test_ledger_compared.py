"""The ledger and the tables beside it: a receipt that nobody signed, a row edited, put in or deleted is named."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from psycopg.types.json import Json

from brands.roles import BRAND
from factories.models import Factory
from factories.roles import FACTORY, PROGRAMME
from factories.services import assign_advisor, open_handover
from portal.accounts.models import MembershipPeriod
from portal.accounts.services import change_role, create_integration_token, remove_member, revoke_token
from portal.core.events import record
from portal.core.ledger.sealing import seal_new_rows
from portal.core.uploads import keep_upload
from sharing.models import PaperConsent, Receipt, SharingGrant, WithheldReport
from sharing.services import (
    Terms,
    change_grant,
    confirm_grant,
    record_paper_consent,
    refuse_grant,
    release_report,
    revoke_access,
    withhold_report,
)
from sharing.services.papers import Signature
from tests.tampering import problems, tamper, tell_world
from tests.world import World, build_world

GIVEN = {"cycles": "from", "cycle_number": 2, "purpose": "Audit", "hold_days": 7}


def life_of_grants(world: World) -> dict[str, SharingGrant]:
    """A grant of every sort and fate, each as the services leave it."""
    manager, until = world.person("manager_a"), timezone.now() + timedelta(days=30)
    told = world.grant(scope="step1")
    revoke_access(by=manager, grant=told, reason="The season is over", is_reason_shown=True)
    kept = world.grant(brand=world.brand_b)
    changed = change_grant(by=manager, grant=kept, terms=Terms(**GIVEN))  # type: ignore[arg-type]
    quiet = world.grant(brand=world.brand_b, scope="step1")
    revoke_access(by=manager, grant=quiet, reason="They never paid")
    given = world.grant(expires_at=until, **GIVEN)
    Factory.objects.filter(pk=world.factory_a.pk).update(confirms_sharing=True)
    confirmed = world.grant(scope="improvement_plan")
    confirm_grant(by=world.person("representative_a"), grant=confirmed)
    waiting = world.grant(brand=world.brand_b, scope="improvement_plan")
    refused = world.grant(brand=world.brand_b, scope="step1")
    refuse_grant(by=world.person("representative_a"), grant=refused, reason="Not yet")
    return {
        "given": given,
        "told": told,
        "changed": changed,
        "quiet": quiet,
        "confirmed": confirmed,
        "waiting": waiting,
        "refused": refused,
    }


# grant, what is written into its row, and the column that is named; values of other rows by their persona.
EDITED: list[tuple[str, dict[str, Any], str]] = [
    ("told", {"brand_id": "brand_b"}, "brand"),
    ("told", {"factory_id": "factory_b"}, "factory"),
    ("told", {"scope": "report"}, "scope"),
    ("given", {"cycles": "all", "cycle_number": None}, "cycles"),
    ("changed", {"cycle_number": 1}, "cycle_number"),
    ("given", {"valid_from": datetime(2020, 1, 1, tzinfo=UTC)}, "valid_from"),
    ("given", {"expires_at": None}, "expires_at"),
    ("given", {"purpose": "Marketing"}, "purpose"),
    ("changed", {"hold_days": 0}, "hold_days"),
    ("given", {"granted_for": "The owner", "consent_document": "consents/none"}, "granted_for"),
    ("given", {"granted_by_id": "manager_b"}, "granted_by"),
    ("given", {"created_at": datetime(2020, 1, 1, tzinfo=UTC)}, "created_at"),
    ("waiting", {"needs_confirmation": False}, "needs_confirmation"),
    ("confirmed", {"confirmed_at": None, "confirmed_by_id": None}, "confirmed_by"),
    ("confirmed", {"confirmed_at": datetime(2035, 1, 1, tzinfo=UTC)}, "confirmed_at"),
    ("told", {"ended_at": None, "ended_by_id": None, "end_reason": "", "is_end_reason_shown": False}, "ended_at"),
    ("quiet", {"ended_at": datetime(2035, 1, 1, tzinfo=UTC)}, "ended_at"),
    ("quiet", {"ended_by_id": "manager_b"}, "ended_by"),
    ("quiet", {"end_reason": "They paid"}, "end_reason"),
    ("told", {"is_end_reason_shown": False}, "is_end_reason_shown"),
]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_grant_edited_behind_the_back_of_its_receipts_is_found_and_named(everything_settles: None) -> None:
    """Grants are not sealed, their receipts are: what was signed tells. Untouched, nothing is said of any of them."""
    world = told_world()
    grants = life_of_grants(world)
    seal_new_rows()
    assert problems() == []
    others: dict[Any, int] = {name: getattr(world, name).pk for name in ("brand_b", "factory_b")}
    others["manager_b"] = world.person("manager_b").pk
    for name, written, named in EDITED:
        grant = SharingGrant.objects.get(pk=grants[name].pk)
        before = {column: getattr(grant, column) for column in written}
        edit_grant(grant, {column: others.get(value, value) for column, value in written.items()})
        problem = problems()[0]
        assert problem.startswith(f"sharing_sharinggrant {grant.pk}: its {named} is not what receipt "), problem
        edit_grant(grant, before)
    assert problems() == []

    waiting, now = grants["waiting"], timezone.now()
    edit_grant(waiting, {"confirmed_at": now, "confirmed_by_id": world.person("manager_a").pk})
    assert problems() == [f"sharing_sharinggrant {waiting.pk}: it was confirmed, and no receipt says so"]
    edit_grant(waiting, {"confirmed_at": None, "confirmed_by_id": None})
    edit_grant(grants["given"], {"ended_at": now, "ended_by_id": world.person("manager_a").pk})
    assert problems() == [f"sharing_sharinggrant {grants['given'].pk}: it was ended, and no receipt says so"]


def edit_grant(grant: SharingGrant, values: dict[str, Any]) -> None:
    change("sharing_sharinggrant", grant.pk, values)


def change(table: str, key: object, values: dict[str, Any]) -> None:
    columns = ", ".join(f"{column} = %s" for column in values)
    tamper(f"UPDATE {table} SET {columns} WHERE id = %s", *values.values(), key)


@pytest.fixture
def world(transactional_db: None, everything_settles: None) -> World:
    """The world with the events of its members and publications."""
    return told_world()


def told_world() -> World:
    made = build_world()
    tell_world()
    seal_new_rows(begins_with_history=True)
    return made


def one_problem(table: str) -> str:
    """What is found, where only rows of one table are concerned."""
    [problem] = problems()
    assert problem.startswith(table), problem
    return problem


ALL_ROLES = ["default", "owner"]


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_a_grant_that_nobody_signed_is_found_before_and_after_the_next_seal(world: World) -> None:
    """As a superuser without the signing key would make it: its row, its event, a receipt that looks like one."""
    real = world.grant(scope="step1")
    seal_new_rows()
    forged = SharingGrant.objects.create(
        factory=world.factory_b, brand=world.brand_b, scope="report", granted_by=world.person("manager_b")
    )
    said = {"scope": "report", "cycles": "all", "cycle_number": None, "hold_days": 0, "replaces": None}
    ids: dict[str, Any] = {"factory_id": world.factory_b.pk, "brand_id": world.brand_b.pk, "subject": forged.pk}
    record("sharing.granted", by=world.person("manager_b"), **ids, **said)
    alone = f"sharing_sharinggrant {forged.pk}: no receipt tells of its beginning: nobody gave it"
    assert problems() == [alone]
    seal_new_rows()
    assert problems() == [alone]

    copied = real.receipts.get()
    payload = {**copied.payload, "number": "0000-0000-0000-0000", "grant": str(forged.pk)}
    row = {"number": payload["number"], "grant": forged, "factory": world.factory_b, "brand": world.brand_b}
    fields = {name: getattr(copied, name) for name in ("kind", "key_id", "signature", "disclosed", "issued_at")}
    Receipt.objects.create(payload=payload, actor=world.person("manager_b"), **row, **fields)
    nobody = "sharing_receipt 0000-0000-0000-0000: nobody signed it: its signature does not fit"
    assert nobody in problems()
    seal_new_rows()
    assert nobody in problems()


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_a_receipt_whose_columns_say_something_else_than_was_signed_is_found(world: World) -> None:
    grant, other = world.grant(), world.grant(scope="step1")
    receipt = grant.receipts.get()
    edits: dict[str, Any] = {
        "number": "0000-0000-0000-0000",
        "kind": "changed",
        "grant_id": other.pk,
        "factory_id": world.factory_b.pk,
        "brand_id": world.brand_b.pk,
        "issued_at": timezone.now() + timedelta(minutes=1),
    }
    for column, value in edits.items():
        tamper(f"UPDATE sharing_receipt SET {column} = %s WHERE id = %s", value, receipt.pk)
        name = column.removesuffix("_id")
        found = [problem for problem in problems() if problem.startswith("sharing_receipt")]
        assert [problem.split(": ")[1] for problem in found] == [f"its {name} is not what was signed"]
        tamper(f"UPDATE sharing_receipt SET {column} = %s WHERE id = %s", getattr(receipt, column), receipt.pk)
    for statement, what in (
        ("disclosed = jsonb_set(disclosed, '{acted_by, 1}', '\"X\"')", "what it discloses is not what was signed"),
        ("disclosed = '{}'", "what it discloses is not what was signed"),
        ("disclosed = '[]'", "what was signed is no receipt"),
        ("payload = '1.5'", "nobody signed it: its signature does not fit"),
        ("key_id = 'x'", "it is signed with the key x, which SIGNING_KEYS does not name: add its public half"),
    ):
        tamper(f"UPDATE sharing_receipt SET {statement} WHERE id = %s", receipt.pk)
        assert f"sharing_receipt {receipt.number}: {what}" in problems()
        columns = ("disclosed", "payload", "key_id")
        tamper(
            "UPDATE sharing_receipt SET disclosed = %s, payload = %s, key_id = %s WHERE id = %s",
            *(Json(getattr(receipt, name)) if name != "key_id" else receipt.key_id for name in columns),
            receipt.pk,
        )
    assert problems() == []


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_what_a_grant_replaces_is_compared(world: World) -> None:
    first = world.grant()
    changed = change_grant(by=world.person("manager_a"), grant=first, terms=Terms(cycles="from", cycle_number=2))
    assert problems() == []
    edit_grant(changed, {"replaces_id": None})
    assert "its replaces is not what event" in one_problem(f"sharing_sharinggrant {changed.pk}")


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_withheld_reports_are_compared(world: World) -> None:
    world.grant()
    manager = world.person("manager_a")
    kept = withhold_report(by=manager, factory=world.factory_a, brand=world.brand_a, cycle=2)
    gone = withhold_report(by=manager, factory=world.factory_a, brand=world.brand_a, cycle=3)
    release_report(by=manager, withheld=gone)
    seal_new_rows()
    assert problems() == []
    table, now = "sharing_withheldreport", timezone.now()
    edited: list[tuple[WithheldReport, str, Any, str]] = [
        (kept, "cycle", 4, "it says something else"),
        (kept, "brand_id", world.brand_b.pk, "it says something else"),
        (kept, "withheld_at", now - timedelta(days=9), "its withheld_at differs"),
        (kept, "released_at", now, "it was released, and no event tells of that"),
        (gone, "released_at", now + timedelta(days=9), "its release differs"),
        (gone, "released_by_id", world.person("member_a").pk, "its release differs"),
    ]
    for row, column, value, what in edited:
        row.refresh_from_db()
        more = {"released_by_id": manager.pk} if column == "released_at" else {}
        change(table, row.pk, {column: value, **more})
        assert what in one_problem(f"{table} {row.pk}")
        change(table, row.pk, {name: getattr(row, name) for name in (column, *more)})
    tamper(f"DELETE FROM {table} WHERE id = %s", kept.pk)
    assert "it is gone" in one_problem(f"{table} {kept.pk}")


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_when_a_report_was_published_and_withdrawn_is_compared(world: World) -> None:
    one, withdrawn = world.assessments["a2"], world.assessments["b2"]
    table = "assessments_assessment"
    for row, column in ((one, "published_at"), (withdrawn, "withdrawn_at"), (withdrawn, "published_at")):
        for moment in (timezone.now() + timedelta(days=30), getattr(row, column) - timedelta(hours=1)):
            change(table, row.pk, {column: moment})
            assert f"its {column} is not what event" in one_problem(f"{table} {row.pk}")
        change(table, row.pk, {column: getattr(row, column)})
    waiting = world.assessments["a3"]
    change(table, waiting.pk, {"published_at": timezone.now(), "state": "published"})
    assert "no event tells of its published_at" in one_problem(f"{table} {waiting.pk}")


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_memberships_and_their_past_are_compared(world: World) -> None:
    live_among_members(world)
    seal_new_rows()
    assert problems() == []
    member, group = world.person("outsider"), FACTORY.group(world.factory_a, "manager")
    now, place = timezone.now(), f"{world.person('outsider').pk} in factory:{world.factory_a.pk}:manager"
    tamper("INSERT INTO accounts_user_groups (user_id, group_id) VALUES (%s, %s)", member.pk, group.pk)
    assert "is a member, and no period says so" in one_problem(f"accounts_user_groups {place}")
    put_in = "INSERT INTO accounts_membershipperiod (user_id, group_id, since) VALUES (%s, %s, %s)"
    tamper(put_in, member.pk, group.pk, now)
    assert "no event tells of its since" in one_problem("accounts_membershipperiod")
    tamper("DELETE FROM accounts_user_groups WHERE user_id = %s", member.pk)
    tamper("DELETE FROM accounts_membershipperiod WHERE user_id = %s", member.pk)

    period = MembershipPeriod.objects.get(user=world.person("manager_a"), until=None)
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
def test_scans_that_are_missing_or_altered_are_named_and_their_pages_say_so(world: World, client_of: Any) -> None:
    scan = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"
    [grant] = record_paper_consent(
        by=world.person("programme_manager"),
        factory=world.factory_a,
        brands=[world.brand_a],
        scopes=["report"],
        terms=Terms(),
        signature=Signature("Sok Dara", timezone.localdate()),
        scan=SimpleUploadedFile("form.pdf", scan),
    )
    handover = open_handover(
        by=world.person("programme_manager"),
        factory=world.factory_b,
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
    staff = client_of(world.person("programme_manager"))
    for name, row, url in places:
        with private.open(name) as file:
            content = file.read()
        assert b"".join(staff.get(url).streaming_content) == content
        private.delete(name)
        assert problems() == [f"{row}: its scan is missing from the storage of private files"]
        answer = staff.get(url)
        assert (answer.status_code, "missing from its storage" in answer.content.decode()) == (404, True)
        private.save(name, ContentFile(b"another"))
        assert problems() == [f"{row}: its scan is not the file that was recorded"]
        private.delete(name)
        private.save(name, ContentFile(content))
    assert problems() == []


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_signed_forms_and_handovers_are_compared_with_their_events(world: World) -> None:
    [grant] = record_paper_consent(
        by=world.person("programme_manager"),
        factory=world.factory_a,
        brands=[world.brand_a],
        scopes=["report"],
        terms=Terms(),
        signature=Signature("Sok Dara", timezone.localdate()),
        scan=SimpleUploadedFile("form.pdf", b"%PDF-1.7\n%%EOF\n"),
    )
    consent = PaperConsent.objects.get()
    case = {"new_name": "V", "new_email": "v@factory.example", "evidence": "A letter"}
    handover = open_handover(by=world.person("programme_manager"), factory=world.factory_b, **case)
    assert problems() == []
    for table, row, column, value, what in (
        ("sharing_paperconsent", consent, "signed_on", timezone.localdate() - timedelta(days=9), "it says something"),
        ("sharing_paperconsent", consent, "signed_by", "Somebody", "the signed form that it names was not"),
        ("factories_handover", handover, "scan_sha256", "0" * 64, "it is not what event"),
        ("factories_handover", handover, "leaving_id", world.person("manager_a").pk, "it is not what event"),
    ):
        change(table, row.pk, {column: value})
        assert any(what in problem for problem in problems()), (column, problems())
        change(table, row.pk, {column: getattr(row, column)})
    assert problems() == []
    edit_grant(grant, {"granted_for": "", "consent_document": ""})
    assert len(problems()) == 2
    edit_grant(grant, {"granted_for": grant.granted_for, "consent_document": grant.consent_document})
    tamper("DELETE FROM factories_handover WHERE id = %s", handover.pk)
    assert one_problem("factories_handover").endswith("it is gone")
