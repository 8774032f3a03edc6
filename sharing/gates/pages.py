"""The checks of who may enter the pages of consent, and the rows they come for."""

from collections.abc import Iterable
from contextlib import suppress
from typing import cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import BigIntegerField, BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from brands.models import Brand
from factories.models import Factory
from factories.rights import member_may, staff_may
from portal.accounts.models import User
from portal.accounts.prepared import Prepared, permitted_keys
from portal.accounts.roles import Visitor
from portal.core.compiled import Key
from portal.core.conditions import among
from portal.core.days import show_days_of
from portal.core.drawn import MAX_ID
from sharing.access.positions import positions
from sharing.models import AccessRequest, SharingGrant
from sharing.requests.queries import with_times_reopened


def person(request: HttpRequest) -> User:
    return cast("User", request.user)


def about(factory: Factory, text: str) -> str:
    """Return a message with the factory's name, so that somebody who manages two reads which one it is about."""
    return str(factory) + _(": ") + text


def _visible_factory(user: Visitor, pk: Key) -> QuerySet[Factory]:
    inside = Exists(Factory.objects.inside(user).filter(pk=OuterRef("pk")))
    return Factory.objects.visible_to(user).filter(pk=pk).select_related("programme").annotate(is_inside=inside)


_visible: Prepared[Factory, Factory] = Prepared(_visible_factory, pk=BigIntegerField())


def factory_inside(request: HttpRequest, pk: int) -> Factory:
    """Return the factory, if the visitor sees it; 403 if they do but its consent is not their business."""
    rows = _visible(request.user, pk=pk)
    if not rows:
        raise Http404
    show_days_of(rows[0])
    if not getattr(rows[0], "is_inside", False):
        raise PermissionDenied(_("Only the factory's members and its country's staff can see who it shares with."))
    return rows[0]


def may_decide(request: HttpRequest, factory: Factory) -> bool:
    return member_may(request.user, "manage_sharing", factory.pk)


def may_confirm(request: HttpRequest, factory: Factory) -> bool:
    return member_may(request.user, "confirm_sharing", factory.pk)


def may_look(request: HttpRequest, factory: Factory) -> bool:
    """Return whether the visitor may see what a brand sees of it: the factory's deciders and country's staff may."""
    return may_decide(request, factory) or staff_may(request.user, "view_assessments", factory.pk)


def _rights_in(user: Visitor, factory: Key) -> "QuerySet[Factory, tuple[bool, bool]]":
    """Return whether `user` decides for a factory, and whether they read its assessments as its country's staff."""
    decides = among("pk", permitted_keys(user, "factory", "manage_sharing"))
    is_staff = Q(Exists(Factory.objects.in_programmes_where(user, "view_assessments").filter(pk=OuterRef("pk"))))
    held = [ExpressionWrapper(one, output_field=BooleanField()) for one in (decides, is_staff)]
    return Factory.objects.filter(pk=factory).values_list(*held)


_rights: Prepared[Factory, tuple[bool, bool]] = Prepared(_rights_in, factory=BigIntegerField())


def may_decide_and_look(request: HttpRequest, factory: Factory) -> tuple[bool, bool]:
    """Return the answers of `may_decide` and `may_look`, from one statement."""
    [(decides, is_staff)] = _rights(person(request), factory=factory.pk)
    return decides, decides or is_staff


def require_decider(request: HttpRequest, factory: Factory) -> None:
    if not may_decide(request, factory):
        raise PermissionDenied(_("Only a manager of this factory can decide who sees its data."))


def grant_to_decide(request: HttpRequest, pk: UUID) -> SharingGrant:
    """Return a grant of a factory that the visitor decides for; 404 unless visible, 403 unless theirs to decide."""
    found = get_object_or_404(
        SharingGrant.objects.visible_to(request.user).select_related("factory__programme", "brand"), pk=pk
    )
    require_decider(request, found.factory)
    show_days_of(found.factory)
    return found


def in_place_of(found: SharingGrant) -> SharingGrant | None:
    """Return the grant that replaced one changed since a page, a link or a printed sheet named it."""
    if found.ended_at is None:
        return None
    position = positions(found.factory, [found.brand_id])[found.brand_id]
    return position.successor(position.grant(found.pk))


def uuids(texts: Iterable[str]) -> list[UUID]:
    """Return those of `texts` that are ids; the others are ignored."""
    found = []
    for text in texts:
        with suppress(ValueError):
            found.append(UUID(text))
    return found


def keys(texts: Iterable[str]) -> list[int]:
    """Return those of `texts` that can be the key of a row, each once, in order; the others are ignored."""
    longest = len(str(MAX_ID))
    return sorted({int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) <= longest})


def own_brand(request: HttpRequest, pk: int) -> Brand:
    """Return the brand, if the visitor reads for it; 404 for everybody else."""
    return get_object_or_404(Brand.objects.own(request.user), pk=pk)


def request_seen(request: HttpRequest, pk: UUID) -> AccessRequest:
    """Return a request as the visitor's side sees it (with `shown_state` and `times_reopened`), or 404."""
    rows = with_times_reopened(AccessRequest.objects.visible_to(request.user).for_reader(request.user))
    found = get_object_or_404(rows.select_related("factory__programme", "brand", "asked_by", "answered_by"), pk=pk)
    show_days_of(found.factory)
    return found


def request_to_decide(request: HttpRequest, pk: UUID) -> AccessRequest:
    """Return a request to a factory that the visitor decides for; 404 unless visible, 403 unless theirs to decide."""
    found = request_seen(request, pk)
    require_decider(request, found.factory)
    return found
