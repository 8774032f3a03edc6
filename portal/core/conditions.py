"""Conditions that PostgreSQL plans better in this form than in Django's."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Exists, F, Func, Model, Q, QuerySet
from django.db.models.expressions import Combinable

from portal.core.compiled import Keys


def among(column: str, keys: QuerySet[Model, object] | Keys) -> Q:
    """Return the condition that `column` is one of `keys`, a queryset of one column or its SQL.

    The keys are read once a statement, before anything else, and then used to search an index. `column__in=keys`
    instead lets the planner walk the rows and look each of them up among the keys.
    """
    return is_in(column, Func(keys, template="ARRAY%(expressions)s") if isinstance(keys, Keys) else ArraySubquery(keys))


def is_in(column: str, array: Combinable) -> Q:
    """Return the condition that `column` is in an array: `column = ANY (array)`."""
    return Q(Func(F(column), array, template="%(expressions)s)", arg_joiner=" = ANY (", output_field=BooleanField()))


class ExistsRowByRow(Exists):
    """`EXISTS` that is evaluated for one row after the other, in the order of the rows, until a page is full.

    Without the OFFSET the planner may turn it into a join over all rows, which a page of 25 does not need.
    """

    template = "EXISTS(%(subquery)s OFFSET 0)"
