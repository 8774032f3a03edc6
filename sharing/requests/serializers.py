"""Requests over the API: what a brand asks for, what a factory answers, and the factories to ask."""

from typing import Any

from rest_framework import serializers

from factories.models import Factory
from factories.serializers import FactoryBriefSerializer
from portal.core.api import PageQuery, StrictSerializer
from portal.core.countries import COUNTRIES
from portal.core.drawn import MAX_ID
from sharing.grants.serializers.grants import BrandBriefSerializer, CycleNumbersField
from sharing.grants.services.outcomes import MOST_HOLD_DAYS, Terms
from sharing.models import AccessRequest, Scope, SharingGrant
from sharing.requests.matching import MOST_LINES, Line
from sharing.requests.services.answering import LONGEST_SNOOZE_DAYS, as_asked
from sharing.requests.services.standing import RequestedTerms
from sharing.requests.states import Shown
from sharing.scopes import OFFERED_SCOPES

STATES = list(Shown)
MOST_AT_ONCE = 300


class RequestSerializer(serializers.Serializer[Any]):
    """A brand's request to a factory.

    For the brand, who answered and when the answer is postponed to are null. It sees an approval that still needs
    confirmation (`unconfirmed`) as `open`, and one that the second person refused (`refused`) as `declined`.
    """

    id = serializers.UUIDField()
    factory = FactoryBriefSerializer()
    brand = BrandBriefSerializer()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.values))
    cycles = serializers.ChoiceField(choices=SharingGrant.Cycles.values)
    cycle_numbers = CycleNumbersField()
    expires_at = serializers.DateTimeField(allow_null=True)
    purpose = serializers.CharField()
    message = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=STATES, source="shown_state")
    created_at = serializers.DateTimeField()
    lapses_at = serializers.DateTimeField()
    asked_by = serializers.CharField(source="asked_by.name")
    decline_reason = serializers.CharField(allow_blank=True)
    code = serializers.CharField(help_text="The code that a manager enters at /c/ on another device.")
    answered_by = serializers.SerializerMethodField(help_text="The name of the user who answered. null for a brand.")
    snoozed_until = serializers.SerializerMethodField(help_text="When the factory will be reminded. null for a brand.")

    def get_answered_by(self, found: AccessRequest) -> str | None:
        """Return the name; null for a brand."""
        return found.answered_by.name if found.answered_by and found.from_inside else None

    def get_snoozed_until(self, found: AccessRequest) -> str | None:
        """Return the time; null for a brand."""
        return found.snoozed_until.isoformat() if found.snoozed_until and found.from_inside else None


class BrandRequestQuery(PageQuery):
    """Filters of a brand's requests."""

    factory = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    state = serializers.ChoiceField(required=False, choices=STATES)


class RequestQuery(BrandRequestQuery):
    """Filters of a list of requests."""

    brand = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)


class RequestOrder(StrictSerializer):
    """A brand's request to one or more factories. `cycle_numbers` are only for cycles `from` (one) and `only`."""

    factories = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID), min_length=1, max_length=MOST_AT_ONCE
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=OFFERED_SCOPES), min_length=1, max_length=len(OFFERED_SCOPES)
    )
    cycles = serializers.ChoiceField(required=False, choices=SharingGrant.Cycles.values, default="all")
    cycle_numbers = CycleNumbersField(required=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, help_text="null: no end date.")
    purpose = serializers.CharField(max_length=300)
    message = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")

    @staticmethod
    def requested_terms(given: dict[str, Any]) -> RequestedTerms:
        """Return what is asked for."""
        return RequestedTerms(
            scopes=tuple(given["scopes"]),
            cycles=given["cycles"],
            cycle_numbers=given.get("cycle_numbers", []),
            expires_at=given.get("expires_at"),
            purpose=given["purpose"],
            message=given["message"],
        )


class RefusedSerializer(serializers.Serializer[Any]):
    """A factory that was not asked, with the reason."""

    factory = serializers.IntegerField()
    reason = serializers.CharField()


class AskedSerializer(serializers.Serializer[Any]):
    """The requests that were sent and those that were refused."""

    requests = RequestSerializer(many=True)
    refused = RefusedSerializer(many=True)


