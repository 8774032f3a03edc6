"""The recipes of CONTRIBUTING.md take no more files than it says, and what they add works (`./dev test --long`)."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.amounts import IS_LONG
from tests.recipes import RECIPES, Recipe, add_by_hand, dev, repository_copy, section

GENERATED = (("manage", "makemigrations", "--check"),)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.heading)
def test_a_recipe_names_its_files_and_how_many_they_are(recipe: Recipe) -> None:
    text = section(recipe.heading)
    assert len(recipe.by_hand) <= recipe.most_files
    assert str(recipe.most_files) in re.findall(r"\d+", text.partition("By hand: ")[2].partition("\n")[0])
    own_tests = {name for name in recipe.by_hand if name.startswith("tests/") and name not in text}
    folders = {f"`{Path(name).parent}/`" for name in own_tests}
    assert [folder for folder in folders if folder not in text] == []
    kinds = {Path(name).name for name in recipe.by_hand if not name.startswith("tests/")}
    kinds = {"templates" if name.endswith(".html") else name for name in kinds}
    known = {"suppliers.py": "views", "views.py": "views", "organisations.py": "services"}
    assert [name for name in sorted(kinds) if known.get(name, name) not in text] == []


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.heading)
def test_the_places_that_a_recipe_changes_are_there(recipe: Recipe, tmp_path: Path) -> None:
    for name in recipe.by_hand:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if (settings.BASE_DIR / name).exists():
            (tmp_path / name).write_text((settings.BASE_DIR / name).read_text())
    add_by_hand(tmp_path, recipe.by_hand)
    for name in recipe.by_hand:
        if name.endswith(".py"):
            compile((tmp_path / name).read_text(), name, "exec")


@pytest.mark.skipif(not IS_LONG, reason="for ./dev test --long")
@pytest.mark.slow
def test_a_page_a_notice_an_export_an_event_and_a_job_are_added_and_work(tmp_path: Path) -> None:
    copy = repository_copy(settings.BASE_DIR, tmp_path / "copy")
    for recipe in RECIPES:
        add_by_hand(copy, recipe.by_hand)
    try:
        for command in GENERATED:
            dev(copy, *command)
        dev(copy, "test", *sorted({name for recipe in RECIPES for name in recipe.tests}), "-n", "1", "-q")
    finally:
        dev(copy, "down")
