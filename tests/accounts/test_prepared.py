"""How a queryset is prepared once for all readers; `test_everything_prepared.py` asks each that there is."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments.models import Assessment
from assessments.reading import views as pages
from portal.accounts.prepared import Prepared
from portal.core.compiled import forget_prepared
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
        [prepared, *_] = pages._family_rows(person, pk=pk)
        assert prepared.factory.programme.name == plain.factory.programme.name
    assert len(queries) == 1
    for name in ("open_scopes", "kept_figures", "is_note_shown"):
        assert getattr(prepared, name) == getattr(plain, name)


def test_it_is_prepared_once_and_asked_anew_each_time(shared: World) -> None:
    times = []

    def build(user: Any) -> Any:
        times.append(user)
        return Assessment.objects.shared_with(user)

    prepared: Prepared[Assessment, Assessment] = Prepared(build)
    person = shared.person("brand_a_member")
    assert prepared(person) != []
    person.groups.clear()
    assert prepared(person) == []
    assert len(times) == 1
    forget_prepared()
    prepared(person)
    assert len(times) == 2


@pytest.mark.parametrize("build", [SearchRecord.objects.visible_to, DestroyNotice.objects.asked_of])
def test_what_has_other_words_for_programs_than_for_people_is_not_prepared(build: Any) -> None:
    """Worded for a person, it would show to a brand's token what only the brand's people see."""
    with pytest.raises(TypeError, match="is_integration"):
        Prepared(build)(AnonymousUser())
