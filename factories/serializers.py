"""Factories and country programmes over the API."""

from typing import Any

from rest_framework import serializers

from factories.models import CountryProgramme, Factory
from portal.core.api import PageQuery, StrictSerializer
from portal.core.countries import COUNTRIES, country_name
from portal.core.drawn import MAX_ID


class ProgrammeSerializer(serializers.ModelSerializer[CountryProgramme]):
    """A country programme, or the global one, with its settings."""

    contact_email = serializers.CharField(help_text="May be empty.")
    contact_phone = serializers.CharField(help_text="May be empty.")

    class Meta:
        model = CountryProgramme
        fields = [
            "id",
            "name",
            "country",
            "is_global",
            "since",
            "enrolment",
            "contact_email",
            "contact_phone",
            "release_days",
            "factory_review_days",
            "min_group_size",
            "assessments_allowed",
            "participants_need_subscription",
            "national_law_results_hidden",
        ]
        read_only_fields = fields


# Brands without any grant also read this, before they request access: only public facts belong here.
class FactoryBriefSerializer(serializers.Serializer[Any]):
    """Basic data of a factory, as shown in lists. `country` is an ISO 3166-1 code."""

    id = serializers.IntegerField()
    bw_id = serializers.CharField()
    name = serializers.CharField()
    local_name = serializers.CharField(allow_blank=True)
    country = serializers.CharField(source="programme.country")


class FactorySerializer(serializers.ModelSerializer[Factory]):
    """A factory with its full profile, for its members and its country's staff."""

    programme = serializers.IntegerField(source="programme_id")
    contact_email = serializers.CharField(help_text="May be empty.")
    country = serializers.CharField(source="programme.country")
    country_name = serializers.SerializerMethodField()
    profile_completeness = serializers.IntegerField(help_text="Per cent, rounded down.")
    profile_missing = serializers.ListField(
        source="missing_profile_fields",
        child=serializers.CharField(),
        read_only=True,
        help_text="Labels of the missing profile fields.",
    )

    class Meta:
        model = Factory
        fields = [
            "id",
            "bw_id",
            "name",
            "local_name",
            "programme",
            "country",
            "country_name",
            "address",
            "city",
            "latitude",
            "longitude",
            "time_zone",
            "sector",
            "products",
            "workers_women",
            "workers_men",
            "os_hub_id",
            "contact_name",
            "contact_email",
            "contact_phone",
            "enrolment_status",
            "enrolment_reason",
            "enrolled_on",
            "left_on",
            "current_cycle",
            "is_obsolete",
            "profile_completeness",
            "profile_missing",
        ]
        read_only_fields = fields

    def get_country_name(self, factory: Factory) -> str:
        """Return the name of the country in the user's language."""
        return country_name(factory.programme.country)


class HandoverSerializer(serializers.Serializer[Any]):
    """Handover of a factory whose only manager has left. Only staff see the new manager's address."""

    id = serializers.UUIDField()
    factory = FactoryBriefSerializer()
    status = serializers.ChoiceField(choices=["objections", "ready", "invited", "done", "objected", "given_up"])
    leaving = serializers.CharField(source="leaving.name")
    new_name = serializers.CharField()
    evidence = serializers.CharField()
    opened_at = serializers.DateTimeField()
    objections_until = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)
    joined_at = serializers.DateTimeField(allow_null=True)
    stopped_at = serializers.DateTimeField(allow_null=True)
    stop_reason = serializers.CharField(allow_blank=True)


class HandoverOrder(StrictSerializer):
    """The new manager of a factory, and how the staff know that its only manager has left."""

    factory = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    new_name = serializers.CharField(max_length=150)
    new_email = serializers.EmailField(max_length=254)
    evidence = serializers.CharField(max_length=2000)


class HandoverStep(StrictSerializer):
    """An objection by the manager, completion by a second staff member, or cancellation by staff."""

    step = serializers.ChoiceField(choices=["object", "complete", "stop"])
    reason = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")


class FactoryQuery(PageQuery):
    """Filters of a list of factories."""

    search = serializers.CharField(
        required=False, max_length=100, help_text="Part of the name or local name, or the whole Better Work ID."
    )
    country = serializers.ChoiceField(required=False, choices=list(COUNTRIES), help_text="ISO 3166-1 code.")
    sector = serializers.ChoiceField(required=False, choices=Factory.Sector.values)
    enrolment_status = serializers.ChoiceField(required=False, choices=Factory.Enrolment.values)
