"""Which factories and programmes a person may see: every read of them starts here."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from portal.accounts.roles import Visitor, held
from portal.accounts.worded import WordedKeys, keys_held
from portal.core.conditions import among
from portal.core.history import latest_at
from portal.core.names import one_line, unmarked

if TYPE_CHECKING:
    from factories.models import (  # noqa: F401 - named in the bases below
        CountryProgramme,
        Factory,
        Handover,
        ProgrammeHistory,
    )

STAFF_PERMISSIONS = ("view_assessments", "manage_enrolment")


def named(words: str, of: str = "") -> Q:
    """Return the condition that a factory's name contains the words, whatever the marks, or an id of it is them.

    `of` leads to the factory from another model, such as `factory__`.
    """
    written = one_line(words)
    ids = Q(**{f"{of}bw_id__iexact": written}) | Q(**{f"{of}os_hub_id__iexact": written})
    return Q(**{f"{of}search_names__contains": unmarked(words)}) | ids


def programmes_where(user: Visitor, codename: str, at: datetime | None = None) -> QuerySet[Any, Any]:
    """Return the ids of the programmes in which `user` holds `codename`; held globally is held in every country.

    With a moment: held then, by what roles may do today.
    """
    programmes = apps.get_model("factories", "CountryProgramme")._default_manager
    mine = held(user, "programme", codename, at)
    everywhere = programmes.filter(among("pk", mine), is_global=True)
    return programmes.filter(among("pk", mine) | Exists(everywhere)).values("pk")


def factories_inside(user: Visitor) -> QuerySet[Any, Any]:
    """Return the ids of the factories whose consent `user` sees from inside: as a member, or as its country's staff."""
    factories = apps.get_model("factories", "Factory")._default_manager
    own = factories.filter(among("pk", held(user, "factory", "view_data")))
    return own.values("pk").union(factories_of(user, "view_assessments"), all=True)


def factories_of(user: Visitor, codename: str) -> QuerySet[Any, Any]:
    """Return the ids of the factories of the programmes in which `user` holds `codename`."""
    factories = apps.get_model("factories", "Factory")._default_manager
    return factories.in_programmes_where(user, codename).values("pk")


# The same, worded once: for the conditions of other querysets.
programme_keys = WordedKeys(programmes_where)
keys_inside = WordedKeys(factories_inside)
factory_keys = WordedKeys(factories_of)


class ProgrammeQuerySet(QuerySet["CountryProgramme"]):
    """Country programmes."""

    def where(self, user: Visitor, codename: str) -> "ProgrammeQuerySet":
        """The programmes in which `user` holds `codename`; who holds it globally holds it in every country."""
        return self.filter(pk__in=programme_keys(user, codename))

    def visible_to(self, user: Visitor) -> "ProgrammeQuerySet":
        """The programmes whose staff or constituents `user` belongs to; global staff see all of them."""
        seen = Q(pk__in=[])
        for codename in ("assess_country", "view_assessments", "view_statistics"):
            seen |= Q(pk__in=programme_keys(user, codename))
        return self.filter(seen)


class ProgrammeHistoryQuerySet(QuerySet["ProgrammeHistory"]):
    """What countries' settings were."""

    def at(self, moment: datetime) -> "ProgrammeHistoryQuerySet":
        """The one row of each country that held at `moment`."""
        return self.filter(latest_at(self.model, "programme", moment))


class FactoryQuerySet(QuerySet["Factory"]):
    """Factories."""

    def where(self, user: Visitor, codename: str) -> "FactoryQuerySet":
        """The factories on which `user` holds `codename` through a role in the factory itself."""
        return self.filter(pk__in=keys_held(user, "factory", codename))

    def in_programmes_where(self, user: Visitor, codename: str) -> "FactoryQuerySet":
        """Return the factories of the programmes in which `user` holds `codename`.

        Whether there is one is asked first: for everybody else no factory is looked at.
        """
        programmes = programme_keys(user, codename)
        return self.filter(programmes.are_any(), among("programme", programmes))

    def inside(self, user: Visitor) -> "FactoryQuerySet":
        """Those whose consent `user` sees from inside: as one of the factory's people, or its country's staff."""
        return self.filter(pk__in=keys_inside(user))

    def visible_to(self, user: Visitor) -> "FactoryQuerySet":
        """Own factories for members, assigned ones for advisors, the country's for its staff; nobody else any.

        Brands see a factory's facts only through what was shared with them.
        """
        assigned = keys_held(user, "factory", "assess")
        return self.filter(Q(pk__in=keys_inside(user)) | Q(pk__in=assigned))

    def editable_by(self, user: Visitor) -> "FactoryQuerySet":
        """Those whose profile `user` may edit: the factory's manager, and its country's staff."""
        own = keys_held(user, "factory", "edit_profile")
        return self.filter(Q(pk__in=own) | Q(programme__in=programme_keys(user, "manage_enrolment")))

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
        own = keys_held(user, "factory", "manage_members")
        enrolled = programme_keys(user, "manage_enrolment")
        return self.filter(Q(factory__in=own) | Q(factory__programme__in=enrolled))

    def open(self) -> "HandoverQuerySet":
        """Those under way: not stopped, and the new manager has not joined."""
        return self.filter(stopped_at=None, joined_at=None)

    def waiting_for(self, email: str) -> "HandoverQuerySet":
        """Those that were completed and wait for the new manager with this address to join."""
        return self.open().filter(new_email=email, completed_at__isnull=False)
