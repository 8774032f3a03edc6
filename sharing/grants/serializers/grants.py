"""Grants and who-saw-what over the API."""

from typing import Any, Protocol
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from brands.models import Brand
from factories.serializers import FactoryBriefSerializer
from portal.accounts.models import User
from portal.accounts.roles import Visitor
from portal.core.api import PageQuery, StrictSerializer
from portal.core.drawn import MAX_ID
from sharing.grants.services.outcomes import MOST_HOLD_DAYS, Terms
from sharing.models import Scope, SharingGrant
from sharing.scopes import OFFERED_SCOPES
from sharing.terms import MAX_CYCLE, MOST_CYCLES, Status


class CycleNumbersField(serializers.ListField):
    """The cycles that terms name: none with `all`, the first one with `from`, each one with `only`."""

    child = serializers.IntegerField(min_value=1, max_value=MAX_CYCLE)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": MOST_CYCLES, **kwargs})


class BrandBriefSerializer(serializers.Serializer[Any]):
    """A brand in brief."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class GrantForReader(Protocol):
    """A grant, and whether its reader sees it from the factory's side."""

    from_inside: bool
    hold_days: int
    replaces_id: UUID | None
    known_before: SharingGrant | None
    follows_id: UUID | None
    granted_by: User
    ended_by: User | None
    end_code: str
    end_reason: str
    is_end_reason_shown: bool


class GrantSerializer(serializers.Serializer[Any]):
    """One factory's consent for one brand to read one kind of data.

    What only concerns the factory, such as who granted and ended it, is null for a brand (`from_inside` is false).
    """

    id = serializers.UUIDField()
    factory = FactoryBriefSerializer()
    brand = BrandBriefSerializer()
    scope = serializers.ChoiceField(choices=Scope.values)
    cycles = serializers.ChoiceField(choices=SharingGrant.Cycles.values)
    cycle_numbers = CycleNumbersField()
    valid_from = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    purpose = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=list(Status))
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    replaces = serializers.SerializerMethodField(help_text="The brand's earlier grant, which this one replaced.")
    follows = serializers.SerializerMethodField(
        help_text="The decision before this one, even if that never took effect. null for a brand."
    )
    hold_days = serializers.SerializerMethodField(help_text="Days each new report is held. null for a brand.")
    receipt = serializers.CharField(allow_null=True, help_text="The number of the newest receipt.")
    granted_by = serializers.SerializerMethodField(help_text="The name of the user who granted it. null for a brand.")
    ended_by = serializers.SerializerMethodField(help_text="The name of the user who ended it. null for a brand.")
    end_code = serializers.SerializerMethodField(
        help_text="The code of the reason for the end. null for a brand, and where there is none."
    )
    end_reason = serializers.SerializerMethodField(
        help_text="The reason for the end. null for a brand unless the factory chose to show it."
    )
    is_end_reason_shown = serializers.SerializerMethodField(
        help_text="true if the brand can see the reason. null for a brand."
    )

    def get_replaces(self, grant: GrantForReader) -> UUID | None:
        """Return the id; for a brand never that of a grant that was undone."""
        if grant.from_inside:
            return grant.replaces_id
        return grant.known_before.pk if grant.known_before else None

    def get_hold_days(self, grant: GrantForReader) -> int | None:
        """Return the days; null for a brand."""
        return grant.hold_days if grant.from_inside else None

    def get_follows(self, grant: GrantForReader) -> str | None:
        """Return the id; null for a brand."""
        return str(grant.follows_id) if grant.follows_id and grant.from_inside else None

    def get_granted_by(self, grant: GrantForReader) -> str | None:
        """Return the name; null for a brand."""
        return grant.granted_by.name if grant.from_inside else None

    def get_ended_by(self, grant: GrantForReader) -> str | None:
        """Return the name; null for a brand."""
        return grant.ended_by.name if grant.ended_by and grant.from_inside else None

    @extend_schema_field(serializers.ChoiceField(choices=SharingGrant.End.values, allow_null=True))
    def get_end_code(self, grant: GrantForReader) -> str | None:
        """Return the code of the reason; null for a brand, and for ends without a code."""
        return (grant.end_code or None) if grant.from_inside else None

    def get_end_reason(self, grant: GrantForReader) -> str | None:
        """Return the reason; null for a brand unless the factory chose to show it."""
        return grant.end_reason if grant.from_inside or grant.is_end_reason_shown else None

    def get_is_end_reason_shown(self, grant: GrantForReader) -> bool | None:
        """Return true if the brand can see the reason; null for a brand."""
        return grant.is_end_reason_shown if grant.from_inside else None


