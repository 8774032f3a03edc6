"""The roles that a visitor holds, and where."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import QuerySet

from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor, kinds


@dataclass(frozen=True)
class Affiliation:
    """A role that the visitor holds in an organisation."""

    kind: str
    organisation_id: int
    name: str
    role: str

    @property
    def is_manager(self) -> bool:
        """True when the role manages the organisation's members."""
        return kinds[self.kind].roles[self.role].is_manager

    @property
    def role_label(self) -> str:
        """The role's label on screen."""
        return str(kinds[self.kind].roles[self.role].label)


def _roles_of(user: Visitor) -> "QuerySet[Group, tuple[Any, ...]]":
    columns = [
        name
        for kind in kinds
        for name in (f"{kind}role__role", f"{kind}role__organisation_id", f"{kind}role__organisation__name")
    ]
    return Group.objects.filter(user__id=user.pk or 0, user__is_active=True).order_by("pk").values_list(*columns)


_rows: Prepared[Group, tuple[Any, ...]] = Prepared(_roles_of)


def affiliations(user: Visitor) -> list[Affiliation]:
    """Return every role of the visitor, in one query, factories first."""
    found = []
    for row in _rows(user):
        for position, kind in enumerate(kinds):
            role, organisation_id, name = row[position * 3 : position * 3 + 3]
            if role is not None:
                found.append(Affiliation(kind, organisation_id, name, role))
    return sorted(found, key=lambda item: (list(kinds).index(item.kind), item.name))
