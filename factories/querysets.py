"""Which factories and programmes a person may see: every read of them starts here."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from portal.accounts.roles import Visitor, permitted
from portal.core.history import latest_at

if TYPE_CHECKING:
    from factories.models import (  # noqa: F401 - named in the bases below
        CountryProgramme,
        Factory,
        Handover,
        ProgrammeHistory,
    )

STAFF_PERMISSIONS = ("view_assessments", "manage_enrolment")


def _held(user: Visitor, table: str, codename: str) -> QuerySet[Any, int]:
    return permitted(user, apps.get_model("factories", table), codename)


class ProgrammeQuerySet(QuerySet["CountryProgramme"]):
    """Country programmes."""

    def where(self, user: Visitor, codename: str) -> "ProgrammeQuerySet":
        """The programmes in which `user` holds `codename`; who holds it globally holds it in every country."""
        held = _held(user, "ProgrammeGroupObjectPermission", codename)
        everywhere = self.model._default_manager.filter(is_global=True, pk__in=held)
        return self.filter(Q(pk__in=held) | Exists(everywhere))

    def visible_to(self, user: Visitor) -> "ProgrammeQuerySet":
        """The programmes whose staff or constituents `user` belongs to; global staff see all of them."""
        return (
            self.where(user, "assess_country")
            | self.where(user, "view_assessments")
            | self.where(user, "view_statistics")
        )


class ProgrammeHistoryQuerySet(QuerySet["ProgrammeHistory"]):
    """What countries' settings were."""

    def at(self, moment: datetime) -> "ProgrammeHistoryQuerySet":
        """The one row of each country that held at `moment`."""
        return self.filter(latest_at(self.model, "programme", moment))


class FactoryQuerySet(QuerySet["Factory"]):
    """Factories."""

    def where(self, user: Visitor, codename: str) -> "FactoryQuerySet":
        """The factories on which `user` holds `codename` through a role in the factory itself."""
        return self.filter(pk__in=_held(user, "FactoryGroupObjectPermission", codename))

    def in_programmes_where(self, user: Visitor, codename: str) -> "FactoryQuerySet":
        """The factories of the programmes in which `user` holds `codename`."""
        programmes = apps.get_model("factories", "CountryProgramme")._default_manager.all()
        return self.filter(programme__in=programmes.where(user, codename).values("pk"))

    def visible_to(self, user: Visitor) -> "FactoryQuerySet":
        """Own factories for members, assigned ones for advisors, the country's for its staff; nobody else any.

        Brands see a factory's facts only through what was shared with them.
        """
        return (
            self.where(user, "view_data")
            | self.where(user, "assess")
            | self.in_programmes_where(user, "view_assessments")
        )

    def editable_by(self, user: Visitor) -> "FactoryQuerySet":
        """Those whose profile `user` may edit: the factory's manager, and its country's staff."""
        return self.where(user, "edit_profile") | self.in_programmes_where(user, "manage_enrolment")

    def with_managers(self, *numbers: int) -> "FactoryQuerySet":
        """Those that have one of these numbers of active managers."""
        roles = apps.get_model("factories", "FactoryRole")._default_manager.filter(
            organisation=OuterRef("pk"), role="manager", group__user__is_active=True
        )
        counted = roles.order_by().values("organisation").annotate(count=Count("group__user")).values("count")
        return self.alias(manager_count=Coalesce(Subquery(counted), 0)).filter(manager_count__in=numbers)


class HandoverQuerySet(QuerySet["Handover"]):
    """Handovers of factories' managers."""

    def visible_to(self, user: Visitor) -> "HandoverQuerySet":
        """The managers of the factory, and those of the country's staff who enrol factories."""
        factories = apps.get_model("factories", "Factory")._default_manager.all()
        seen = factories.where(user, "manage_members") | factories.in_programmes_where(user, "manage_enrolment")
        return self.filter(factory__in=seen.values("pk"))

    def open(self) -> "HandoverQuerySet":
        """Those under way: not stopped, and the new manager has not joined."""
        return self.filter(stopped_at=None, joined_at=None)
