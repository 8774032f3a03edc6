"""The first steps of the first person in an empty portal, one after the other."""

from django.urls import reverse
from django.utils.translation import gettext as _

from assessments.models import Tool
from brands.models import Brand
from factories.models import CountryProgramme, Factory
from portal.home.todos import Todo


def first_steps() -> list[dict[str, object]]:
    """Return the section for global staff that names what is missing; none once everything is there."""
    todos = _missing()
    return [{"title": _("First steps"), "todos": todos, "stats": []}] if todos else []


def _missing() -> list[Todo]:
    """Return what is missing. Everything else belongs to a country, so that comes first, and alone."""
    if not CountryProgramme.objects.filter(is_global=False).exists():
        text = _("Add the first country. Its staff, factories and reports come after that.")
        return [Todo(text, reverse("programme_add"), _("Add a country"))]
    steps = [
        (Tool, _("Import the questionnaire that the assessments use."), "tool_import", _("Import a questionnaire")),
        (Factory, _("Add the factories one by one, or import a table."), "factory_list", _("Add factories")),
        (Brand, _("Add the brands that factories can share with."), "brand_add", _("Add a brand")),
    ]
    return [
        Todo(text, reverse(name), action) for model, text, name, action in steps if not model._default_manager.exists()
    ]
