"""Events, notices and webhooks have one list of kinds and one way to name them: docs/events.md."""

import re

from django.conf import settings

from portal.core.events import event_kinds
from portal.notices.outbox import NoticeKind, notice_kinds

LIST = settings.BASE_DIR / "docs" / "events.md"
ROW = re.compile(r"^\| `([a-z_.]+)` \| (.*?) ?\| (.*?) ?\| (.*?) ?\| (.+) \|$")


def row(kind: str, events: set[str], notice: NoticeKind | None) -> tuple[str, str, str, str]:
    sides = ", ".join(side for side in notice.sides if notice.reader(side)) if notice else ""
    subscribers = ", ".join(sorted(notice.sides)) if notice and notice.webhook_type else ""
    return kind, "yes" if kind in events else "", sides, subscribers


def test_the_list_names_every_kind_and_what_follows_from_it() -> None:
    listed = [match.groups() for line in LIST.read_text().splitlines() if (match := ROW.match(line))]
    events = {kind.value for kind in event_kinds()}
    wanted = [row(kind, events, notice_kinds.get(kind)) for kind in sorted(events | set(notice_kinds))]
    assert [(*one[:3], one[3].partition(":")[0]) for one in listed] == wanted
    assert [kind for kind, *_flags, meaning in listed if not re.fullmatch(r"[A-Z].{15,118}\.", meaning)] == []


def test_a_kind_is_an_area_and_what_happened() -> None:
    kinds = {kind.value for kind in event_kinds()} | set(notice_kinds)
    assert [kind for kind in kinds if not re.fullmatch(r"[a-z]+\.[a-z_]+", kind)] == []
    areas = {kind.partition(".")[0] for kind in kinds}
    assert areas <= set(re.findall(r"\*\*([a-z]+)\*\*", LIST.read_text())), "Add the area to docs/events.md."


def test_a_webhook_has_the_name_of_its_notice() -> None:
    assert [kind.name for kind in notice_kinds.values() if kind.webhook_type not in {"", kind.name}] == []
