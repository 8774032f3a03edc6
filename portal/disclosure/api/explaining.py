"""Why, and who on any day, over the API."""

from contextlib import suppress
from datetime import date, datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assessments.reading.serializers import DecisionSerializer
from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.core.api import Query
from portal.core.api.views import PortalView
from portal.core.days import by_clock
from portal.disclosure.explaining import Reader, Readers, explain, explain_to_brand, who_could_see
from portal.disclosure.moments import FIRST_DAY, LAST_DAY, WRONG_YEAR, find_reader, moment_asked, reader_choices
from sharing.access import ASSESSMENT_SCOPES
from sharing.gates.api import factory_from_inside
from sharing.grants.queries import granted_to
from sharing.grants.serializers.grants import BrandBriefSerializer, CycleNumbersField
from sharing.models import SharingGrant
from sharing.terms import MAX_CYCLE


@extend_schema_field({"oneOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]})
class DayOrMoment(serializers.DateTimeField):
    """A day, or a moment, which has no offset where none was sent."""

    def to_internal_value(self, value: Any) -> Any:
        """Return the one or the other."""
        with suppress(ValueError):
            if day := parse_date(value):
                return day
        return super().to_internal_value(value)

    def enforce_timezone(self, value: datetime) -> datetime:
        """Leave it as it was sent: whose clock it is by, the factory says."""
        return value


def moment_of(asked: date | None, factory: Factory) -> datetime | None:
    """Return the moment asked about; None: now. A day, and a moment without an offset, are the factory's (R54)."""
    if isinstance(asked, datetime):
        return asked if asked.tzinfo else by_clock(asked, factory)
    return None if asked is None else moment_asked(asked, None, factory)


class MomentQuery(Query):
    """The cycle, the scope and, unless it is now, the moment."""

    cycle = serializers.IntegerField(min_value=1, max_value=MAX_CYCLE)
    scope = serializers.ChoiceField(choices=list(ASSESSMENT_SCOPES))
    at = DayOrMoment(
        required=False,
        help_text="Default: now. A day means its end. A later moment assumes that nothing changes until then. Without "
        "an offset it is in the factory's time zone.",
    )

    def validate_at(self, value: date) -> date:
        """Return a day or moment of this century."""
        if not FIRST_DAY.year <= value.year <= LAST_DAY.year:
            raise serializers.ValidationError(WRONG_YEAR)
        return value


class ExplainQuery(MomentQuery):
    """Only for the factory's side: the reader, such as `brand:7` or `person:12`, as in `who-could-see`."""

    reader = serializers.CharField(required=False, max_length=40)


class AnswerSerializer(DecisionSerializer):
    """One answer, with the version it is about (null: none that you may know of) and, for a brand, which one."""

    assessment = serializers.UUIDField(source="about.pk", default=None, allow_null=True)
    version = serializers.IntegerField(source="about.version", default=None, allow_null=True)
    brand = BrandBriefSerializer(source="asker", default=None, allow_null=True)


class AnswersSerializer(serializers.Serializer[Any]):
    """The answers, the newest version first."""

    answers = AnswerSerializer(many=True)


class FactoryExplainView(PortalView):
    """The reason why someone can or cannot read a cycle of this factory."""

    query_class = ExplainQuery

    @extend_schema(responses=AnswersSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Explain why someone can or cannot read a cycle.

        The factory's members and its country's staff name a `reader`; a brand asks about itself, without one.
        """
        asked = {"scope": self.query["scope"], "cycle": self.query["cycle"]}
        shared = granted_to(self.user).filter(factory=pk)
        if shared.exists():
            self._refuse_a_reader()
            factory = get_object_or_404(Factory.objects.select_related("programme"), pk__in=shared.values("factory"))
            answers = explain_to_brand(self.user, factory, at=moment_of(self.query.get("at"), factory), **asked)
        else:
            factory = factory_from_inside(self.user, pk)
            at = moment_of(self.query.get("at"), factory)
            answers = explain(self.user, factory, self._reader(factory), at=at, **asked)
        rows = [{**vars(one.decision), "about": one.assessment, "asker": one.brand} for one in answers]
        return Response(AnswersSerializer({"answers": rows}).data)

    def _refuse_a_reader(self) -> None:
        if "reader" in self.query:
            raise serializers.ValidationError({"reader": [_("A brand can ask only about itself.")]})

    def _reader(self, factory: Factory) -> Brand | User:
        offered = {value for _label, group in reader_choices(self.user, factory) for value, _name in group}
        if self.query.get("reader") not in offered:
            raise serializers.ValidationError({"reader": [_("There is no such brand or person here.")]})
        return find_reader(self.query["reader"])


class ReaderSerializer(serializers.Serializer[Any]):
    """One person who could read it, with their role."""

    id = serializers.SerializerMethodField(help_text="The value for `reader` in `explain`.")
    side = serializers.ChoiceField(choices=["brand", "factory", "programme"])
    organisation = serializers.CharField()
    role = serializers.CharField()
    person = serializers.CharField()
    is_integration = serializers.BooleanField()

    def get_id(self, reader: Reader) -> str:
        """Return the person as `explain` takes them."""
        return f"person:{reader.person_id}"


class OpeningSerializer(serializers.Serializer[Any]):
    """A grant that gave access."""

    grant = serializers.UUIDField(source="pk")
    brand = BrandBriefSerializer()
    since = serializers.DateTimeField(source="starts_at")
    until = serializers.DateTimeField(source="ends_at", allow_null=True)
    cycles = serializers.ChoiceField(choices=SharingGrant.Cycles.values)
    cycle_numbers = CycleNumbersField()


class ReadersSerializer(serializers.Serializer[Any]):
    """The readers of one version."""

    assessment = serializers.UUIDField(source="assessment.pk")
    version = serializers.IntegerField(source="assessment.version")
    brands = OpeningSerializer(source="grants", many=True)
    people = ReaderSerializer(many=True)


class WhoCouldSeeSerializer(serializers.Serializer[Any]):
    """All versions at that moment, newest first."""

    versions = ReadersSerializer(many=True)


class WhoCouldSeeView(PortalView):
    """The readers of a cycle's report at a moment."""

    query_class = MomentQuery

    @extend_schema(responses=WhoCouldSeeSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Return the brands and users who could read a cycle's report, by the grants in force at a moment.

        For the factory's members and its country's staff.
        """
        factory = factory_from_inside(self.user, pk)
        at = moment_of(self.query.get("at"), factory)
        found: list[Readers] = who_could_see(self.user, factory, self.query["cycle"], self.query["scope"], at)
        return Response(WhoCouldSeeSerializer({"versions": found}).data)
