"""Grants and receipts against what was signed: a receipt that nobody signed, a grant edited or put in, is named."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from psycopg.types.json import Json

from factories.models import Factory
from portal.core.events import record
from portal.core.signing import public_half, thumbprint
from portal.ledger.sealing import seal_new_rows
from sharing.confirming.services import confirm_grant, refuse_grant
from sharing.events import SharingEvent
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.models import Receipt, SharingGrant
from sharing.receipts.payload import TYPE
from tests.jose import signed_by
from tests.tampering import edit_grant, one_problem, problems, tamper
from tests.world import World

ALL_ROLES = ["default", "owner"]
STRANGER = b"o" * 32  # the signing key of another portal


GIVEN = {"cycles": "from", "cycle_numbers": [2], "purpose": "Audit", "hold_days": 7}


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
    single = world.grant(factory=world.factory_b, cycles="only", cycle_numbers=[2, 4])
    Factory.objects.filter(pk=world.factory_a.pk).update(confirms_sharing=True)
    confirmed = world.grant(scope="improvement_plan")
    confirm_grant(by=world.person("representative_a"), grant=confirmed)
    waiting = world.grant(brand=world.brand_b, scope="improvement_plan")
    refused = world.grant(brand=world.brand_b, scope="step1")
    refuse_grant(by=world.person("representative_a"), grant=refused, reason="Not yet")
    return {
        "given": given,
        "single": single,
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
    ("given", {"cycles": "all", "cycle_numbers": []}, "cycles"),
    ("changed", {"cycle_numbers": [1]}, "cycle_numbers"),
    ("single", {"cycle_numbers": [1, 2, 4]}, "cycle_numbers"),
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
    (
        "told",
        {"ended_at": None, "ended_by_id": None, "end_code": "", "end_reason": "", "is_end_reason_shown": False},
        "ended_at",
    ),
    ("quiet", {"ended_at": datetime(2035, 1, 1, tzinfo=UTC)}, "ended_at"),
    ("quiet", {"ended_by_id": "manager_b"}, "ended_by"),
    ("quiet", {"end_code": "expired"}, "end_code"),
    ("quiet", {"end_reason": "They paid"}, "end_reason"),
    ("told", {"is_end_reason_shown": False}, "is_end_reason_shown"),
]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_grant_edited_behind_the_back_of_its_receipts_is_found_and_named(told: World) -> None:
    """Grants are not sealed, their receipts are: what was signed tells. Untouched, nothing is said of any of them."""
    grants = life_of_grants(told)
    seal_new_rows()
    assert problems() == []
    others: dict[Any, int] = {name: getattr(told, name).pk for name in ("brand_b", "factory_b")}
    others["manager_b"] = told.person("manager_b").pk
    for name, written, named in EDITED:
        grant = SharingGrant.objects.get(pk=grants[name].pk)
        before = {column: getattr(grant, column) for column in written}
        edit_grant(grant, {column: others.get(str(value), value) for column, value in written.items()})
        [problem, *more] = problems()
        assert problem.startswith(f"sharing_sharinggrant {grant.pk}: its {named} is not what receipt "), problem
        form = f"sharing_sharinggrant {grant.pk}: the signed form that it names was not recorded for it"
        assert more == ([form] if "consent_document" in written else []), named
        edit_grant(grant, before)
    assert problems() == []

    waiting, now = grants["waiting"], timezone.now()
    edit_grant(waiting, {"confirmed_at": now, "confirmed_by_id": told.person("manager_a").pk})
    assert problems() == [f"sharing_sharinggrant {waiting.pk}: it was confirmed, and no receipt says so"]
    edit_grant(waiting, {"confirmed_at": None, "confirmed_by_id": None})
    edit_grant(grants["given"], {"ended_at": now, "ended_by_id": told.person("manager_a").pk})
    assert problems() == [f"sharing_sharinggrant {grants['given'].pk}: it was ended, and no receipt says so"]


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_a_grant_that_nobody_signed_is_found_before_and_after_the_next_seal(told: World) -> None:
    """As a superuser without the signing key would make it: its row, its event, a receipt that looks like one."""
    real = told.grant(scope="step1")
    seal_new_rows()
    forged = SharingGrant.objects.create(
        factory=told.factory_b, brand=told.brand_b, scope="report", granted_by=told.person("manager_b")
    )
    said = {"scope": "report", "cycles": "all", "cycle_numbers": [], "hold_days": 0, "replaces": None, "follows": None}
    ids: dict[str, Any] = {"factory_id": told.factory_b.pk, "brand_id": told.brand_b.pk, "subject": forged.pk}
    record(SharingEvent.GRANT_CREATED, by=told.person("manager_b"), **ids, **said)
    alone = f"sharing_sharinggrant {forged.pk}: no receipt tells of its beginning: nobody gave it"
    assert problems() == [alone]
    seal_new_rows()
    assert problems() == [alone]

    copied = real.receipts.get()
    payload = {**copied.payload, "jti": "0000-0000-0000-0000", "grant": str(forged.pk)}
    row = {"number": payload["jti"], "grant": forged, "factory": told.factory_b, "brand": told.brand_b}
    fields = {name: getattr(copied, name) for name in ("kind", "jws", "disclosed", "issued_at")}
    Receipt.objects.create(payload=payload, actor=told.person("manager_b"), **row, **fields)
    nobody = "sharing_receipt 0000-0000-0000-0000: nobody signed it: its signature does not fit"
    assert nobody in problems()
    seal_new_rows()
    assert nobody in problems()


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_a_receipt_whose_columns_say_something_else_than_was_signed_is_found(told: World) -> None:
    grant, other = told.grant(), told.grant(scope="step1")
    receipt = grant.receipts.get()
    edits: dict[str, Any] = {
        "number": "0000-0000-0000-0000",
        "kind": "changed",
        "grant_id": other.pk,
        "factory_id": told.factory_b.pk,
        "brand_id": told.brand_b.pk,
        "issued_at": timezone.now() + timedelta(minutes=1),
    }
    for column, value in edits.items():
        tamper(f"UPDATE sharing_receipt SET {column} = %s WHERE id = %s", value, receipt.pk)
        name = column.removesuffix("_id")
        found = [problem for problem in problems() if problem.startswith("sharing_receipt")]
        assert [problem.split(": ")[1] for problem in found] == [f"its {name} is not what was signed"]
        tamper(f"UPDATE sharing_receipt SET {column} = %s WHERE id = %s", getattr(receipt, column), receipt.pk)
    other_key = thumbprint(public_half("private", STRANGER))
    stranger = signed_by(STRANGER, receipt.payload, alg="EdDSA", typ=TYPE, kid=other_key)
    for statement, what in (
        ("disclosed = jsonb_set(disclosed, '{acted_by, 1}', '\"X\"')", "what it discloses is not what was signed"),
        ("disclosed = '{}'", "what it discloses is not what was signed"),
        ("disclosed = '[]'", "what was signed is no receipt"),
        ("payload = '1.5'", "nobody signed it: its signature does not fit"),
        ("payload = payload || '{\"extra\": 1}'", "nobody signed it: its signature does not fit"),
        ("jws = left(jws, -4) || 'AAAA'", "nobody signed it: its signature does not fit"),
        ("jws = 'x'", "nobody signed it: its signature does not fit"),
        (
            f"jws = '{stranger}'",
            f"it is signed with the key {other_key}, which SIGNING_KEYS does not name: add its public half",
        ),
    ):
        tamper(f"UPDATE sharing_receipt SET {statement} WHERE id = %s", receipt.pk)
        assert f"sharing_receipt {receipt.number}: {what}" in problems()
        tamper(
            "UPDATE sharing_receipt SET disclosed = %s, payload = %s, jws = %s WHERE id = %s",
            *(Json(receipt.disclosed), Json(receipt.payload), receipt.jws, receipt.pk),
        )
    assert problems() == []


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_what_a_grant_replaces_is_compared(told: World) -> None:
    first = told.grant()
    changed = change_grant(by=told.person("manager_a"), grant=first, terms=Terms(cycles="from", cycle_numbers=[2]))
    assert problems() == []
    edit_grant(changed, {"replaces_id": None})
    assert "what it replaces or follows is not what event" in one_problem(f"sharing_sharinggrant {changed.pk}")


@pytest.mark.django_db(transaction=True, databases=ALL_ROLES)
def test_an_event_of_before_there_were_two_links_says_what_a_grant_follows(told: World) -> None:
    manager, first = told.person("manager_a"), told.grant()
    Factory.objects.filter(pk=told.factory_a.pk).update(confirms_sharing=True)
    proposed = change_grant(by=manager, grant=first, terms=Terms(purpose="Audit"))
    refuse_grant(by=told.person("representative_a"), grant=proposed)
    changed = change_grant(by=manager, grant=first, terms=Terms(purpose="Sourcing"))
    assert (changed.replaces_id, changed.follows_id) == (first.pk, proposed.pk)
    tamper(
        "UPDATE core_event SET data = data - 'follows' || jsonb_build_object('replaces', data -> 'follows')"
        " WHERE kind IN ('grant.created', 'grant.changed')"
    )
    assert problems() == []
    for edited in ({"replaces_id": None}, {"follows_id": None}):
        edit_grant(changed, edited)
        assert "what it replaces or follows is not what event" in one_problem(f"sharing_sharinggrant {changed.pk}")
        edit_grant(changed, {"replaces_id": first.pk, "follows_id": proposed.pk})
    assert problems() == []
