"""Requests over the API: finding factories, asking, taking back, answering."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from brands.models import Brand
from factories.models import Factory, FactoryQuerySet, named
from portal.accounts.models import User
from portal.core.api import Query
from portal.core.api.views import DetailView, ListView, PortalView, require
from portal.core.turns import RETRY_SECONDS, turn_of
from sharing.models import AccessRequest, SharingGrant
from sharing.requests.matching import match_lines
from sharing.requests.models import AccessRequestQuerySet
from sharing.requests.queries import factories_to_ask
from sharing.requests.serializers import (
    ApproveOrder,
    AskedSerializer,
    BrandRequestQuery,
    DeclineOrder,
    FactoryToAskQuery,
    FactoryToAskSerializer,
    LaterOrder,
    MatchesSerializer,
    MatchOrder,
    RequestOrder,
    RequestQuery,
    RequestSerializer,
    UndoneSerializer,
    UndoOrder,
    WithdrawOrder,
)
from sharing.requests.services.answering import approve_request, decline_request, snooze_request
from sharing.requests.services.asking import request_many, withdraw_request
from sharing.requests.services.standing import standings
from sharing.requests.services.undoing import undo


@contextmanager
def only_turn_of(person: User) -> Iterator[None]:
    """Hold the turn of a person. Raises `Throttled` (429) where they have one already."""
    with turn_of(person.pk) as is_theirs:
        if not is_theirs:
            raise Throttled(wait=RETRY_SECONDS)
        yield


class RequestRows(PortalView):
    """The requests that the asker may see: to their factory, in their country, or of their brand."""

    serializer_class = RequestSerializer

    def rows(self) -> AccessRequestQuerySet:
        """Open and closed ones, each as the asker's side sees it."""
        rows = AccessRequest.objects.visible_to(self.user).for_reader(self.user)
        return rows.select_related("factory__programme", "brand", "asked_by", "answered_by")

    def shown(self, pk: UUID) -> Response:
        """One request as an answer."""
        return Response(self.get_serializer(self.rows().get(pk=pk)).data)


class RequestListView(RequestRows, ListView):
    """Requests, newest first."""

    query_class: type[Query] = RequestQuery
    keyset_order = ("-created_at", "-id")

    def rows(self) -> AccessRequestQuerySet:
        """Return the requests that match all filters."""
        asked = {name: self.query[name] for name in ("factory", "brand") if name in self.query}
        rows = super().rows().filter(**asked)
        return rows.shown_as(self.query["state"]) if "state" in self.query else rows


