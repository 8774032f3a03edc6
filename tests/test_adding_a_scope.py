"""The exercise: a scope is added to a copy of the repository, and everything that follows from it follows.

What is written by hand is `BY_HAND`, at most `MOST_FILES` files; the rest is made by the commands that
CONTRIBUTING.md names. Translations of the words are `TRANSLATED`. For `./dev test --long`: it takes minutes.
"""

import json
import os
from pathlib import Path

import pytest
from django.conf import settings

from tests.amounts import IS_LONG
from tests.recipes import dev, repository_copy, section

MOST_FILES = 6
# By file: after which line, what is added.
BY_HAND: dict[str, list[tuple[str, str]]] = {
    "sharing/scopes.py": [
        ('    STEP1 = "step1", _("Step 1 data")\n', '    PROBE = "probe", _("Probe data")\n'),
        (
            "        ScopeRule(Scope.IMPROVEMENT_PLAN, is_offered=False),\n",
            '        ScopeRule(Scope.PROBE, frozenset({None}), frozenset({None}), mark=_("Probe")),\n',
        ),
    ],
    "brands/reads.py": [
        (
            '    Read("step1", "Read Step 1 data shared with the brand", _("Step 1 data")),\n',
            '    Read("probe", "Read probe data shared with the brand", _("Probe data")),\n',
        )
    ],
    "assessments/reports/labels/en.json": [
        ('  "title_step1": "Step 1 assessment data",\n', '  "title_probe": "Probe data",\n'),
        ('  "answers_step1": "Step 1 answers",\n', '  "answers_probe": "Probe answers",\n'),
    ],
}
TRANSLATED = "assessments/reports/labels"
GENERATED = (
    ("manage", "makemigrations", "--name", "probe"),
    ("manage", "makemigrations", "--check"),
    ("catalogues",),
    ("manage", "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull),
)

# What a person would then expect of the new scope, run in the copy.
EXPECTED = """
import pytest

from assessments.models import Assessment

pytestmark = pytest.mark.django_db


def test_a_grant_of_it_opens_its_answers_to_the_brand_and_an_end_closes_them(world, client_of):
    member, assessment = world.person("brand_a_member"), world.assessments["a1"]
    page = f"/assessments/{assessment.pk}/"
    assert client_of(member).get(page).status_code == 404
    grant = world.grant(scope="probe")
    assert client_of(member).get(page).status_code == 200
    assert member.has_perm("assessments.view_probe", assessment)
    assert not member.has_perm("assessments.view_report", assessment)
    assert Assessment.objects.visible_to(member, "probe").filter(pk=assessment.pk).exists()
    assert "Probe" in client_of(member).get("/shared/").content.decode()

    from sharing.grants.services.revoking import revoke_access

    revoke_access(by=world.person("manager_a"), grant=grant)
    assert client_of(member).get(page).status_code == 404
"""
TESTS = (
    "tests/test_access_matrix.py",
    "tests/sharing/test_scopes.py",
    "tests/sharing/test_terms.py",
    "tests/test_probe.py",
)


def add_by_hand(copy: Path) -> None:
    for name, additions in BY_HAND.items():
        text = (copy / name).read_text()
        for place, added in additions:
            assert text.count(place) == 1, f"{name}: {place}"
            # The plan stays last in the table of scopes: the new row goes before it, everything else after its line.
            text = text.replace(place, added + place if "IMPROVEMENT_PLAN" in place else place + added)
        (copy / name).write_text(text)


def translate(copy: Path) -> None:
    for path in (copy / TRANSLATED).glob("*.json"):
        labels = json.loads(path.read_text())
        added = {"title_probe": "Probe data", "answers_probe": "Probe answers"}
        path.write_text(json.dumps({**labels, **added}, ensure_ascii=False, indent=2) + "\n")


def test_the_recipe_of_adding_a_scope_names_the_files_that_are_written_by_hand():
    assert len(BY_HAND) <= MOST_FILES
    recipe = section("A scope")
    assert [name for name in BY_HAND if f"`{name}`" not in recipe] == []


@pytest.mark.skipif(not IS_LONG, reason="for ./dev test --long")
@pytest.mark.slow
def test_a_scope_is_added_in_at_most_six_files_and_the_access_matrix_holds(tmp_path: Path):
    copy = repository_copy(settings.BASE_DIR, tmp_path / "copy")
    add_by_hand(copy)
    translate(copy)
    for command in GENERATED:
        dev(copy, *command)
    (copy / "tests" / "test_probe.py").write_text(EXPECTED)
    try:
        dev(copy, "test", *TESTS, "-n", "1", "-q")
    finally:
        dev(copy, "down")
