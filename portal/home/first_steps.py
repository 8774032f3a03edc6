"""What comes before anything else: the first steps in an empty portal, and a second manager in a factory."""

from django.db.models import BigIntegerField, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from assessments.models import Tool
from brands.models import Brand
from factories.models import CountryProgramme, Factory, with_managers
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.core.compiled import Key
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


def _with_one_manager(user: Visitor, factory: Key) -> "QuerySet[Factory, Factory]":
    return with_managers(Factory.objects.where(user, "manage_members").filter(pk=factory), 1)


_alone: Prepared[Factory, Factory] = Prepared(_with_one_manager, factory=BigIntegerField())


def only_manager_todos(user: Visitor, factory: Factory) -> list[Todo]:
    """Return the item that comes before all others for the only manager of a factory; none for anybody else."""
    if not _alone(user, factory=factory.pk):
        return []
    text = _("You are the only manager. If you lose access, nobody can decide about your data.")
    invite = reverse("member_invite", args=["factory", factory.pk]) + "?role=manager"
    return [Todo(text, invite, _("Invite a second manager"))]