class BrandRequestsView(RequestListView):
    """The requests of one brand."""

    query_class = BrandRequestQuery

    def brand(self) -> Brand:
        """Return the brand of the address. Raises 404 unless the asker reads for it."""
        return get_object_or_404(Brand.objects.own(self.user), pk=self.kwargs["pk"])

    def rows(self) -> AccessRequestQuerySet:
        """Return the brand's own requests."""
        return super().rows().filter(brand=self.brand())

    @extend_schema(request=RequestOrder, responses={201: AskedSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Ask factories for access. Factories that cannot be asked now are listed under `refused`.

        Send one call at a time: the response is 429 while another one is being processed.
        """
        brand, order = self.brand(), self.body(RequestOrder)
        ids = list(dict.fromkeys(order["factories"]))
        listed = {factory.pk: factory for factory in factories_to_ask(self.user).filter(pk__in=ids)}
        chosen = [listed.get(one) or Factory(pk=one) for one in ids]
        with only_turn_of(self.user):
            asked = request_many(by=self.user, brand=brand, factories=chosen, terms=RequestOrder.requested_terms(order))
        answer = {
            "requests": self.rows().filter(pk__in=[one.pk for one in asked.requests]),
            "refused": [{"factory": factory.pk, "reason": reason} for factory, reason in asked.refused],
        }
        return Response(AskedSerializer(answer).data, status=201)


class RequestDetailView(RequestRows, DetailView):
    """One request."""


class RequestAnswer(RequestRows):
    """An answer to one request. It is 409 when someone else answered it first."""

    def answer(self, pk: UUID, verb: Callable[..., AccessRequest], **values: object) -> Response:
        """Return the request after the verb. Raises 404, 403 or 409."""
        found = get_object_or_404(self.rows(), pk=pk)
        require(Factory.objects.where(self.user, "manage_sharing"), found.factory)
        return self.done(found, verb, **values)

    def done(self, found: AccessRequest, verb: Callable[..., AccessRequest], **values: object) -> Response:
        """Return the request after the verb. Raises 409."""
        verb(by=self.user, request=found, **values)
        return self.shown(found.pk)


class RequestApproveView(RequestAnswer):
    """A yes."""

    @extend_schema(request=ApproveOrder, responses={200: RequestSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Approve a request, or a part of it. Fields that are left out of the body stay as requested."""
        found = get_object_or_404(self.rows(), pk=pk)
        order = self.body(ApproveOrder)
        scopes = order.get("scopes", found.scopes)
        return self.answer(pk, approve_request, scopes=scopes, terms=ApproveOrder.terms(order, found))


class RequestDeclineView(RequestAnswer):
    """A no."""

    @extend_schema(request=DeclineOrder, responses={200: RequestSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Decline a request. The brand can read the reason."""
        return self.answer(pk, decline_request, **self.body(DeclineOrder))


class RequestLaterView(RequestAnswer):
    """Not now."""

    @extend_schema(request=LaterOrder, responses={200: RequestSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Postpone the answer. The brand is not notified, and the request expires on the same day as before."""
        return self.answer(pk, snooze_request, **self.body(LaterOrder))


class RequestWithdrawView(RequestAnswer):
    """Taking it back."""

    @extend_schema(request=WithdrawOrder, responses={200: RequestSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Cancel a request. Only for members of the brand. Idempotent."""
        found = get_object_or_404(self.rows(), pk=pk)
        require(Brand.objects.own(self.user), found.brand)
        self.body(WithdrawOrder)
        return self.done(found, withdraw_request)


class FactoriesToAskView(ListView):
    """The programme's factories, by name, with the standing of your own brand. It shows nothing about other brands."""

    serializer_class = FactoryToAskSerializer
    query_class = FactoryToAskQuery

    def rows(self) -> FactoryQuerySet:
        """Return the factories that match all filters. Responds 404 unless you read data for the brand."""
        self.brand = get_object_or_404(Brand.objects.own(self.user), pk=self.kwargs["pk"])
        rows = factories_to_ask(self.user)
        if words := self.query.get("search"):
            rows = rows.filter(named(words))
        return rows.filter(programme__country=self.query["country"]) if "country" in self.query else rows

    def get(self, request: Request, **kwargs: object) -> Response:
        """Return the programme's factories, by name, with the standing of your own brand.

        The response shows nothing about other brands.
        """
        page = self.paginate_queryset(self.rows()) or []
        context = {"standings": standings(self.user, self.brand, [factory.pk for factory in page])}
        return self.get_paginated_response(FactoryToAskSerializer(page, many=True, context=context).data)


class FactoriesMatchView(PortalView):
    """The factories that match a brand's own list."""

    integrations_may_write = True  # it reads; the list is too long for an address

    @extend_schema(request=MatchOrder, responses={200: MatchesSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Match the rows of a list with factories: by id, by name, or with up to five candidates. Nothing is stored.

        Send one list at a time: the response is 429 while another one is being matched.
        """
        brand = get_object_or_404(Brand.objects.own(self.user), pk=pk)
        lines = MatchOrder.lines_of(self.body(MatchOrder))
        with only_turn_of(self.user):
            matches = match_lines(self.user, lines)
        where = standings(self.user, brand, {factory.pk for match in matches for factory in match.found})
        return Response(MatchesSerializer({"results": matches}, context={"standings": where}).data)


class UndoView(PortalView):
    """Undoing what was just decided."""

    @extend_schema(request=UndoOrder, responses={200: UndoneSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Undo your own decisions of the last ten minutes: grants end, and answered requests are open again.

        It is 409 once the time has passed or the brand has read data under the decision. Idempotent.
        """
        factory = get_object_or_404(Factory.objects.visible_to(self.user), pk=pk)
        require(Factory.objects.where(self.user, "manage_sharing"), factory)
        order = self.body(UndoOrder)
        grants = SharingGrant.objects.visible_to(self.user).filter(factory=factory, pk__in=order["grants"])
        requests = AccessRequest.objects.visible_to(self.user).filter(factory=factory, pk__in=order["requests"])
        if {one.pk for one in [*grants, *requests]} != {*order["grants"], *order["requests"]}:
            raise Http404
        undone = undo(
            by=self.user,
            factory=factory,
            grants={grant.pk for grant in grants},
            requests={one.pk for one in requests},
        )
        answer = {"grants": [grant.pk for grant in undone.grants], "requests": [one.pk for one in undone.requests]}
        return Response(UndoneSerializer(answer).data)