class ApproveOrder(StrictSerializer):
    """An approval. Fields that are left out stay as requested. Granting more than requested is refused."""

    scopes = serializers.ListField(
        required=False, child=serializers.ChoiceField(choices=Scope.values), min_length=1, max_length=len(Scope)
    )
    cycles = serializers.ChoiceField(required=False, choices=SharingGrant.Cycles.values)
    cycle_numbers = CycleNumbersField(required=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    hold_days = serializers.IntegerField(required=False, min_value=0, max_value=MOST_HOLD_DAYS)

    @staticmethod
    def terms(given: dict[str, object], request: AccessRequest) -> Terms:
        """Return the request's own terms, with what was given on top."""
        names = ("cycles", "cycle_numbers", "expires_at", "hold_days")
        asked = as_asked(request)
        kept = {name: getattr(asked, name) for name in names}
        if given.get("cycles") == SharingGrant.Cycles.ALL:
            kept["cycle_numbers"] = []
        return Terms(**{**kept, **{name: given[name] for name in names if name in given}}, purpose=request.purpose)


class DeclineOrder(StrictSerializer):
    """A refusal. The brand can read the reason, if there is one."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")


class LaterOrder(StrictSerializer):
    """The time of the reminder."""

    days = serializers.IntegerField(min_value=1, max_value=LONGEST_SNOOZE_DAYS)


class WithdrawOrder(StrictSerializer):
    """An empty body."""


class UndoOrder(StrictSerializer):
    """Your own decisions of the last ten minutes."""

    grants = serializers.ListField(child=serializers.UUIDField(), max_length=MOST_AT_ONCE, default=list)
    requests = serializers.ListField(child=serializers.UUIDField(), max_length=MOST_AT_ONCE, default=list)


class UndoneSerializer(serializers.Serializer[Any]):
    """The grants that ended and the requests that are open again; what was undone before is not listed."""

    grants = serializers.ListField(child=serializers.UUIDField())
    requests = serializers.ListField(child=serializers.UUIDField())


class FactoryToAskSerializer(FactoryBriefSerializer):
    """The public data of a factory, and the standing of your own brand with it."""

    city = serializers.CharField(allow_blank=True)
    sector = serializers.ChoiceField(choices=Factory.Sector.values)
    os_hub_id = serializers.CharField(allow_blank=True)
    standing = serializers.SerializerMethodField(
        help_text="`asked`, `cooling` (too early to ask again), `shared` or `free`."
    )
    may_ask = serializers.SerializerMethodField(help_text="true if the brand may ask for access now.")
    may_ask_from = serializers.SerializerMethodField(
        help_text="When the brand may ask again. null: now, or a request is open."
    )

    def get_standing(self, factory: Factory) -> str:
        """Return the standing in a word."""
        return str(self.context["standings"][factory.pk].word)

    def get_may_ask(self, factory: Factory) -> bool:
        """Return true if the brand may ask for access now."""
        return bool(self.context["standings"][factory.pk].may_ask)

    def get_may_ask_from(self, factory: Factory) -> str | None:
        """Return when the brand may ask again; null: now, or a request is open."""
        again = self.context["standings"][factory.pk].next_time()
        return again.isoformat() if again else None


class FactoryToAskQuery(PageQuery):
    """Filters of the factories that can be asked."""

    search = serializers.CharField(
        required=False,
        max_length=100,
        help_text="Part of the name or local name, or a complete Better Work or OS Hub ID.",
    )
    country = serializers.ChoiceField(required=False, choices=list(COUNTRIES), help_text="ISO 3166-1 code.")


class LineOrder(StrictSerializer):
    """One row of a brand's own list."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")
    country = serializers.CharField(required=False, allow_blank=True, max_length=80, default="")
    bw_id = serializers.CharField(required=False, allow_blank=True, max_length=40, default="")
    os_hub_id = serializers.CharField(required=False, allow_blank=True, max_length=40, default="")


class MatchOrder(StrictSerializer):
    """A brand's own list."""

    lines = LineOrder(many=True, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg] # of the list

    @staticmethod
    def lines_of(given: dict[str, Any]) -> list[Line]:
        """Return the lines, numbered from 1."""
        return [Line(number, **line) for number, line in enumerate(given["lines"], start=1)]


class MatchSerializer(serializers.Serializer[Any]):
    """The factories that one row may mean.

    Only matches by `id` and `name` are certain; nothing is selected automatically.
    """

    line = serializers.IntegerField(source="line.number")
    how = serializers.ChoiceField(choices=["id", "name", "similar", "none"])
    factories = FactoryToAskSerializer(many=True, source="found")


class MatchesSerializer(serializers.Serializer[Any]):
    """The rows in their original order."""

    results = MatchSerializer(many=True)
