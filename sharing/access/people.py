"""The capacity in which somebody reads: as one of the factory's people, for a brand, as staff, or seeing as a brand."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Expression, Model, Q, QuerySet, UUIDField, Value

from brands.models import Brand
from factories.models import Factory, programme_keys
from factories.models.programmes import programmes_where
from portal.accounts.prepared import ANYBODY, PreparedKeys, permitted_keys
from portal.accounts.roles import Visitor, permitted_ids
from portal.core.compiled import AnyField, Keys, Parameter
from portal.core.conditions import among
from sharing.scopes import RULES, rule_of

VERSIONS: AnyField = ArrayField(UUIDField())


class AsBrand(AnonymousUser):
    """A view of one factory's data as a brand has it: all that a member of the brand sees of it, nothing else.

    It has no key, so that code which asks for a person or a role finds nobody; only `brands_reading` and `read_for`
    know it. So it opens nothing that the factory did not grant to that brand, and no other factory's data. Code that
    makes one first checks that the person behind it may look (`sharing.gates.pages`).
    """

    def __init__(self, brand: Brand, factory: Factory) -> None:
        super().__init__()
        self.brand, self.factory = brand, factory

    @classmethod
    def any_reader(cls) -> "AsBrand":
        """Return such a view with parameters for brand and factory: see `portal.accounts.prepared.Look`."""
        brand, factory = (Parameter(name, BigIntegerField()) for name in ("looked_as", "looked_at"))
        return AsBrand(Brand(pk=brand), Factory(pk=factory))

    def reader_values(self) -> dict[str, object]:
        """Return the values of those parameters."""
        return {"looked_as": self.brand.pk, "looked_at": self.factory.pk}


class AsBrandAfter(AnonymousUser):
    """A view of one factory's data as a brand would have it after a decision that is not made.

    It has no key, and no grant in the database is given to it: code that does not know it finds nothing. `opened` says
    what was worked out (`portal.disclosure.previews`) of the versions that `by`, the person who looks, may read as one
    of the factory's people or as staff: for each scope, which of them the brand would read, and since when each has
    been open to it. Every statement asks anew what `by` may read (`rows.worked_out_for`).
    """

    def __init__(
        self, brand: Brand, factory: Factory, by: Visitor, opened: Mapping[str, Mapping[UUID, datetime]]
    ) -> None:
        super().__init__()
        self.brand, self.factory, self.by, self.opened = brand, factory, by, opened
        self._versions: dict[str, Expression] = {name: Value(keys, VERSIONS) for name, keys in self._keys().items()}

    def _keys(self) -> dict[str, list[UUID]]:
        return {scope: list(self.opened.get(scope, ())) for scope in RULES}

    def versions(self, scope: str) -> Expression:
        """Return the keys of the versions that it would read in a scope, as an array. Raises `ValueError`."""
        return self._versions[rule_of(scope).scope.value]

    @classmethod
    def any_reader(cls) -> "AsBrandAfter":
        """Return such a view with parameters for brand, factory, person and versions: see `AsBrand`."""
        brand, factory = (Parameter(name, BigIntegerField()) for name in ("looked_as", "looked_at"))
        look = AsBrandAfter(Brand(pk=brand), Factory(pk=factory), ANYBODY, {})
        look._versions = {scope: Parameter(f"open_{scope}", VERSIONS) for scope in RULES}
        return look

    def reader_values(self) -> dict[str, object]:
        """Return the values of those parameters."""
        keys = {f"open_{scope}": keys for scope, keys in self._keys().items()}
        return {"looked_as": self.brand.pk, "looked_at": self.factory.pk, "user": self.by.pk or 0, **keys}


def permitted_brands(user: Visitor, scopes: Iterable[str], at: datetime | None = None) -> "QuerySet[Model, int] | Keys":
    """Return the ids of the brands, active or not, for which `user` has a role that reads one of the scopes.

    Members read all scopes, an integration only its own. Raises `ValueError` for an unknown scope.
    """
    if isinstance(user, AsBrand):
        return Brand.objects.filter(pk=user.brand.pk).values_list("pk", flat=True)
    codenames = tuple(rule_of(scope).permission for scope in scopes)
    return permitted_keys(user, "brand", codenames) if at is None else permitted_ids(user, "brand", codenames, at)


def brands_reading(user: Visitor, scopes: Iterable[str]) -> "QuerySet[Brand, int]":
    """Return the ids of the active brands for which `user` may read one of the scopes now."""
    active = Brand.objects.filter(among("pk", permitted_brands(user, scopes)), is_active=True)
    return active.order_by().values_list("pk", flat=True)


def partners_of(user: Visitor, scopes: Iterable[str]) -> "QuerySet[Brand, int]":
    """Return the ids of the partners among the brands that `user` reads for: they need no subscription."""
    partners = Brand.objects.filter(among("pk", permitted_brands(user, scopes)), kind=Brand.Kind.PARTNER)
    return partners.order_by().values_list("pk", flat=True)


_keys_reading = PreparedKeys(brands_reading)
partner_keys = PreparedKeys(partners_of)


def brands_read_for(user: Visitor, scopes: Iterable[str]) -> list[int]:
    """Return the ids of the active brands for which `user` may read one of these scopes now. One query."""
    return sorted(brands_reading(user, scopes))


def read_for(user: Visitor, scopes: Sequence[str], at: datetime | None = None) -> Q:
    """Return the condition that `user` may read a grant's scope for its brand; `AsBrand`: of the one factory only.

    Without `at` the brands are active, and are named once more for all scopes, so that one range of an index holds the
    grants of a factory to them; `entitled` looks up in their history whether they were active at a moment.
    """
    through = Q(pk__in=[])
    for scope in scopes:
        through |= Q(among("brand", permitted_brands(user, [scope], at)), scope=scope)
    if at is None:
        through &= among("brand", _keys_reading(user, tuple(scopes)))
    return through & Q(factory=user.factory.pk) if isinstance(user, AsBrand) else through


def own_factory_ids(user: Visitor, at: datetime | None = None) -> "QuerySet[Model, int] | Keys":
    """Return the ids of the factories whose data `user` sees as one of their people."""
    return (
        permitted_keys(user, "factory", "view_data") if at is None else permitted_ids(user, "factory", "view_data", at)
    )


def worked_on(user: Visitor, factory: str, at: datetime | None = None) -> Q:
    """Return the condition that `user` sees a row as staff: assigned to its factory, in its country, or everywhere.

    `factory` names the row's path to its factory, or is empty on a factory itself.
    """
    programme = f"{factory}__programme" if factory else "programme"
    if at is None:
        country = among(programme, programme_keys(user, "view_assessments"))
        return country | among(factory or "pk", permitted_keys(user, "factory", "assess"))
    then = among(programme, programmes_where(user, "view_assessments", at))
    return then | among(factory or "pk", permitted_ids(user, "factory", "assess", at))


def own_factories(user: Visitor) -> QuerySet[Factory]:
    """Return the factories whose data `user` sees as one of their people."""
    return Factory.objects.filter(among("pk", own_factory_ids(user)))


def factories_worked_on(user: Visitor) -> QuerySet[Factory]:
    """Return the factories whose assessments `user` sees as staff: the country's, or the assigned ones."""
    return Factory.objects.filter(worked_on(user, ""))
