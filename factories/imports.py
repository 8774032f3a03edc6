"""The import of factories from a table, CSV or XLSX: created or updated by Better Work ID, all of them or none.

The id is required: a list without it (a brand's supplier list, an open registry's) names places, and the same plant
is written in many ways; the country's staff decide whether it is enrolled here. An empty cell changes nothing.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import BinaryIO

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.core.validators import MinValueValidator
from django.db import transaction
from django.utils.translation import gettext as _

from factories.enrolment import wrong_days
from factories.events import FactoryEvent
from factories.models import CountryProgramme, Factory
from factories.rights import may_somewhere
from factories.roles import FACTORY
from factories.services import update_factory
from portal.accounts.models import User
from portal.accounts.roles import create_role_groups_in_bulk
from portal.core.countries import country_name
from portal.core.country_names import country_code
from portal.core.events import event_of
from portal.core.models import Event
from portal.core.tables import Problems, Table, TableError, day, degrees

REQUIRED = ("bw_id", "name", "country")
TEXTS = (
    "local_name",
    "address",
    "city",
    "sector",
    "products",
    "os_hub_id",
    "contact_name",
    "contact_email",
    "contact_phone",
    "enrolment_status",
    "enrolment_reason",
)
NUMBERS = ("workers_women", "workers_men", "current_cycle")
PLACES = ("latitude", "longitude")
DATES = ("enrolled_on", "left_on")
OPTIONAL = (*TEXTS, *NUMBERS, *PLACES, *DATES)
_MOST_DEGREES = {"latitude": 90, "longitude": 180}
ALIASES = {
    "lat": "latitude",
    "lng": "longitude",
    "lon": "longitude",
    "long": "longitude",
    "Better Work ID": "bw_id",
    "Factory Assessed ID": "bw_id",
    "Factory Assessed Name": "name",
    "OS ID": "os_hub_id",
}
MOST_ROWS = 5_000


@dataclass
class FactoryPlan:
    """The effect that importing a table would have: `new` factories (not saved), and `changes` of existing ones."""

    new: list[Factory] = field(default_factory=list)
    changes: list[tuple[Factory, dict[str, object]]] = field(default_factory=list)
    unchanged: int = 0
    ignored: list[str] = field(default_factory=list)
    nearly: list[tuple[str, str]] = field(default_factory=list)  # ignored headers and the columns they resemble
    read_from: str = ""  # the sheet of a workbook
    problems: Problems = field(default_factory=Problems)

    def promise(self) -> list[object]:
        """Return what the preview shows, to compare with what would be done when it is confirmed."""
        changes = [[factory.bw_id, sorted(values)] for factory, values in self.changes]
        return [[factory.bw_id for factory in self.new], changes]


class FactoriesChanged(Exception):  # noqa: N818 - what happened
    """The table would no longer do what its preview showed."""


@transaction.atomic
def create_factories(*, by: User, factories: Sequence[Factory]) -> list[Factory]:
    """Create many factories with their role groups and events, in a few queries.

    They must be valid and their ids new. Raises `PermissionDenied` if one is in a country in which `by` does not
    enrol factories.
    """
    enrolling = set(CountryProgramme.objects.where(by, "manage_enrolment").values_list("pk", flat=True))
    if any(factory.programme_id not in enrolling for factory in factories):
        raise PermissionDenied(_("Only the country's staff can add factories."))
    made = Factory.objects.bulk_create(factories, batch_size=1000)
    create_role_groups_in_bulk(FACTORY, made)
    events = (
        event_of(FactoryEvent.CREATED, by=by, factory_id=one.pk, programme_id=one.programme_id, subject=one.pk)
        for one in made
    )
    Event.objects.bulk_create(events, batch_size=1000)
    return made


def plan_factories(*, by: User, file: BinaryIO) -> FactoryPlan:
    """Read a table and return what importing it would do; nothing is saved. Wrong cells are in `problems`.

    Raises `PermissionDenied`.
    """
    if not may_somewhere(by, "manage_enrolment"):
        raise PermissionDenied(_("Only the country's staff can add factories."))
    plan = FactoryPlan()
    try:
        table = Table(file, required=REQUIRED, optional=OPTIONAL, aliases=ALIASES, most_rows=MOST_ROWS)
        plan.ignored, plan.nearly, plan.read_from = table.ignored, table.nearly, table.read_from
        rows = list(table.records(plan.problems))
    except TableError as error:
        message = error.message
        if "bw_id" in message:
            message += " " + _(
                "Each row needs the factory's Better Work ID. A list of places without these IDs cannot be imported."
            )
        plan.problems.add(error.row, error.column, "", message)
        return plan
    if not rows and not plan.problems:
        plan.problems.add(None, "", "", _("The table has no rows."))
    _plan_rows(by, rows, plan)
    return plan


def _plan_rows(by: User, rows: list[tuple[int, dict[str, str]]], plan: FactoryPlan) -> None:
    programmes = {p.country: p for p in CountryProgramme.objects.where(by, "manage_enrolment").filter(is_global=False)}
    ids = [cells["bw_id"] for _row, cells in rows]
    known = Factory.objects.select_related("programme").in_bulk(ids, field_name="bw_id")
    seen: dict[str, int] = {}
    for row, cells in rows:
        first = seen.setdefault(cells["bw_id"], row)
        programme = programmes.get(country_code(cells["country"]))
        if not cells["bw_id"]:
            plan.problems.add(
                row, "bw_id", "", _("Each factory needs its Better Work ID. Staff assign it at enrolment.")
            )
        elif first != row:
            message = _("This factory is in row %s already. Keep one of the two.") % first
            plan.problems.add(row, "bw_id", cells["bw_id"], message, kind="repeated")
        elif programme is None:
            message = _(
                "You cannot enrol factories in a country of this name. "
                "Write the English name or the code of one of: %s."
            ) % (", ".join(sorted(country_name(code) for code in programmes)) or "–")
            plan.problems.add(row, "country", cells["country"][:80], message)
        else:
            _plan_row(row, cells, programme, known.get(cells["bw_id"]), plan)


def _plan_row(
    row: int, cells: dict[str, str], programme: CountryProgramme, here: Factory | None, plan: FactoryPlan
) -> None:
    if here is not None and here.programme_id != programme.pk:
        message = _("This id cannot be used in %s. Check the country and the id.") % programme.name
        plan.problems.add(row, "bw_id", cells["bw_id"], message)
        return
    values = {name: text for name, text in cells.items() if text and name != "country"}
    factory = Factory(programme=programme) if here is None else copy(here)
    if wrong := _wrong_columns(factory, _set_values(factory, values)):
        for column, errors in wrong.items():
            text = cells.get(column, "")
            for error in errors:
                plan.problems.add(row, column, text, _plain(column, text, error), kind=error.code or "")
        return
    if here is None:
        plan.new.append(factory)
    elif changes := {name: getattr(factory, name) for name in values if getattr(factory, name) != getattr(here, name)}:
        plan.changes.append((here, changes))
    else:
        plan.unchanged += 1


def _set_values(factory: Factory, values: dict[str, str]) -> dict[str, list[ValidationError]]:
    """Set the values of the cells; return what is wrong with the cells that cannot be read, by column."""
    wrong: dict[str, list[ValidationError]] = {}
    for name, text in values.items():
        try:
            setattr(factory, name, _value(factory, name, text))
        except ValidationError as error:
            wrong[name] = error.error_list
    return wrong


def _wrong_columns(factory: Factory, unread: dict[str, list[ValidationError]]) -> dict[str, list[ValidationError]]:
    """Return all that is wrong with a row, by column; columns are compared only once each of them can be read."""
    wrong = dict(unread)
    if not unread.keys() & set(DATES):
        wrong |= {name: error.error_list for name, error in wrong_days(factory.enrolled_on, factory.left_on).items()}
    try:
        factory.full_clean(exclude=["programme", *unread], validate_unique=False, validate_constraints=not wrong)
    except ValidationError as error:
        found = {"" if name == NON_FIELD_ERRORS else name: errors for name, errors in error.error_dict.items()}
        wrong = found | wrong
    return wrong


def _value(factory: Factory, name: str, text: str) -> object:
    """Return the cell's value as the model's field reads it; choices by value or label."""
    if name in DATES:
        return day(text)
    if name in PLACES:
        return degrees(text)
    model_field = factory._meta.get_field(name)
    for value, label in getattr(model_field, "choices", None) or ():
        if text.casefold() in {str(value).casefold(), str(label).casefold()}:
            return value
    return model_field.to_python(text)  # type: ignore[union-attr]


def allowed_values(name: str) -> list[str]:
    """Return the words that a column allows, as they are written in a table; none if any text is allowed."""
    return [str(value) for value, _label in getattr(Factory._meta.get_field(name), "choices", None) or ()]


def _plain(name: str, text: str, error: ValidationError) -> str:
    """Say what is wrong with a cell and what to write instead, for a person with a spreadsheet."""
    code = getattr(error, "code", None)
    if code in {"blank", "null"}:
        return _("This cell is empty; a value is required.")
    if code == "invalid_choice":
        words = {"value": text[:60], "allowed": ", ".join(allowed_values(name))}
        return _("“%(value)s” is not allowed here. Allowed: %(allowed)s.") % words
    if code == "max_length":
        told = {"length": len(text), "limit": Factory._meta.get_field(name).max_length}  # type: ignore[union-attr]
        return _("The text has %(length)s characters; at most %(limit)s are allowed.") % told
    if name in NUMBERS:
        return _("Write a whole number, %(least)s or more, without separators, such as 1250.") % {"least": _least(name)}
    if name in PLACES and code is not None:
        return _("Write degrees from -%(most)s to %(most)s, such as 11.5564.") % {"most": _MOST_DEGREES[name]}
    if name == "contact_email":
        return _("“%s” is not an e-mail address, such as name@factory.example.") % text[:60]
    return " ".join(error.messages)


def _least(name: str) -> int:
    validators = Factory._meta.get_field(name).validators  # type: ignore[union-attr]
    return max((int(one.limit_value) for one in validators if isinstance(one, MinValueValidator)), default=0)


@transaction.atomic
def import_factories(*, by: User, file: BinaryIO, promise: list[object] | None = None) -> FactoryPlan:
    """Create and update factories as the table says; none at all if it has a problem (see the plan's `problems`).

    Importing the same table again changes nothing. With the `promise` of an earlier plan, nothing is done unless
    the plan is still the same. Raises `PermissionDenied`, `FactoriesChanged`.
    """
    plan = plan_factories(by=by, file=file)
    if plan.problems:
        return plan
    if promise is not None and plan.promise() != promise:
        raise FactoriesChanged
    create_factories(by=by, factories=plan.new)
    for factory, changes in sorted(plan.changes, key=lambda change: change[0].pk):
        update_factory(by=by, factory=factory, **changes)
    return plan
