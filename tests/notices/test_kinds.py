"""Events, notices and webhooks have one list of kinds and one way to name them: docs/events.md."""

import re
from collections.abc import Iterator
from itertools import pairwise

from django.conf import settings

from portal.core.events import event_kinds
from portal.notices.outbox import NoticeKind, notice_kinds

LIST = settings.BASE_DIR / "docs" / "events.md"
ROW = re.compile(r"^\| `([a-z_.]+)` \| (.*?) ?\| (.*?) ?\| (.*?) ?\| (.+) \|$")


Row = tuple[str, ...]  # the kind, and the three cells that follow from the code


def row(kind: str, events: set[str], notice: NoticeKind | None) -> Row:
    sides = ", ".join(side for side in notice.sides if notice.reader(side)) if notice else ""
    subscribers = ", ".join(sorted(notice.sides)) if notice and notice.webhook_type else ""
    return kind, "yes" if kind in events else "", sides, subscribers


def complaints(listed: list[Row], wanted: list[Row]) -> Iterator[str]:
    """What to change in docs/events.md, a sentence for each row that is not right."""
    found, right = {one[0]: one for one in listed}, {one[0]: one for one in wanted}
    for kind in sorted(found.keys() | right.keys()):
        if kind not in right:
            yield f"docs/events.md: remove the row of `{kind}`; no events.py or notice_names.py has it."
        elif found.get(kind) != right[kind]:
            what = "correct the row" if kind in found else "add a row"
            _kind, event, notified, webhook = right[kind]
            webhook += ": (its data)" if webhook else ""
            yield f"docs/events.md: {what}: | `{kind}` | {event} | {notified} | {webhook} | (what happened) |"
    order = [one[0] for one in listed]
    for before, after in pairwise(order):
        if after <= before:
            yield f"docs/events.md: the row of `{after}` belongs before that of `{before}`."


def test_the_list_names_every_kind_and_what_follows_from_it() -> None:
    listed = [match.groups() for line in LIST.read_text().splitlines() if (match := ROW.match(line))]
    events = {kind.value for kind in event_kinds()}
    wanted = [row(kind, events, notice_kinds.get(kind)) for kind in sorted(events | set(notice_kinds))]
    wrong = list(complaints([(*one[:3], one[3].partition(":")[0]) for one in listed], wanted))
    assert not wrong, "\n".join(wrong)
    assert [kind for kind, *_flags, meaning in listed if not re.fullmatch(r"[A-Z].{15,118}\.", meaning)] == []


def test_what_is_wrong_in_the_list_is_said() -> None:
    wanted = [("a.made", "yes", "", ""), ("b.sent", "", "factory, brand", "brand")]
    assert list(complaints(wanted, wanted)) == []
    assert list(complaints([("c.gone", "yes", "", ""), ("a.made", "", "", "")], wanted)) == [
        "docs/events.md: correct the row: | `a.made` | yes |  |  | (what happened) |",
        "docs/events.md: add a row: | `b.sent` |  | factory, brand | brand: (its data) | (what happened) |",
        "docs/events.md: remove the row of `c.gone`; no events.py or notice_names.py has it.",
        "docs/events.md: the row of `a.made` belongs before that of `c.gone`.",
    ]


def test_a_kind_is_an_area_and_what_happened() -> None:
    kinds = {kind.value for kind in event_kinds()} | set(notice_kinds)
    assert [kind for kind in kinds if not re.fullmatch(r"[a-z]+\.[a-z_]+", kind)] == []
    areas = {kind.partition(".")[0] for kind in kinds}
    assert areas <= set(re.findall(r"\*\*([a-z]+)\*\*", LIST.read_text())), "Add the area to docs/events.md."


def test_a_webhook_has_the_name_of_its_notice() -> None:
    assert [kind.name for kind in notice_kinds.values() if kind.webhook_type not in {"", kind.name}] == []
