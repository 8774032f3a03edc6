"""Copies to destroy over the API."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from factories.serializers import FactoryBriefSerializer
from portal.core.api import PageQuery, StrictSerializer
from portal.core.drawn import MAX_ID
from sharing.grants.serializers.grants import BrandBriefSerializer
from sharing.models import CopyToDestroy, Scope


class CopySerializer(serializers.Serializer[Any]):
    """One copy, by the number printed on its pages. `answer` is empty until the brand answers."""

    number = serializers.IntegerField()
    scope = serializers.ChoiceField(choices=Scope.values)
    cycle = serializers.IntegerField()
    answer = serializers.ChoiceField(choices=CopyToDestroy.Answer.values, allow_blank=True)
    kept_because = serializers.CharField(allow_blank=True)


class DestroyNoticeSerializer(serializers.Serializer[Any]):
    """A factory's request to destroy copies after it stopped sharing, and the brand's answer."""

    id = serializers.UUIDField()
    factory = FactoryBriefSerializer()
    brand = BrandBriefSerializer()
    created_at = serializers.DateTimeField()
    shown_reason = serializers.CharField(allow_blank=True, help_text="Empty unless the factory chose to show it.")
    copies = CopySerializer(many=True)
    is_waiting = serializers.BooleanField(
        help_text="Whether an answer is owed now. It is not while the factory shares again all that the copies hold."
    )
    answered_at = serializers.DateTimeField(allow_null=True)
    answered_by = serializers.CharField(source="answered_by.name", default=None, allow_null=True)
    remark = serializers.CharField(allow_blank=True)


class DestroyNoticeQuery(PageQuery):
    """Filters of the list."""

    factory = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    answered = serializers.BooleanField(
        required=False, help_text="`false`: those that wait for an answer now (`is_waiting`)."
    )


class KeptCopy(StrictSerializer):
    """A copy that must be kept, with the reason."""

    number = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    because = serializers.CharField(max_length=300)


class DestroyAnswer(StrictSerializer):
    """The brand's answer: all copies of the notice are destroyed, except those in `kept`."""

    kept = KeptCopy(many=True, help_text="An empty list means that all copies are destroyed.")
    remark = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")

    def validate_kept(self, kept: list[dict[str, object]]) -> list[dict[str, object]]:
        """Refuse a copy that is named twice: the two may differ."""
        if len({copy["number"] for copy in kept}) < len(kept):
            raise serializers.ValidationError(_("Name each copy only once."))
        return kept
