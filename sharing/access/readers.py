"""Readers: row -> who may read it. For the factory and the staff only (docs/rules.md, invariant 3)."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from brands.roles import BRAND
from factories.models import CountryProgramme
from factories.roles import FACTORY, PROGRAMME
from portal.accounts.models import User
from portal.accounts.roles import OrganisationKind, memberships_at
from sharing.access.conditions import grants_for
from sharing.access.publication import Subject, is_begun, is_released


def readers(subject: Subject, scope: str, at: datetime | None = None) -> QuerySet[User]:
    """Return, for a row, every active person who may read `scope` of this assessment now, or could at a moment.

    For the factory and the staff only; no brand ever learns it (docs/rules.md, invariant 3).
    """
    return User.objects.filter(pk__in=reading_memberships(subject, scope, at).values("user")).order_by("pk")


def reading_memberships(subject: Subject, scope: str, at: datetime | None = None) -> QuerySet[Any]:
    """Return, for a row, who reads it and in which role: the memberships (`user`, `group`) that let people read it."""
    brands = grants_for(subject, at).filter(scope=scope).values("brand")
    groups = _may(BRAND, f"read_{scope}", content_object__in=brands)
    if is_released(subject, at):
        groups |= _may(FACTORY, "view_data", content_object=subject.factory_id)
    if is_begun(subject, at):
        groups |= _may(FACTORY, "assess", content_object=subject.factory_id)
        programmes = CountryProgramme.objects.filter(Q(is_global=True) | Q(pk=subject.factory.programme_id))
        groups |= _may(PROGRAMME, "view_assessments", content_object__in=programmes.values("pk"))
    return memberships_at(at).filter(groups)


def _may(kind: OrganisationKind, codename: str, **on: object) -> Q:
    """Return the condition that a membership gives a permission on some organisations."""
    return Q(group__in=kind.given([codename]).filter(**on).values("group"))
