"""The import of a brand's supplier list from a table, CSV or XLSX, as written: nothing is corrected or matched here.

Only invisible differences are tidied (`portal.core.names`), so that the same text is the same supplier. A row that is
already on the list (same name, address and country, ignoring upper and lower case as PostgreSQL does) is skipped and
counted, so the same file can be uploaded again. All rows are added, or none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from brands.events import BrandEvent
from brands.models import Brand, Supplier
from brands.rights import member_may
from portal.accounts.models import User
from portal.core.events import record
from portal.core.tables import Problems, Table, TableError, degrees
from portal.core.tables.texts import TableText

REQUIRED = ("name",)
TEXTS = ("country", "address", "sector", "bw_id", "os_hub_id")
PLACES = ("latitude", "longitude")
MOST_DEGREES = {"latitude": 90, "longitude": 180}
ALIASES = {
    "lat": "latitude",
    "lng": "longitude",
    "lon": "longitude",
    "facility name": "name",
    "factory name": "name",
    "supplier": "name",
    "Better Work ID": "bw_id",
    "os id": "os_hub_id",
}
MOST_ROWS = 10_000  # read while the sender waits


@dataclass
class SupplierImport:
    """The outcome of an import: rows `added`, rows `skipped` as repeated, columns `ignored`, or its `problems`."""

    added: int = 0
    skipped: int = 0
    ignored: list[str] = field(default_factory=list)
    read_from: str = ""  # the sheet of a workbook
    problems: Problems = field(default_factory=Problems)


@transaction.atomic
def import_suppliers(*, by: User, brand: Brand, file: BinaryIO) -> SupplierImport:
    """Add the rows of a table to the brand's list; add none at all if the outcome has `problems`.

    Raises `PermissionDenied`.
    """
    if not member_may(by, "edit_suppliers", brand.pk):
        raise PermissionDenied(_("Only the brand's managers may change its supplier list."))
    Brand.objects.select_for_update().get(pk=brand.pk)
    outcome = SupplierImport()
    try:
        suppliers = list(_suppliers(brand, file, outcome))
    except TableError as error:
        outcome.problems.end_with(error)
    if outcome.problems:
        return outcome
    listed = Supplier.objects.filter(brand=brand)
    before = listed.count()
    # The database decides what is the same text in upper and lower case: what it sees as repeated is skipped.
    Supplier.objects.bulk_create(suppliers, batch_size=1000, ignore_conflicts=True)
    outcome.added = listed.count() - before
    outcome.skipped = len(suppliers) - outcome.added
    if outcome.added:
        record(BrandEvent.SUPPLIERS_IMPORTED, by=by, brand_id=brand.pk, subject=brand.pk, added=outcome.added)
    return outcome


def _suppliers(brand: Brand, file: BinaryIO, outcome: SupplierImport) -> Iterator[Supplier]:
    table = Table(file, required=REQUIRED, optional=(*TEXTS, *PLACES), aliases=ALIASES, most_rows=MOST_ROWS)
    outcome.ignored, outcome.read_from = table.ignored, table.read_from
    supplier = None
    for row, cells in table.records(outcome.problems):
        supplier = Supplier(brand=brand, **{name: text for name, text in cells.items() if name not in PLACES})
        for name in PLACES:
            try:
                if text := cells.get(name):
                    setattr(supplier, name, degrees(text, MOST_DEGREES[name]))  # to the tenth of a metre
            except ValidationError as error:
                outcome.problems.refuse(row, name, cells[name], error)
        try:
            supplier.clean_fields(exclude=["brand"])
        except ValidationError as error:
            for name, found in error.error_dict.items():
                outcome.problems.refuse(row, name, cells.get(name, ""), _in_words_of_tables(found))
        yield supplier
    if supplier is None and not outcome.problems:
        raise TableError(_("The table has no rows."))


def _in_words_of_tables(found: list[ValidationError]) -> ValidationError:
    """Return what a column of the model refused, in the words that all tables use for it."""
    error = found[0]
    if error.code in {"blank", "null"}:
        return TableText.EMPTY().refusal()
    if error.code == "max_length" and error.params:
        return TableText.LONG(length=error.params["show_value"], limit=error.params["limit_value"]).refusal()
    return ValidationError(found)
