"""Kinds of events: members of one enum an app, written by members alone, and none that nothing writes or reads."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from portal.core.events import event_kinds, event_of

APPS = ("portal", "factories", "brands", "sharing", "assessments")
IN_SQL = re.compile(r"'([a-z]+\.[a-z_]+)'")


def sources(name: str) -> dict[Path, str]:
    """The app's modules of this name, and what is written in them."""
    found = [path for app in APPS for path in (settings.BASE_DIR / app).rglob(name)]
    return {path: path.read_text() for path in found if "migrations" not in path.parts}


@pytest.mark.parametrize("kind", ["grant.created", "sharing.grated", "", None])
def test_an_event_takes_a_member_and_no_other_word(kind):
    with pytest.raises(TypeError, match="no kind of event"):
        event_of(kind, by=None)


def test_no_two_kinds_are_one_word_and_each_fits_its_column():
    values = [kind.value for kind in event_kinds()]
    assert len(values) == len(set(values)) > 60
    assert [value for value in values if not re.fullmatch(r"[a-z]+\.[a-z_]{1,40}", value)] == []


def test_every_kind_is_written_somewhere():
    text = "\n".join(text for path, text in sources("*.py").items() if path.name != "events.py")
    text += (settings.BASE_DIR / "portal/ledger/sealing.py").read_text()
    unwritten = [kind for kind in event_kinds() if f"{type(kind).__name__}.{kind.name}" not in text]
    assert unwritten == []


def test_what_the_checks_of_the_ledger_look_for_is_a_kind():
    named = {kind for text in sources("comparing.py").values() for kind in IN_SQL.findall(text)}
    assert len(named) > 8
    assert named - {kind.value for kind in event_kinds()} == set()
