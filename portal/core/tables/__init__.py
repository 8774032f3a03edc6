"""Tables that people upload or paste: read exactly, or refused with the row, the column and the remedy.

`Table` is the one reader. The files that it accepts are in `sources` (CSV) and `sheets` (XLSX), cells with lost content
in `cells`, dates in `dates`; `Problems` counts all that is wrong and keeps the first rows of each kind.
"""

from portal.core.tables.cells import TableError, degrees
from portal.core.tables.dates import day
from portal.core.tables.problems import Group, Problem, Problems
from portal.core.tables.table import Table

__all__ = ["Group", "Problem", "Problems", "Table", "TableError", "day", "degrees"]
