"""Who-saw-what over the API."""

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from factories.serializers import FactoryBriefSerializer
from portal.core.api import PageQuery, Query
from portal.core.drawn import ID, MAX_ID
from sharing.grants.serializers.grants import BrandBriefSerializer
from sharing.models import AccessRecord, Scope, SearchRecord
from sharing.records.digest import Digest, Reading
from sharing.records.forms import WRONG_YEAR, YEARS, reversed_days
from sharing.records.models import BRANDS, OWN, STAFF
from sharing.scopes import OFFERED_SCOPES
from sharing.terms import MAX_CYCLE


class LoggedSerializer(serializers.Serializer[Any]):
    """When something was done, by whom and for which brand."""

    at = serializers.DateTimeField()
    person = serializers.CharField(source="person.name")
    person_id = serializers.IntegerField(help_text="For the filter `person`.")
    brand = BrandBriefSerializer(allow_null=True)
    is_own = serializers.BooleanField(help_text="true if the reader is a member of the factory today.")


class AccessRecordSerializer(LoggedSerializer):
    """One view, download, API read or export of the factory's data.

    `brand` is null for the factory's members and for staff.
    """

    action = serializers.ChoiceField(choices=AccessRecord.Action.values)
    scope = serializers.ChoiceField(choices=Scope.values)
    assessment = serializers.UUIDField(source="assessment_id")
    cycle = serializers.IntegerField()
    version = serializers.IntegerField()
    copy_number = serializers.IntegerField(allow_null=True)


class OwnReadingSerializer(AccessRecordSerializer):
    """The same entry, as seen by the brand whose member read the data."""

    brand = None  # type: ignore[assignment]
    is_own = None  # type: ignore[assignment]
    factory = FactoryBriefSerializer()


class SearchRecordSerializer(LoggedSerializer):
    """A list filtered by a finding that named the factory. The other factories on the list are shown to nobody."""

    condition = serializers.ChoiceField(choices=SearchRecord.Condition.values)
    about = serializers.CharField(help_text="The name of the cluster.")


class _DayField(serializers.DateField):
    """A day that the page's filter takes too: one past all calendars has no end that could be asked for."""

    def to_internal_value(self, value: str | date) -> date:
        day = super().to_internal_value(value)
        if day.year not in YEARS:
            raise serializers.ValidationError(WRONG_YEAR)
        return day


class PeriodQuery(PageQuery):
    """Filters of both logs, for all their readers."""

    person = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_ID, help_text="A reader's `person_id`."
    )
    since = _DayField(required=False, help_text="First day, by the factory's time zone.")
    until = _DayField(required=False, help_text="Last day, by the factory's time zone.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        if wrong := reversed_days(attrs.get("since"), attrs.get("until")):
            raise serializers.ValidationError(wrong)
        return attrs


class NarrowedQuery(PeriodQuery):
    """Filters of the record of who saw what, for all its readers."""

    action = serializers.ChoiceField(required=False, choices=AccessRecord.Action.values)
    scope = serializers.ChoiceField(required=False, choices=OFFERED_SCOPES)
    cycle = serializers.IntegerField(required=False, min_value=1, max_value=MAX_CYCLE)


class ByBrandQuery(PeriodQuery):
    """Filters of both logs, for a factory."""

    brand = serializers.RegexField(
        f"^({OWN}|{STAFF}|{BRANDS}|{ID})$",
        required=False,
        help_text="A brand's id, `brands` (all of them), `own` (the factory's members) or `staff`. Without it, all "
        "readers; the page shows `brands`.",
    )
    own = serializers.BooleanField(
        required=False, help_text="true adds the reads of the factory's members to those of `brand`."
    )
    staff = serializers.BooleanField(
        required=False, help_text="true adds the reads of the programme's staff to those of `brand`."
    )


class SearchRecordQuery(ByBrandQuery):
    """Filters of the searches that named a factory."""


class AccessRecordQuery(ByBrandQuery, NarrowedQuery):
    """Filters of a factory's record of who saw what."""


class OwnReadingQuery(NarrowedQuery):
    """Filters of what a brand itself read."""

    factory = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)


class MonthQuery(Query):
    """The month of a summary."""

    month = serializers.RegexField(
        r"^20[0-9]{2}-(0[1-9]|1[0-2])$", required=False, help_text="Year and month, such as 2026-03."
    )


class ReadingSerializer(serializers.Serializer[Any]):
    """One brand's use of one kind of data in the month."""

    brand = serializers.SerializerMethodField(help_text="The id and name of the brand.")
    scope = serializers.ChoiceField(choices=Scope.values)
    people = serializers.IntegerField()
    views = serializers.IntegerField()
    downloads = serializers.IntegerField()
    api = serializers.IntegerField()
    exports = serializers.IntegerField()
    last = serializers.DateTimeField()

    @extend_schema_field(BrandBriefSerializer)
    def get_brand(self, reading: Reading) -> dict[str, object]:
        """Return the id and name of the brand."""
        return {"id": reading.brand_id, "name": reading.brand}


class UnusedSerializer(serializers.Serializer[Any]):
    """A grant that nobody used in the month."""

    grant = serializers.UUIDField(source="pk")
    brand = BrandBriefSerializer()
    scope = serializers.ChoiceField(choices=Scope.values)


class DigestSerializer(serializers.Serializer[Any]):
    """Summary of a factory's month."""

    month = serializers.SerializerMethodField(help_text="Year and month, such as 2026-03.")
    readings = ReadingSerializer(many=True)
    never_looked = UnusedSerializer(many=True)
    staff_reads = serializers.IntegerField()

    def get_month(self, digest: Digest) -> str:
        """Return the year and the month."""
        return f"{digest.month:%Y-%m}"
