"""Subscriptions from a table, CSV or XLSX: one row for each report that a participant bought, all of them or none.

The brand is named as the portal names it, the factory by its Better Work ID. A row that is recorded already is counted
and changes nothing, so the same table can be uploaded again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from brands.models import Brand
from factories.models import CountryProgramme, Factory
from portal.accounts.models import User
from portal.core.tables import Problems, Table, TableError, day
from sharing.subscriptions.services import Purchase, check_purchase, record_subscriptions
from sharing.terms import MAX_CYCLE

Value = TypeVar("Value")
COLUMNS = ("brand", "bw_id", "cycle", "bought_on")
ALIASES = {"participant": "brand", "Better Work ID": "bw_id", "Factory Assessed ID": "bw_id", "date": "bought_on"}
MOST_ROWS = 1_000  # read while the sender waits


@dataclass
class SubscriptionPlan:
    """The effect of importing a table: what is `new`, and how many rows are `known` already."""

    new: list[Purchase] = field(default_factory=list)
    known: int = 0
    ignored: list[str] = field(default_factory=list)
    nearly: list[tuple[str, str]] = field(default_factory=list)  # ignored headers and the columns they resemble
    read_from: str = ""  # the sheet of a workbook
    problems: Problems = field(default_factory=Problems)

    def promise(self) -> list[object]:
        """Return what would be recorded, to compare the preview with the plan when it is confirmed."""
        return [[one.brand.pk, one.factory.pk, one.cycle, one.bought_on.isoformat()] for one in self.new]


class SubscriptionsChanged(Exception):  # noqa: N818 - what happened
    """The error that importing the table would no longer do what its preview showed."""


def plan_subscriptions(*, programme: CountryProgramme, file: BinaryIO) -> SubscriptionPlan:
    """Read a table and say what importing it would do; nothing is written. Wrong cells are in `problems`."""
    plan = SubscriptionPlan()
    try:
        table = Table(file, required=COLUMNS, aliases=ALIASES, most_rows=MOST_ROWS)
        plan.ignored, plan.nearly, plan.read_from = table.ignored, table.nearly, table.read_from
        rows = list(table.records(plan.problems))
    except TableError as error:
        plan.problems.end_with(error)
        return plan
    if not rows and not plan.problems:
        plan.problems.add(None, "", "", _("The table has no rows."))
    _Reader(programme, rows, plan).read()
    return plan


@transaction.atomic
def import_subscriptions(
    *, by: User, programme: CountryProgramme, file: BinaryIO, promise: list[object]
) -> SubscriptionPlan:
    """Record what the table says, if that is still the `promise` of its preview; nothing if it has a problem.

    Raises `PermissionDenied`, `SubscriptionsChanged`.
    """
    plan = plan_subscriptions(programme=programme, file=file)
    if plan.promise() != promise:
        raise SubscriptionsChanged
    if not plan.problems:
        record_subscriptions(by=by, purchases=plan.new)
    return plan


class _Reader:
    """The rows of one table, with the brands and factories that they name."""

    def __init__(self, programme: CountryProgramme, rows: list[tuple[int, dict[str, str]]], plan: SubscriptionPlan):
        self.programme, self.rows, self.plan = programme, rows, plan
        names = {cells["brand"].lower() for _row, cells in rows}
        brands = Brand.objects.annotate(lower=Lower("name")).filter(lower__in=names)
        self.brands = {brand.name.lower(): brand for brand in brands}
        ids = {cells["bw_id"] for _row, cells in rows}
        factories = Factory.objects.filter(programme=programme, bw_id__in=ids)
        self.factories = {factory.bw_id: factory for factory in factories}
        self.seen: dict[tuple[int, int, int], int] = {}

    def read(self) -> None:
        """Sort every row: new, known, or a problem."""
        for row, cells in self.rows:
            brand = self._cell(row, cells, "brand", self._brand)
            factory = self._cell(row, cells, "bw_id", self._factory)
            cycle = self._cell(row, cells, "cycle", _cycle)
            bought_on = self._cell(row, cells, "bought_on", day)
            if brand and factory and cycle and bought_on:
                self._sort(row, cells, Purchase(brand, factory, cycle, bought_on))

    def _cell(self, row: int, cells: dict[str, str], name: str, read: Callable[[str], Value]) -> Value | None:
        """Return the value of a cell, or None if it has a problem, which is added to the plan."""
        text = cells[name]
        if not text:
            self.plan.problems.add(row, name, "", _("This cell is empty; a value is required."))
            return None
        try:
            return read(text)
        except ValidationError as error:
            self.plan.problems.refuse(row, name, text, error)
            return None

    def _brand(self, text: str) -> Brand:
        if text.lower() not in self.brands:
            raise ValidationError(_("No brand has this name. Enter it exactly as in the list of brands."), "no_brand")
        return self.brands[text.lower()]

    def _factory(self, text: str) -> Factory:
        if text not in self.factories:
            raise ValidationError(_("%s has no factory with this Better Work ID.") % self.programme, "no_factory")
        return self.factories[text]

    def _sort(self, row: int, cells: dict[str, str], wanted: Purchase) -> None:
        first = self.seen.setdefault((wanted.brand.pk, wanted.factory.pk, wanted.cycle), row)
        if first != row:
            told = _("This brand, factory and cycle are in row %s already. Keep one of the two.") % first
            self.plan.problems.add(row, "bw_id", cells["bw_id"], told, kind="repeated")
            return
        try:
            known = check_purchase(wanted)
        except ValidationError as error:
            for name, found in error.error_dict.items():
                self.plan.problems.refuse(row, name, cells[name], ValidationError(found))
            return
        if known is None:
            self.plan.new.append(wanted)
        else:
            self.plan.known += 1


def _cycle(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_CYCLE):
        raise ValidationError(_("Enter a whole number from 1 to %s.") % MAX_CYCLE, "no_cycle")
    return int(text)


def columns_explained() -> list[tuple[str, object]]:
    """Return each column of the table, with what to write in it."""
    texts = (
        _("the participant's name, exactly as in the list of brands"),
        _("the factory's Better Work ID"),
        _("a whole number, 1 or higher"),
        _("a date as dd/mm/yyyy, such as 27/03/2016"),
    )
    return list(zip(COLUMNS, texts, strict=True))
