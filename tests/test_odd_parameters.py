"""Odd parameters, at every address that is read: letters of other scripts, NUL, huge numbers, half a pair.

Nothing is our defect (500), whoever asks: nobody, and one person of each side. What the API's description names is
asked one by one; a page gets everything at once that any form or view of ours reads from an address.
"""

import re
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import quote, urlencode
from zlib import crc32

import pytest
from django import forms
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

import tests
from tests.amounts import IS_LONG
from tests.matrix.asking import send
from tests.matrix.stage import Stage
from tests.matrix.table import ROWS

PERSONAS = ["anonymous", "manager_a", "brand_a_manager", "global_staff"]
ODD = [
    "é",
    "រោងចក្រ",
    "a\x00b",
    "9" * 40,
    "9" * 4_301,  # more digits than Python turns into a number
    "-9223372036854775809",
    "٣",
    "' \" \\ % _ ; -- ) <",
    "9999-12-31",
    "0001-01-01",
    "99999-99",
    "",
    "x" * 3_000,
    "\u202e\ufeff\u2028",
    "NaN",
    "\udc80",
    "00000000-0000-0000-0000-000000000000",
    "brand:" + "9" * 30,
    "person:é",
]
SOURCES = ["portal", "factories", "brands", "sharing", "assessments"]
READ = re.compile(r"(?:GET|query_params)\.(?:get|getlist)\(\s*\"(\w+)\"")


def subclasses(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def names_of_pages() -> list[str]:
    """Every name that a view or a form of ours reads."""
    house = Path(tests.__file__).parent.parent
    files = [path for folder in SOURCES for path in (house / folder).rglob("*.py")]
    read = {name for path in files for name in READ.findall(path.read_text())}
    ours = [form for form in subclasses(forms.BaseForm) if form.__module__.split(".")[0] in SOURCES]
    return sorted(read | {name for form in ours for name in getattr(form, "base_fields", {})} | {"print", "line-1"})


def names_of_api() -> dict[str, list[str]]:
    """The parameters of each address of the API, as its description names them, by the pattern of the address."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]  # type: ignore[no-untyped-call]
    return {
        path: [one["name"] for one in verbs["get"].get("parameters", []) if one["in"] == "query"]
        for path, verbs in paths.items()
        if "get" in verbs
    }


def fits(path: str, url: str) -> bool:
    """Whether the address is of this pattern."""
    return re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)), url) is not None


def query(names: list[str], value: str) -> str:
    return urlencode([(name, value) for name in names], errors="surrogateescape")


def queries(name: str, bare: str, api: dict[str, list[str]], pages: list[str]) -> list[list[str]]:
    """The names to ask together: all of a page, with and without a cursor; each of the API's by itself, and all."""
    if not name.startswith("api:"):
        return [pages, [one for one in pages if one not in {"cursor", "format"}]]
    known = next((names for path, names in api.items() if fits(path, bare)), [])
    return [*([one] for one in known), known]


def is_turn_of(persona: str, url: str, seed: int) -> bool:
    """Whether this persona asks an address in all ways in a run with this seed; the others ask in one."""
    turn = (crc32(url.encode()) + seed) % (len(PERSONAS) - 1)
    return IS_LONG or persona in {PERSONAS[0], PERSONAS[1 + turn]}


def addresses(stage: Stage, persona: str, seed: int) -> Iterator[tuple[str, list[str]]]:
    """Each address that the persona may read, with the names to ask together; and those that want an odd last word."""
    api, pages = names_of_api(), names_of_pages()
    rows = [row for row in ROWS if row.method == "GET" and row.cells[persona] not in "Lux."]
    for row in {(row.name, row.place): row for row in rows}.values():
        url = stage.address(row.name, row.place)
        bare, _mark, usual = url.partition("?")
        together = queries(row.name, bare, api, pages)
        for names in together if is_turn_of(persona, bare, seed) else together[-1:]:
            yield f"{bare}?{usual}&" if usual else f"{bare}?", names
        if row.place != "-":
            yield bare.rstrip("/").rpartition("/")[0] + "/", []


def odd_address(start: str, names: list[str], value: str) -> str:
    return start + (query(names, value) if names else quote(value[:200], errors="surrogateescape") + "/")


@pytest.mark.django_db
@pytest.mark.parametrize("persona", PERSONAS)
def test_no_odd_parameter_is_our_defect(stage: Stage, persona: str, pytestconfig: pytest.Config) -> None:
    """Nobody asks everything with each value; the others ask each address with the next value."""
    seed = int(pytestconfig.getoption("randomly_seed", 0))
    client: Client = stage.client(persona)
    client.raise_request_exception = False
    turn, wrong = islice(cycle(ODD), 5 * PERSONAS.index(persona), None), []
    for start, names in addresses(stage, persona, seed):
        for value in ODD if persona == "anonymous" else [next(turn)]:
            url = odd_address(start, names, value)
            response, _content = send(client, "GET", url, {})
            if response.status_code >= 500:
                wrong.append(f"{url[:200]}: {response.exc_info[1]!r}")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.django_db
def test_no_number_that_is_too_large_for_a_key_is_our_defect(stage: Stage) -> None:
    """The last word of an address is asked above; here are the numbers before it."""
    client: Client = stage.client("global_staff")
    client.raise_request_exception = False
    addresses = {stage.address(row.name, row.place) for row in ROWS if row.method == "GET"}
    large = {re.sub(r"/\d+/", f"/{'9' * 20}/", address, count=1) for address in addresses} - addresses
    answers = {address: send(client, "GET", address, {})[0].status_code for address in sorted(large)}
    assert large
    assert {address: status for address, status in answers.items() if status not in {403, 404, 405}} == {}


@pytest.mark.django_db
def test_no_odd_form_of_a_stranger_is_our_defect(stage: Stage) -> None:
    """All that may be sent without signing in; from another address each time, or the limits would answer."""
    names = [*names_of_pages(), "login", "password", "email", "password1", "password2"]
    public = [row for row in ROWS if row.method == "POST" and row.cells["anonymous"] not in "Lux."]
    wrong = []
    for row in public:
        url = stage.address(row.name, row.place)
        for number, value in enumerate(ODD):
            browser = Client(raise_request_exception=False, REMOTE_ADDR=f"192.0.2.{number}")
            form = "application/x-www-form-urlencoded"
            response = browser.post(url, query(names, value), content_type=form)
            if response.status_code >= 500 or response.status_code == 429:
                wrong.append(f"{url[:200]}: {value[:40]!r}: {response.status_code}")
    assert public
    assert wrong == []


def test_every_reader_asks_an_address_in_all_ways_with_one_seed_or_another() -> None:
    for seed in range(3):
        turns = [persona for persona in PERSONAS[1:] if is_turn_of(persona, "/api/v1/shared/", seed)]
        assert len(turns) == (3 if IS_LONG else 1)
    assert all(any(is_turn_of(persona, "/api/v1/shared/", seed) for seed in range(3)) for persona in PERSONAS)
