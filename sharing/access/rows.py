"""User or brand -> rows: conditions on a table that has the columns of `Subject`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from brands.models import Brand
from factories.querysets import programmes_where
from portal.accounts.roles import Visitor
from sharing.access.grants import grants_opening
from sharing.access.people import ASSESSMENT_SCOPES, own_factory_ids, read_for, worked_on
from sharing.access.publication import begun, open_to_brands, released_to_factory


def readable_by(user: Visitor, scopes: Iterable[str] = ASSESSMENT_SCOPES, at: datetime | None = None) -> Q:
    """User -> rows: the condition on a table with the columns of `Subject`."""
    return readable_as_own(user, at) | readable_as_brand(user, scopes, at) | readable_as_staff(user, at)


def readable_as_own(user: Visitor, at: datetime | None = None) -> Q:
    """The factory's part of `readable_by`: what was released to the factories whose people `user` is one of."""
    return Q(released_to_factory(at), factory__in=own_factory_ids(user, at))


def readable_as_brand(user: Visitor, scopes: Iterable[str], at: datetime | None = None) -> Q:
    """The brand's part of `readable_by`: what was granted to brands that `user` reads for."""
    return _granted(read_for(user, scopes, at), at)


def readable_as_staff(user: Visitor, at: datetime | None = None) -> Q:
    """The programme's part of `readable_by`: the country's, or that of the factories assigned to `user`."""
    return worked_on(user, "factory", at) & begun(at)


def readable_by_brand(brand: Brand, scopes: Iterable[str] = ASSESSMENT_SCOPES, at: datetime | None = None) -> Q:
    """Brand -> rows: what was granted to one brand, whoever of its people asks. For its factory, staff and itself."""
    return _granted(Q(brand=brand, scope__in=list(scopes)), at)


def opened_for_brand(
    user: Visitor, *, factory: Any, cycle: Any, published_at: Any, brand: Any, scopes: Iterable[str] = ASSESSMENT_SCOPES
) -> Exists:
    """The condition that `user` reads for `brand`, and a live grant to it opens, or opened, what the columns name.

    All are `OuterRef`s. Whether it is still published is not asked: it says that it was replaced or withdrawn.
    """
    grants = grants_opening(factory=factory, cycle=cycle, published_at=published_at)
    return Exists(grants.filter(read_for(user, scopes), brand=brand))


def known_to(user: Visitor, at: datetime | None = None) -> Q:
    """The rows about whose readers `user` may ask: today's people of the factory and today's staff of its country.

    The factory's people know of what had been released to them by then (R47).
    """
    country = Q(factory__programme__in=programmes_where(user, "view_assessments"))
    return Q(released_to_factory(at), factory__in=own_factory_ids(user)) | (country & begun(at))


def _granted(grants: Q, at: datetime | None) -> Q:
    opening = grants_opening(
        factory=OuterRef("factory"), cycle=OuterRef("cycle"), published_at=OuterRef("published_at"), at=at
    )
    return Q(Exists(opening.filter(grants))) & open_to_brands(at)
