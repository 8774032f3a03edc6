"""Every address of the portal x every kind of person x every method: the table of tests/matrix/table.py, asked.

Those without the right change nothing, in any table of the database; reading changes nothing but who-saw-what; an
address without a row fails.
"""

import copy
import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver

from tests.amounts import IS_LONG
from tests.matrix.asking import send
from tests.matrix.rendering import COLLEAGUES, Rendering, who_asks, whose_turn
from tests.matrix.sent import BODIES
from tests.matrix.stage import GROUPS, PERSONAS, Stage, beat
from tests.matrix.table import ONLY_GET, ONLY_POST, ROWS, Row
from tests.written import written

# While building a page: PORTAL_MATRIX_ROWS=requests asks only the addresses with this word in their names.
ASKED = [row for row in ROWS if os.environ.get("PORTAL_MATRIX_ROWS", "") in row.name]
PAIRS = [PERSONAS[place : place + 2] for place in range(0, len(PERSONAS), 2)]  # a stage for each, two processes at once
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LETTERS = {200: "+", 201: "+", 202: "+", 204: "+", 400: "!", 401: "u", 403: "x", 404: ".", 405: "m"}
REFUSED = frozenset("Lux.m!")
# What any answer may write: the session (messages), when a token was last used, when somebody signed out.
ALWAYS = {"django_session", "accounts_apitoken", "axes_accesslog"}
READING = ALWAYS | {"sharing_accessrecord", "sharing_searchrecord", "sharing_firstuse"}


def letter(response: Any) -> str:
    """The status as the table writes it."""
    if response.status_code == 302:
        return "L" if "/login/" in response.headers["Location"] else ">"
    return LETTERS.get(response.status_code, f"?{response.status_code}")


def ask(stage: Stage, client: Client, row: Row) -> Any:
    """The answer; everything written is undone, the browser stays signed in."""
    url, body = stage.address(row.name, row.place), BODIES.get(row.name, lambda _stage: {})(stage)
    cookies = copy.copy(client.cookies)  # an answer puts new ones in their place
    with transaction.atomic():
        response, _content = send(client, row.method, url, body)
        transaction.set_rollback(True)
    client.cookies = cookies
    return response


def complaints(row: Row, persona: str, changed: set[str], response: Any) -> Iterator[str]:
    """What is not as the table says."""
    what, seen = f"{row.method} {row.name} {row.place} as {persona}", letter(response)
    if seen in REFUSED and changed - ALWAYS:
        yield f"{what}: refused ({seen}), but wrote into {sorted(changed)}"
    if row.method == "GET" and changed - READING:
        yield f"{what}: reading wrote into {sorted(changed)}"
    if row.method != "GET" and changed - ALWAYS and seen in "+>":
        seen = "*"
    if seen != row.cells[persona]:
        yield f"{what}: {seen} ({response.status_code}) instead of {row.cells[persona]}"
    if response.status_code >= 400 and row.name.startswith("api:"):
        kind = response.headers["Content-Type"]
        if kind != "application/problem+json":
            yield f"{what}: the error is {kind}, not problem+json"


@pytest.mark.django_db
@pytest.mark.parametrize("personas", PAIRS, ids=" and ".join)
def test_everybody_gets_what_the_table_says(stage: Stage, personas: list[str], pytestconfig: pytest.Config) -> None:
    seed = int(pytestconfig.getoption("randomly_seed", 0))
    wrong: list[str] = []
    for persona in personas:
        beat()
        client, rendering = stage.client(persona), Rendering(persona, seed)
        before = written()
        for row in (row for row in ASKED if IS_LONG or who_asks(row, persona, seed) == persona):
            with rendering.of(row):
                response, after = ask(stage, client, row), written()
            changed = {table for table, count in after.items() if count != before.get(table, 0)}
            wrong += complaints(row, persona, changed, response)
            before = after
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


# --- completeness --------------------------------------------------------------------------------------


def patterns(entries: list[Any], prefix: str = "", namespace: str = "") -> Iterator[tuple[str, str, URLPattern]]:
    """(name, route, pattern) of every address."""
    for entry in entries:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield namespace + (entry.name or ""), route, entry
        else:
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from patterns(entry.url_patterns, route, inner)


