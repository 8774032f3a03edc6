"""What is worded once for all readers finds what its queryset finds for each of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments import reading
from assessments.models import Assessment
from assessments.views import corrections
from assessments.views import reading as pages
from portal.accounts.worded import Worded
from portal.core.compiled import forget_words
from portal.home import brand, factory
from sharing import access
from sharing.access import AsBrand, decisions, grants
from sharing.access.grants import Version
from sharing.models import AccessRecord, DestroyNotice, SearchRecord
from sharing.services import record_access
from tests.publishing import correct
from tests.world import World

pytestmark = pytest.mark.django_db
READERS = (
    "brand_a_member",
    "brand_b_member",
    "manager_a",
    "advisor",
    "team_leader",
    "vietnam_manager",
    "global_staff",
    "constituent",
    "outsider",
    "inactive",
)


@pytest.fixture
def shared(world: World) -> World:
    """Factory A shares its reports with brand A and one of its Step 1 data with brand B; one was corrected."""
    world.grant()
    world.grant(world.brand_b, scope="step1", cycles="only", cycle_number=2)
    correct(world, world.assessments["a2"], q1020="nc")
    return world


def asked(worded: Worded[Any, Any], world: World, *shape: Any, **values: Any) -> list[Any]:
    """Ask for everybody; return what each found, seen to be what the queryset finds."""
    found = []
    for reader in (*readers_of(world), AnonymousUser()):
        rows = worded(reader, *shape, **values)
        assert rows == list(worded.build(reader, *shape, **values)), reader
        found.append(rows)
    return found


def readers_of(world: World) -> list[Any]:
    """Return one person of each side and role that reads, others, and looks through the eyes of two brands."""
    return [
        *(world.person(name) for name in READERS),
        AsBrand(world.brand_a, world.factory_a),
        AsBrand(world.brand_b, world.factory_a),
    ]


def test_the_family_of_an_assessment_is_the_querysets_for_everybody(shared: World) -> None:
    sizes = set()
    for name in ("a1", "a2", "b1"):
        assessment = shared.assessments[name]
        sizes |= {len(found) for found in asked(pages._family_rows, shared, pk=assessment.pk)}
    assert {0, 2} < sizes


def test_the_versions_of_a_correction_are_the_querysets_for_everybody(shared: World) -> None:
    old = {"factory": shared.factory_a.pk, "cycle": 2, "version": 1}
    assert {len(found) for found in asked(corrections._versions, shared, **old)} == {0, 2}


@pytest.mark.parametrize("scope", access.ASSESSMENT_SCOPES)
def test_the_answers_of_a_scope_are_the_querysets_for_everybody(shared: World, scope: str) -> None:
    sizes = set()
    for name in ("a2", "b1"):
        assessment = shared.assessments[name]
        sizes |= {len(found) for found in asked(reading._answers, shared, scope, assessment=assessment.pk)}
    assert len(sizes) > 1


def test_the_grants_by_which_a_version_is_read_are_the_querysets_for_everybody(shared: World) -> None:
    sizes = set()
    for name in ("a1_old", "a1", "a2", "b1"):
        version = vars(Version.of(shared.assessments[name]))
        for scopes in (access.ASSESSMENT_SCOPES, ("step1",)):
            shape = (tuple(scopes), version["superseded_at"] is not None)
            sizes |= {len(found) for found in asked(grants._read, shared, *shape, **version)}
    assert {0, 1} <= sizes


def test_the_side_of_a_decision_is_the_querysets_for_everybody(shared: World) -> None:
    sides = asked(decisions._sides_now, shared, factory=shared.factory_a.pk)
    assert {(True, False), (False, True), (False, False)} == {side for [side] in sides}


def test_annotations_and_related_rows_are_those_of_the_queryset(shared: World) -> None:
    person, pk = shared.person("brand_a_member"), shared.assessments["a1"].pk
    [plain, *_] = pages._family_of(person, pk)
    with CaptureQueriesContext(connection) as queries:
        [worded, *_] = pages._family_rows(person, pk=pk)
        assert worded.factory.programme.name == plain.factory.programme.name
    assert len(queries) == 1
    for name in ("open_scopes", "kept_figures", "is_note_shown"):
        assert getattr(worded, name) == getattr(plain, name)


def test_it_is_worded_once_and_asked_anew_each_time(shared: World) -> None:
    times = []

    def build(user: Any) -> Any:
        times.append(user)
        return Assessment.objects.shared_with(user)

    worded: Worded[Assessment, Assessment] = Worded(build)
    person = shared.person("brand_a_member")
    assert worded(person) != []
    person.groups.clear()
    assert worded(person) == []
    assert len(times) == 1
    forget_words()
    worded(person)
    assert len(times) == 2


def test_the_figures_of_first_pages_are_the_querysets_for_everybody(shared: World) -> None:
    a1, member = shared.assessments["a1"], shared.person("brand_a_member")
    record_access(by=member, assessment=a1, openings=access.openings(member, a1), action=AccessRecord.Action.VIEW)
    pk, since = shared.factory_a.pk, timezone.now() - timedelta(days=30)
    found = {
        "factory": asked(factory._factory, shared, factory=pk),
        "in review": asked(factory._in_review, shared, factory=pk),
        "reads": asked(factory._reads, shared, factory=pk, since=since),
        "brands": asked(factory._brands_reading, shared, factory=pk),
        "old versions": asked(factory._brands_with_old_versions, shared, factory=pk),
        "sharing": asked(brand._factories, shared, "report", brand=shared.brand_a.pk),
        "notices": asked(brand._notices, shared),
    }
    assert {name for name, answers in found.items() if not any(answers)} <= {"old versions", "notices"}
    assert {name for name, answers in found.items() if all(answers)} == set()


@pytest.mark.parametrize("build", [SearchRecord.objects.visible_to, DestroyNotice.objects.asked_of])
def test_what_has_other_words_for_programs_than_for_people_is_not_worded(build: Any) -> None:
    """Worded for a person, it would show to a brand's token what only the brand's people see."""
    with pytest.raises(TypeError, match="is_integration"):
        Worded(build)(AnonymousUser())