class FactoryGrantQuery(PageQuery):
    """Filters of one factory's list of grants."""

    brand = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    scope = serializers.ChoiceField(required=False, choices=OFFERED_SCOPES)
    open = serializers.BooleanField(
        required=False, help_text="true: only grants that have not ended; false: only ended ones."
    )


class GrantQuery(FactoryGrantQuery):
    """Filters of a list of grants."""

    factory = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)


class GrantChange(StrictSerializer):
    """New terms for a grant. Fields that are left out do not change.

    `cycle_numbers` are only for cycles `from` (one) and `only`. Without `valid_from` the change starts now.
    """

    cycles = serializers.ChoiceField(required=False, choices=SharingGrant.Cycles.values)
    cycle_numbers = CycleNumbersField(required=False)
    valid_from = serializers.DateTimeField(required=False, help_text="Now or a later moment.")
    expires_at = serializers.DateTimeField(required=False, allow_null=True, help_text="null: no end date.")
    purpose = serializers.CharField(required=False, allow_blank=True, max_length=300)
    hold_days = serializers.IntegerField(required=False, min_value=0, max_value=MOST_HOLD_DAYS)

    @staticmethod
    def terms(given: dict[str, object], before: SharingGrant | None = None) -> Terms:
        """Return the terms: those of `before` (a new grant's defaults without it), with what was given on top."""
        names = ("cycles", "cycle_numbers", "expires_at", "purpose", "hold_days")
        kept = {name: getattr(before, name) for name in names} if before else {}
        if given.get("cycles") == SharingGrant.Cycles.ALL:
            kept.pop("cycle_numbers", None)
        changes = {name: given[name] for name in (*names, "valid_from") if name in given}
        return Terms(**{**kept, **changes})


class GrantOrder(GrantChange):
    """A new grant: the brand, the data and the terms."""

    brand = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    scope = serializers.ChoiceField(choices=OFFERED_SCOPES)

    def validate_brand(self, value: int) -> Brand:
        """Return the brand, if the asker may see it."""
        return visible_brand(self.context["user"], value)


def visible_brand(user: Visitor, pk: int) -> Brand:
    """Return the brand, if `user` may see it. Raises `ValidationError`."""
    brand: Brand | None = Brand.objects.visible_to(user).filter(pk=pk).first()
    if brand is None:
        raise serializers.ValidationError(_("There is no such brand."))
    return brand


class RevokeOrder(StrictSerializer):
    """The reason for ending access.

    It is kept in the factory's records and shown to the brand only with `is_reason_shown`.
    """

    reason = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")
    is_reason_shown = serializers.BooleanField(required=False, default=False)


class ConfirmationOrder(StrictSerializer):
    """The second person's answer. A reason for refusing is kept in the factory's records."""

    answer = serializers.ChoiceField(choices=["confirm", "refuse"])
    reason = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")


class StopOrder(RevokeOrder):
    """The access to end: all access of one brand or, if `brand` is null, of all brands."""

    brand = serializers.IntegerField(allow_null=True, min_value=1, max_value=MAX_ID)

    def validate_brand(self, value: int | None) -> Brand | None:
        """Return the brand, if the asker may see it."""
        return None if value is None else visible_brand(self.context["user"], value)
