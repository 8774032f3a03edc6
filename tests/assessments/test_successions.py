"""What became of questions in a later version: proposed, corrected, confirmed, followed (R55)."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from assessments.models import Question, Succession, Tool
from assessments.questionnaires.successions import (
    Change,
    origins_of,
    pairs_of,
    proposed,
    put_succession,
    questions_of,
    steps,
)
from assessments.questionnaires.tables import QuestionRow, import_tool
from portal.core.models import Event
from tests.world import World

pytestmark = pytest.mark.django_db
EXITS = "Emergency exits are unlocked during working hours"


def version(world: World, name: str, *questions: tuple[str, str]) -> Tool:
    rows = [QuestionRow(ext_id, "Safety", "Emergency", label, "NC") for ext_id, label in questions]
    return import_tool(by=world.person("team_leader"), name=name, kind="CAT", programme=world.cambodia, rows=rows)


def words(earlier: Tool, later: Tool, pairs) -> list[tuple[str, list[str], list[str]]]:
    found = steps(questions_of(earlier), questions_of(later), pairs)
    return [(one.change, [q.ext_id for q in one.earlier], [q.ext_id for q in one.later]) for one in found]


def key(tool: Tool, ext_id: str) -> int:
    return Question.objects.get(tool=tool, ext_id=ext_id).pk


def confirm(world: World, earlier: Tool, later: Tool, *pairs: tuple[str, str], confirmed: bool = True) -> Succession:
    return put_succession(
        by=world.person("team_leader"),
        earlier=earlier,
        later=later,
        pairs={(key(earlier, before), key(later, after)) for before, after in pairs},
        confirm=confirmed,
    )


def test_alike_questions_are_proposed(world: World):
    one = version(world, "V1", ("1", EXITS), ("2", "Fire drills are held"), ("3", "Needles are counted"))
    two = version(world, "V2", ("1", "Fire drills are held"), ("9", EXITS + "."), ("7", "Air is measured"))
    assert words(one, two, proposed(questions_of(one), questions_of(two))) == [
        (Change.SAME, ["2"], ["1"]),
        (Change.SAME, ["1"], ["9"]),
        (Change.NEW, [], ["7"]),
        (Change.GONE, ["3"], []),
    ]


def test_pairs_say_what_was_split_and_what_was_merged(world: World):
    one = version(world, "V1", ("1", "a"), ("2", "b"), ("3", "c"), ("4", "d"))
    two = version(world, "V2", ("1", "e"), ("2", "f"), ("3", "g"))
    pairs = pairs_of(confirm(world, one, two, ("1", "1"), ("1", "2"), ("2", "3"), ("3", "3")))
    assert words(one, two, pairs) == [
        (Change.SPLIT, ["1"], ["1", "2"]),
        (Change.MERGED, ["2", "3"], ["3"]),
        (Change.GONE, ["4"], []),
    ]


def test_a_question_is_followed_over_confirmed_versions_only(world: World):
    one, two, three = (version(world, name, ("1", "a"), ("2", "b")) for name in ("V1", "V2", "V3"))
    confirm(world, one, two, ("1", "2"))
    draft = confirm(world, two, three, ("2", "1"), ("1", "2"), confirmed=False)
    assert origins_of(three.pk, one.pk) == {}
    put_succession(by=world.person("team_leader"), earlier=two, later=three, pairs=pairs_of(draft), confirm=True)
    assert origins_of(three.pk, one.pk) == {key(three, "1"): {key(one, "1")}}
    assert origins_of(one.pk, one.pk) == {key(one, "1"): {key(one, "1")}, key(one, "2"): {key(one, "2")}}
    assert Event.objects.filter(kind="questionnaire.succession_confirmed").count() == 2


def test_only_who_imports_questionnaires_confirms(world: World):
    one, two = version(world, "V1", ("1", "a")), version(world, "V2", ("1", "a"))
    with pytest.raises(PermissionDenied):
        put_succession(by=world.person("advisor"), earlier=one, later=two, pairs=set(), confirm=True)


def test_the_page_proposes_takes_corrections_and_confirms(world: World, client_of):
    one = version(world, "V1", ("1", EXITS), ("2", "Fire drills are held"))
    two = version(world, "V2", ("21", EXITS), ("22", "Needles are counted"))
    page = reverse("tool_changes", args=[two.pk, one.pk])
    client = client_of(world.person("team_leader"))
    shown = client.get(page)
    assert [title for title, _rows in shown.context["groups"]] == ["New", "Removed"]
    assert len(shown.context["unchanged"]) == 1
    field = f"q{key(two, '22')}"

    wrong = client.post(page, {field: "2; 5"})
    assert wrong.status_code == 400
    assert "There is no question 5 in the earlier version." in wrong.text
    assert 'value="2; 5"' in wrong.text
    assert not Succession.objects.exists()

    client.post(page, {field: "2", "confirm": "1"})
    found = Succession.objects.get()
    assert found.reviewed_by == world.person("team_leader")
    assert pairs_of(found) == {(key(one, "1"), key(two, "21")), (key(one, "2"), key(two, "22"))}
    assert "Confirmed by" in client.get(page).text
    client.post(page, {field: ""})
    assert Succession.objects.get().reviewed_at is None
