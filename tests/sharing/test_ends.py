"""Why a grant ended is a code in its row, its event and its receipt, and is named in each reader's language."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import override

from portal.core.models import Event
from sharing.confirming.services import refuse_grant
from sharing.grants.ends import End, end_in_words
from sharing.grants.services.granting import EVENT_OF_END, change_grant, grant_access
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.models import Receipt, SharingGrant
from sharing.receipts.checking import check_document
from sharing.receipts.document import json_of
from tests.jose import decode, readable
from tests.world import World

pytestmark = pytest.mark.django_db
PEOPLE = ("manager_a", "brand_a_member")
KHMER = "បានផ្លាស់ប្តូរ"  # what a manager's language put into rows and receipts before there were codes


def stopped(world: World) -> SharingGrant:
    return revoke_access(by=world.person("manager_a"), grant=world.grant(), reason="They pay late")


def changed(world: World) -> SharingGrant:
    grant = world.grant()
    change_grant(by=world.person("manager_a"), grant=grant, terms=Terms(cycles="only", cycle_numbers=[1]))
    return grant


def refused(world: World) -> SharingGrant:
    type(world.factory_a).objects.filter(pk=world.factory_a.pk).update(confirms_sharing=True)
    grant = world.grant()
    return refuse_grant(by=world.person("representative_a"), grant=grant)


@pytest.mark.parametrize(("end", "code"), [(stopped, End.STOPPED), (changed, End.CHANGED), (refused, End.REFUSED)])
@pytest.mark.parametrize("language", ["en", "km"])
def test_an_end_is_written_as_a_code_whatever_the_deciders_language(end: Any, code: End, language: str, world: World):
    with override(language):
        grant = end(world)
    grant.refresh_from_db()
    receipt = Receipt.objects.get(grant=grant, kind=Receipt.Kind.ENDED)
    assert grant.end_code == code
    assert grant.end_reason == ("They pay late" if code is End.STOPPED else "")
    assert receipt.disclosed["end_code"][1] == code
    assert Event.objects.filter(subject=str(grant.pk)).latest("pk").kind == EVENT_OF_END[code]


def test_one_that_ran_out_ends_with_its_own_code_when_the_next_is_given(world: World, monkeypatch: pytest.MonkeyPatch):
    now = timezone.now()
    grant = world.grant(expires_at=now + timedelta(hours=1))
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(hours=2))
    grant_access(
        by=world.person("manager_a"), factory=grant.factory, brand=grant.brand, scope=grant.scope, terms=Terms()
    )
    grant.refresh_from_db()
    assert (grant.end_code, grant.end_reason) == (End.EXPIRED, "")


def test_each_reader_reads_the_reason_in_their_language(world: World):
    with override("km"):
        grant = changed(world)
    text = json_of(Receipt.objects.get(grant=grant, kind="ended"), from_inside=True)
    for language in ("en", "fr", "km"):
        with override(language):
            expected, facts = str(End.CHANGED.label), check_document(text).facts
            assert expected in [value for _term, value in facts]
    assert KHMER not in readable(text)
    values = {name: value for _salt, name, value in map(decode, json.loads(text)["header"]["disclosures"])}
    assert values["end_code"] == "changed"


def test_the_brand_learns_no_code(world: World, api_of: Any):
    grant = stopped(world)
    text = json_of(Receipt.objects.get(grant=grant, kind="ended"), from_inside=False)
    assert [value for _term, value in check_document(text).facts if "Stopped" in value] == []
    seen = {who: api_of(world.person(who)).get(f"/api/v1/grants/{grant.pk}/").json() for who in PEOPLE}
    assert {who: answer["end_code"] for who, answer in seen.items()} == {"manager_a": "stopped", "brand_a_member": None}


def test_the_list_names_the_code_and_quotes_the_words(world: World, client_of: Any):
    stopped(world)
    page = client_of(world.person("manager_a")).get(f"/factories/{world.factory_a.pk}/brands/{world.brand_a.pk}/")
    assert "Stopped by the factory: They pay late" in page.content.decode()


def test_words_of_an_end():
    assert end_in_words("stopped", "") == "Stopped by the factory"
    assert end_in_words("refused", "Not agreed") == "Refused by the second person: Not agreed"
    assert end_in_words("", KHMER) == KHMER
    assert set(EVENT_OF_END) == set(End)
