"""Which searches by findings a person may see."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from brands.querysets import own_brand_keys
from factories.models import Factory
from portal.accounts.roles import Visitor, held

if TYPE_CHECKING:
    from sharing.models import SearchRecord  # noqa: F401 - named in the base below


class SearchRecordQuerySet(QuerySet["SearchRecord"]):
    """Searches by findings."""

    def visible_to(self, user: Visitor) -> "SearchRecordQuerySet":
        """Those that named a factory of `user`, of their country, or that their brand's people made (invariant 3).

        What staff found before it was released to the factory stays hidden from the factory (R47). The programs of a
        brand see none: a search is not about one scope.
        """
        own = _ids(held(user, "factory", "view_data"), "organisation_id")
        country = _ids(Factory.objects.in_programmes_where(user, "view_assessments"), "pk")
        seen = Q(factories__overlap=own, is_before_release=False) | Q(factories__overlap=country)
        if not getattr(user, "is_integration", False):
            seen |= Q(brand__in=own_brand_keys(user))
        return self.filter(seen)

    def naming(self, factory: Factory) -> "SearchRecordQuerySet":
        """Those that named a factory, without the others that they named; each with `is_own`, as who-saw-what has."""
        roles = apps.get_model("factories", "FactoryRole")._default_manager.exclude(role="advisor")
        own = roles.filter(organisation=factory.pk, group__user=OuterRef("person"))
        return self.filter(factories__contains=[factory.pk]).defer("factories").annotate(is_own=Exists(own))

    def narrowed(
        self, *, person: int | None, side: str, since: datetime | None, before: datetime | None
    ) -> "SearchRecordQuerySet":
        """Those of a person, of a side ("own", "staff" or a brand's id) and in a time, after `naming`."""
        rows = self.filter(person=person) if person else self
        if side in {"own", "staff"}:
            rows = rows.filter(Q(("is_own", side == "own")), brand=None)
        elif side:
            rows = rows.filter(brand=int(side))
        if since:
            rows = rows.filter(at__gte=since)
        return rows.filter(at__lt=before) if before else rows

    def grouped(self) -> QuerySet[Any, dict[str, Any]]:
        """How often each side searched for the same, after `naming`: the latest first."""
        kinds: Any = self.order_by()
        kinds = kinds.values("condition", "about", "brand", "brand__name", "is_own")
        return kinds.annotate(times=Count("pk"), last=Max("at")).order_by("-last", "about", "brand")


def _ids(rows: QuerySet[Any, Any], name: str) -> ArraySubquery:
    """The ids that a column of a queryset has, as an array."""
    return ArraySubquery(rows.order_by().values_list(Cast(name, BigIntegerField())))
