"""Databases of released versions, and the test that each of them comes to the current one.

A folder for each version: `database.sql.gz` is plain SQL, `seen.json` what each brand's people saw then, `files` what
was stored privately. `./dev release` writes the folder of the version in pyproject.toml. The keys are no secrets.
"""

import base64
from pathlib import Path
from typing import Any

from tests.worlds.moments import AFTER, BEGINNING, BUILT

FOLDER = Path(__file__).parent
SEALED = (BUILT, AFTER)  # when the ledger is sealed, after its beginning
ASKED = BEGINNING.replace(day=BEGINNING.day + 4)
SECRET_KEY = "only-for-the-databases-of-released-versions-" + "x" * 20
SIGNING_SEED = b"the seed of released databases.."
SIGNING_KEYS = base64.urlsafe_b64encode(SIGNING_SEED).decode().rstrip("=")

PERSONAS = ("brand_a_member", "brand_b_member")
# What people read there is words of this version, or is drawn or signed anew.
NOT_COMPARED = {"title", "label", "next", "previous"}


def answer(client: Any, path: str) -> dict[str, Any]:
    """Return the status of an answer of the API, and what it says in codes, numbers and texts of the assessment."""
    response = client.get(path)
    said = stripped(response.json()) if response.status_code == 200 else None
    return {"status": response.status_code, "said": said}


def stripped(value: Any) -> Any:
    """Return the JSON without the keys that are not compared."""
    if isinstance(value, dict):
        return {key: stripped(inner) for key, inner in value.items() if key not in NOT_COMPARED}
    return [stripped(inner) for inner in value] if isinstance(value, list) else value


def renamed(then: Any) -> Any:
    """Return what was seen then by the names of now: `cycle_numbers` lists what `cycle_number` said (decision 56)."""
    if isinstance(then, list):
        return [renamed(inner) for inner in then]
    if not isinstance(then, dict):
        return then
    now = {key: renamed(value) for key, value in then.items() if key != "cycle_number"}
    if "cycle_number" in then:
        now["cycle_numbers"] = [] if then["cycle_number"] is None else [then["cycle_number"]]
    return now


def lost(then: Any, now: Any, place: str = "") -> list[str]:
    """Return where an answer no longer says what it said. Keys that were added since are no loss."""
    if isinstance(then, dict) and isinstance(now, dict):
        return [
            found for key, value in then.items() for found in lost(value, now.get(key, "nothing"), f"{place}.{key}")
        ]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = enumerate(zip(then, now, strict=True))
        return [found for number, (old, new) in pairs for found in lost(old, new, f"{place}[{number}]")]
    return [] if then == now else [f"{place}: {then!r} is now {now!r}"]
