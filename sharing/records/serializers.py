"""Who-saw-what over the API."""

from datetime import date
from typing import Any

from rest_framework import serializers

from factories.serializers import FactoryBriefSerializer
from portal.core.api import PageQuery, Query
from portal.core.drawn import ID, MAX_ID
from sharing.grants.serializers.grants import BrandBriefSerializer
from sharing.models import AccessRecord, Scope, SearchRecord
from sharing.records.forms import WRONG_YEAR, YEARS
from sharing.scopes import OFFERED_SCOPES
from sharing.terms import MAX_CYCLE


class AccessRecordSerializer(serializers.Serializer[Any]):
    """One opening, download, API read or export of the factory's data. No brand: its own people, or staff."""

    at = serializers.DateTimeField()
    person = serializers.CharField(source="person.name")
    person_id = serializers.IntegerField(help_text="To narrow by the person.")
    brand = BrandBriefSerializer(allow_null=True)
    is_own = serializers.BooleanField(help_text="The reader belongs to the factory itself today.")
    action = serializers.ChoiceField(choices=AccessRecord.Action.values)
    scope = serializers.ChoiceField(choices=Scope.values)
    assessment = serializers.UUIDField(source="assessment_id")
    cycle = serializers.IntegerField()
    version = serializers.IntegerField()
    copy_number = serializers.IntegerField(allow_null=True)


class OwnReadingSerializer(AccessRecordSerializer):
    """The same line as the brand sees it that read."""

    brand = None  # type: ignore[assignment]
    is_own = None  # type: ignore[assignment]
    factory = FactoryBriefSerializer()


class SearchRecordSerializer(serializers.Serializer[Any]):
    """A page narrowed by a finding that named the factory; whom else it named is told to nobody."""

    at = serializers.DateTimeField()
    person = serializers.CharField(source="person.name")
    person_id = serializers.IntegerField(help_text="To narrow by the person.")
    brand = BrandBriefSerializer(allow_null=True)
    is_own = serializers.BooleanField(help_text="The reader belongs to the factory itself today.")
    condition = serializers.ChoiceField(choices=SearchRecord.Condition.values)
    about = serializers.CharField(help_text="The name of the cluster.")


class _DayField(serializers.DateField):
    """A day that the page's filter takes too: one past all calendars has no end that could be asked for."""

    def to_internal_value(self, value: Any) -> date:
        day = super().to_internal_value(value)
        if day.year not in YEARS:
            raise serializers.ValidationError(WRONG_YEAR)
        return day


class NarrowedQuery(PageQuery):
    """How who-saw-what is narrowed, by whoever reads it."""

    person = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_ID, help_text="A reader's `person_id`."
    )
    action = serializers.ChoiceField(required=False, choices=AccessRecord.Action.values)
    scope = serializers.ChoiceField(required=False, choices=OFFERED_SCOPES)
    cycle = serializers.IntegerField(required=False, min_value=1, max_value=MAX_CYCLE)
    since = _DayField(required=False, help_text="The first day, at the factory.")
    until = _DayField(required=False, help_text="The last day, at the factory.")


class AccessRecordQuery(NarrowedQuery):
    """How a factory's log is narrowed."""

    brand = serializers.RegexField(
        f"^(own|staff|{ID})$", required=False, help_text="A brand's id, `own` (its people) or `staff`."
    )


class SearchRecordQuery(PageQuery):
    """How the searches that named a factory are narrowed."""

    person = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_ID, help_text="A reader's `person_id`."
    )
    brand = serializers.RegexField(
        f"^(own|staff|{ID})$", required=False, help_text="A brand's id, `own` (its people) or `staff`."
    )
    since = _DayField(required=False, help_text="The first day, at the factory.")
    until = _DayField(required=False, help_text="The last day, at the factory.")


class OwnReadingQuery(NarrowedQuery):
    """How a brand's own log is narrowed."""

    factory = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)


class MonthQuery(Query):
    """A month."""

    month = serializers.RegexField(r"^20[0-9]{2}-(0[1-9]|1[0-2])$", required=False, help_text="As 2026-03.")


class ReadingSerializer(serializers.Serializer[Any]):
    """What one brand read of one kind of data in the month."""

    brand = serializers.SerializerMethodField()
    scope = serializers.ChoiceField(choices=Scope.values)
    people = serializers.IntegerField()
    views = serializers.IntegerField()
    downloads = serializers.IntegerField()
    api = serializers.IntegerField()
    exports = serializers.IntegerField()
    last = serializers.DateTimeField()

    def get_brand(self, reading: Any) -> dict[str, Any]:
        """Its id and name."""
        return {"id": reading.brand_id, "name": reading.brand}


class UnusedSerializer(serializers.Serializer[Any]):
    """A grant through which nobody read anything in the month."""

    grant = serializers.UUIDField(source="pk")
    brand = BrandBriefSerializer()
    scope = serializers.ChoiceField(choices=Scope.values)


class DigestSerializer(serializers.Serializer[Any]):
    """A factory's month in numbers."""

    month = serializers.SerializerMethodField(help_text="As 2026-03.")
    readings = ReadingSerializer(many=True)
    never_looked = UnusedSerializer(many=True)
    staff_reads = serializers.IntegerField()

    def get_month(self, digest: Any) -> str:
        """Return the year and the month."""
        return f"{digest.month:%Y-%m}"
