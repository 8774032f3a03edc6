"""How a queryset is worded once for all readers; `test_everything_worded.py` asks each that there is."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments.models import Assessment
from assessments.reading import views as pages
from portal.accounts.worded import Worded
from portal.core.compiled import forget_words
from sharing.models import DestroyNotice, SearchRecord
from tests.publishing import correct
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def shared(world: World) -> World:
    """Factory A shares its reports with brand A; one was corrected."""
    world.grant()
    correct(world, world.assessments["a2"], q1020="nc")
    return world


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


@pytest.mark.parametrize("build", [SearchRecord.objects.visible_to, DestroyNotice.objects.asked_of])
def test_what_has_other_words_for_programs_than_for_people_is_not_worded(build: Any) -> None:
    """Worded for a person, it would show to a brand's token what only the brand's people see."""
    with pytest.raises(TypeError, match="is_integration"):
        Worded(build)(AnonymousUser())
