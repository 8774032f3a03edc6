"""Conditions, user or brand -> rows, on a table that has the columns of `Subject`."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, CharField, DateTimeField, Exists, Func, OuterRef, Q, Value, When

from brands.models import Brand
from factories.models import programme_keys
from portal.accounts.roles import Visitor
from portal.core.compiled import AnyField
from portal.core.conditions import ExistsRowByRow, among, is_in
from sharing.access.conditions import Version, grants_opening, grants_opening_to
from sharing.access.people import AsBrand, AsBrandAfter, own_factory_ids, worked_on
from sharing.access.publication import begun, open_to_brands, released_to_factory
from sharing.scopes import ASSESSMENT_SCOPES
from sharing.terms import StatementTime

SCOPES: AnyField = ArrayField(CharField(max_length=20))


def readable_by(user: Visitor, scopes: Iterable[str] = ASSESSMENT_SCOPES, at: datetime | None = None) -> Q:
    """Return the condition that `user` may read a row of a table with the columns of `Subject`; cheapest part first."""
    return readable_as_own(user, at) | readable_as_staff(user, at) | readable_as_brand(user, scopes, at)


def readable_as_own(user: Visitor, at: datetime | None = None) -> Q:
    """Return the factory's part of `readable_by`: what was released to the factories whose people `user` is one of."""
    return among("factory", own_factory_ids(user, at)) & released_to_factory(at)


def readable_as_brand(user: Visitor, scopes: Iterable[str], at: datetime | None = None) -> Q:
    """Return the brand's part of `readable_by`: what was granted to brands that `user` reads for."""
    if isinstance(user, AsBrandAfter):
        return worked_out_for(user, scopes, at)
    return open_to_brands(at) & Q(ExistsRowByRow(grants_opening_to(user, scopes, Version.of_row(), at)))


def worked_out_for(look: AsBrandAfter, scopes: Iterable[str], at: datetime | None = None) -> Q:
    """Return the same for a brand after a decision: what was worked out, as far as the person who looks may read it.

    Raises `ValueError` for a moment: it was worked out for now.
    """
    if at is not None:
        raise ValueError("What a decision opens at another moment is not worked out.")
    versions = Q(pk__in=[])
    for scope in scopes:
        versions |= is_in("pk", look.versions(scope))
    inside = readable_as_own(look.by) | readable_as_staff(look.by)
    return open_to_brands(None) & Q(factory=look.factory.pk) & versions & inside


def readable_as_staff(user: Visitor, at: datetime | None = None) -> Q:
    """Return the programme's part of `readable_by`: the country's reports, or those of factories assigned to `user`."""
    return worked_on(user, "factory", at) & begun(at)


def readable_by_brand(brand: Brand, scopes: Iterable[str] = ASSESSMENT_SCOPES, at: datetime | None = None) -> Q:
    """Return the rows granted to one brand, whoever of its people asks. For the factory, the staff and the brand."""
    grants = grants_opening(Version.of_row(), at).filter(brand=brand, scope__in=list(scopes))
    return open_to_brands(at) & Q(ExistsRowByRow(grants))


def opened_for_brand(
    user: Visitor, version: Version, brand: OuterRef, scopes: Iterable[str] = ASSESSMENT_SCOPES
) -> Exists:
    """Return the condition that `user` reads for `brand`, and a live grant to it opens, or opened, the version.

    `brand` is an `OuterRef`. The version need not be published any more: it may be replaced or withdrawn.
    """
    return Exists(grants_opening_to(user, scopes, version).filter(brand=brand))


def scopes_shared(user: Visitor) -> Case | Func:
    """Return, for each row, the scopes that are open to the brands that `user` reads for, as an array."""
    if isinstance(user, AsBrandAfter):
        return _scopes_after(user)
    scopes = ArraySubquery(grants_opening_to(user, ASSESSMENT_SCOPES, Version.of_row()).values("scope"))
    return Case(When(open_to_brands(None), then=scopes), default=Value([], SCOPES))


def _scopes_after(look: AsBrandAfter) -> Func:
    each = [Case(When(worked_out_for(look, [scope]), then=Value(scope.value))) for scope in ASSESSMENT_SCOPES]
    scopes = Func(*each, template="ARRAY[%(expressions)s]", output_field=SCOPES)
    return Func(scopes, Value(None), function="ARRAY_REMOVE", output_field=SCOPES)


def opened_after(look: AsBrandAfter) -> Case:
    """Return, for each row, since when it has been open to a brand after a decision, in the widest of its scopes."""
    since = {key: moment for scope in reversed(ASSESSMENT_SCOPES) for key, moment in look.opened.get(scope, {}).items()}
    return Case(*(When(pk=key, then=Value(moment)) for key, moment in since.items()), output_field=DateTimeField())


def scopes_readable(user: Visitor) -> Case:
    """Return, for each row, the scopes that `user` may read on any side: all, or those shared with their brands."""
    inside = readable_as_own(user) | readable_as_staff(user)
    return Case(When(inside, then=Value(list(ASSESSMENT_SCOPES), SCOPES)), default=scopes_shared(user))


def proposed_to(user: Visitor, brands: Sequence[object], path: str = "") -> Q:
    """Return the rows of the index for `brands` that `user` reads for: where a long list begins, in order of opening.

    A condition on `Visibility`, or on what leads there by `path` (ending in `__`). It only proposes rows: the caller
    must check `readable_as_brand` of each, too. The brands were queried before (`brands_read_for`): with one brand, the
    case of nearly everybody, the list is read from the index in its order.
    """
    now = StatementTime()
    of_brands = Q((f"{path}brand", brands[0])) if len(brands) == 1 else Q((f"{path}brand__in", brands))
    proposed = of_brands & Q((f"{path}opens_at__lte", now), (f"{path}until__gt", now))
    return proposed & Q((f"{path}report__factory", user.factory.pk)) if isinstance(user, AsBrand) else proposed


def known_to(user: Visitor, at: datetime | None = None) -> Q:
    """Return the rows about whose readers `user` may ask: today's people of the factory and staff of its country.

    The factory's people know of what had been released to them by then (R47).
    """
    country = among("factory__programme", programme_keys(user, "view_assessments"))
    return among("factory", own_factory_ids(user)) & released_to_factory(at) | (country & begun(at))