EVERYTHING = list(patterns(get_resolver().url_patterns))
ADDRESSES = {name: pattern for name, route, pattern in EVERYTHING if not route.startswith("admin/")}
ADMIN = sorted({(name, route) for name, route, _pattern in EVERYTHING if route.startswith("admin/")})


def methods_of(name: str) -> set[str]:
    """The methods that are to have a row: those of an API view as it says itself, of a page both."""
    view = getattr(ADDRESSES[name].callback, "cls", None)
    if view is not None and name.startswith("api:"):
        return {method for method in METHODS if hasattr(view, method.lower())}
    return {"GET"} if name in ONLY_GET else {"POST"} if name in ONLY_POST else {"GET", "POST"}


def test_every_address_has_a_row_for_every_method() -> None:
    asked = {(row.name, row.method) for row in ROWS}
    missing = {(name, method) for name in ADDRESSES for method in methods_of(name)} - asked
    assert missing == set(), "Say who gets what: a row each in tests/matrix/table.py, of the API in api_rows.py."
    gone = {row.name for row in ROWS} - set(ADDRESSES)
    assert gone == set(), "These addresses are gone, or have another name: correct their rows."
    assert set(ADDRESSES) >= ONLY_GET | ONLY_POST


@pytest.mark.django_db
def test_other_methods_are_refused_to_those_who_may_most(stage: Stage) -> None:
    client = stage.client("global_staff")
    places = {row.name: row.place for row in ROWS}
    wrong = []
    for name in sorted(name for name in ADDRESSES if name.startswith("api:") or name in ONLY_GET | ONLY_POST):
        url = stage.address(name, places[name]).split("?")[0]
        for method in sorted(set(METHODS) - methods_of(name)):
            before = written()
            seen = letter(send(client, method, url, {})[0])
            if seen != "m" or {table for table, count in written().items() if count != before.get(table)} - ALWAYS:
                wrong.append(f"{method} {name}: {seen}")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


# --- the operator's admin ------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("persona", ["anonymous", "inactive", "manager_a", "brand_a_manager", "global_staff"])
def test_the_admin_lets_in_nobody_but_the_operator(stage: Stage, persona: str) -> None:
    client = stage.client(persona)
    wrong = []
    for name, route in ADMIN:
        if name in {"admin:login", "admin:logout"}:
            continue
        for method in ("GET", "POST"):
            url = "/" + admin_path(route)
            seen = letter(send(client, method, url, {})[0])
            if seen != "L":
                wrong.append(f"{method} {url}: {seen}")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def admin_path(route: str) -> str:
    """An address that fits the admin's pattern."""
    for part in ("<path:object_id>", "<path:content_type_id>"):
        route = route.replace(part, "1")
    return route.replace("^(?P<app_label>", "").split("|")[0].replace("(?P<url>.*)$", "no-such-page/").rstrip("$")


SOME_SEEDS = range(6)  # twice as many as there are colleagues who may get the same answer


@pytest.mark.parametrize("seed", SOME_SEEDS)
def test_each_answer_is_asked_and_rendered_for_somebody_of_each_side_who_gets_it(seed: int) -> None:
    for row in ROWS:
        askers = {who_asks(row, persona, seed) for persona in PERSONAS}
        for group in (*COLLEAGUES, *GROUPS.values()):
            assert {row.cells[persona] for persona in askers & set(group)} == {row.cells[one] for one in group}
        turns = {whose_turn(row, persona, seed) for persona in PERSONAS}
        assert turns <= askers
        assert {row.cells[persona] for persona in turns} == set(row.cells.values())


def test_everybody_is_asked_everything_with_one_seed_or_another() -> None:
    for row in ROWS:
        assert {who_asks(row, persona, seed) for persona in PERSONAS for seed in SOME_SEEDS} == set(PERSONAS)


def test_those_who_must_be_kept_apart_are_always_asked() -> None:
    apart = {"manager_b", "brand_b_member", "token", "vietnam_manager", "advisor", "global_staff", "constituent"}
    assert {persona for persona in PERSONAS for row in ROWS if who_asks(row, persona, 0) != persona} == set(
        PERSONAS
    ) - apart


def test_every_persona_of_the_table_is_asked() -> None:
    assert len(PERSONAS) == len(set(PERSONAS)) == 18
