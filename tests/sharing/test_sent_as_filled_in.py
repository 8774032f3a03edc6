"""What a person unticks is not sent: no form repeats in hidden fields what its visible ones say."""

from collections import defaultdict
from html.parser import HTMLParser
from typing import Any

import pytest
from django.urls import reverse

from sharing.models import SharingGrant
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from tests.matrix.side import FACTORY_PEOPLE, addresses_of
from tests.matrix.stage import Stage
from tests.sharing.deciding import seen_on
from tests.world import World

pytestmark = pytest.mark.django_db
Pair = tuple[str, str]


class Forms(HTMLParser):
    """The controls of a page, by form: what a browser sends of them as they are; `kept`: of the hidden ones."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sent: dict[str, list[Pair]] = defaultdict(list)
        self.kept: dict[str, list[Pair]] = defaultdict(list)
        self.hidden: dict[str, set[str]] = defaultdict(set)
        self.visible: dict[str, set[str]] = defaultdict(set)
        self._form, self._count, self._select = "", 0, ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._count += 1
            self._form = have.get("id") or f"form {self._count}"
        form, name, kind = have.get("form", self._form), have.get("name", ""), have.get("type", "text")
        if tag == "select":
            self._select = name
        if tag == "option" and "selected" in have:
            self.sent[form].append((self._select, have.get("value", "")))
        if tag not in {"input", "select", "textarea"} or not name or kind == "submit":
            return
        (self.hidden if kind == "hidden" else self.visible)[form].add(name)
        if tag == "input" and (kind not in {"checkbox", "radio"} or "checked" in have):
            sent = self.sent if kind != "hidden" else self.kept
            sent[form].append((name, have.get("value", "")))


def unticked(page: Any, *without: Pair) -> dict[str, list[str]]:
    """What a browser sends of the sheet on a page when these boxes are not ticked."""
    forms, sent = Forms(page.text), defaultdict[str, list[str]](list)
    for name, value in [*forms.kept["sheet"], *(pair for pair in forms.sent["sheet"] if pair not in without)]:
        sent[name].append(value)
    return sent


def test_unticked_is_not_shared(world: World, client_of: Any) -> None:
    terms = RequestedTerms(("report", "step1"), "Due diligence")
    asked = request_access(by=world.person("brand_b_member"), brand=world.brand_b, factory=world.factory_a, terms=terms)
    manager, address = client_of(world.person("manager_a")), reverse("request_approve", args=[asked.pk])
    body = unticked(manager.get(address), ("scopes", "step1"), ("cycles", "all")) | {"cycles": ["only"]}
    body["cycle_numbers"] = ["2"]
    manager.post(address, {**body, "seen": seen_on(manager.post(address, body))})
    assert list(SharingGrant.objects.values_list("scope", "cycles", "cycle_numbers")) == [("report", "only", [2])]


def test_unticked_is_taken_away(world: World, client_of: Any) -> None:
    grant = world.grant(cycles="only", cycle_numbers=[1, 2])
    manager, address = client_of(world.person("manager_a")), reverse("grant_change", args=[grant.pk])
    body = unticked(manager.get(address), ("cycle_numbers", "1"))
    assert body["cycle_numbers"] == ["2"]
    manager.post(address, {**body, "seen": seen_on(manager.post(address, body))})
    assert SharingGrant.objects.get(ended_at=None).cycle_numbers == [2]


@pytest.mark.parametrize("persona", FACTORY_PEOPLE)
def test_no_form_says_anything_twice(stage: Stage, persona: str) -> None:
    client, twice = stage.client(persona), {}
    for name, address in addresses_of(stage, persona).items():
        forms = Forms(client.get(address).text)
        if found := {
            form: names & forms.visible[form] for form, names in forms.hidden.items() if names & forms.visible[form]
        }:
            twice[name] = found
    assert twice == {}
