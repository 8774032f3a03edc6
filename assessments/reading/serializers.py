"""Assessments, findings, report files and jobs over the API.

No field says which questionnaire was used, where a finding came from, or its reference elsewhere (R1, R12).
"""

from typing import Any

from rest_framework import serializers

from assessments.figures.queries import points_of, readable_scopes
from assessments.models import Assessment, ReportCopy
from assessments.publication.states import OFFERED_STATES, OFFERED_STEPS
from assessments.reading.scopes import shown_note
from assessments.reports.document import FINDING_CODES, POINT_STATUSES, PROVENANCES, SCOPES
from assessments.reports.labels import languages
from factories.serializers import FactoryBriefSerializer
from portal.core.api import PageQuery, Query, StrictSerializer
from portal.core.countries import COUNTRIES
from portal.core.drawn import MAX_ID
from portal.core.models import Job
from sharing.access.reasons import Reason
from sharing.terms import MAX_CYCLE

NO_ID = MAX_ID


class AssessmentSerializer(serializers.Serializer[Any]):
    """One assessment in one version, with what of it is open to the asker (`scopes`).

    The counts are of compliance points, over just what is open to the asker.
    """

    id = serializers.UUIDField()
    factory = FactoryBriefSerializer()
    cycle = serializers.IntegerField()
    version = serializers.IntegerField()
    mode = serializers.ChoiceField(choices=Assessment.Mode.values, help_text="`virtual`: a Virtual Compliance Check.")
    state = serializers.ChoiceField(choices=Assessment.State.values)
    start_date = serializers.DateField()
    end_date = serializers.DateField(allow_null=True)
    published_at = serializers.DateTimeField(allow_null=True)
    correction_note = serializers.SerializerMethodField(
        help_text="What this version changes; empty where the version before it is not open to you."
    )
    scopes = serializers.SerializerMethodField(help_text="`report`, `step1`: what `findings` answers to you.")
    points_assessed = serializers.SerializerMethodField()
    points_non_compliant = serializers.SerializerMethodField()

    def get_correction_note(self, assessment: Any) -> str:
        """To those who may read what it corrects."""
        return shown_note(assessment)

    def get_scopes(self, assessment: Any) -> list[str]:
        """Return the scopes open to the asker."""
        return readable_scopes(assessment)

    def get_points_assessed(self, assessment: Any) -> int:
        """Compliance points with a determination."""
        return points_of(assessment)[1]

    def get_points_non_compliant(self, assessment: Any) -> int:
        """Compliance points that are non-compliant."""
        return points_of(assessment)[0]


class SharedQuery(PageQuery):
    """How a list of assessments is narrowed."""

    search = serializers.CharField(
        required=False, max_length=100, help_text="Part of the factory's name, or its whole Better Work id."
    )
    country = serializers.ChoiceField(required=False, choices=list(COUNTRIES), help_text="ISO 3166-1 code.")
    factory = serializers.IntegerField(required=False, min_value=1, max_value=NO_ID, help_text="The factory's id.")
    cycle = serializers.IntegerField(required=False, min_value=1, max_value=MAX_CYCLE)
    year = serializers.IntegerField(required=False, min_value=1990, max_value=2100, help_text="In which it started.")
    cluster = serializers.CharField(
        required=False, max_length=150, help_text="Name of a cluster in which something non-compliant was found."
    )


class AssessmentQuery(SharedQuery):
    """How the list of everything the asker may see is narrowed."""

    state = serializers.ChoiceField(required=False, choices=OFFERED_STATES)
    late = serializers.BooleanField(required=False, help_text="true: only those past the country's release deadline.")


class ScopeQuery(Query):
    """Of which part."""

    scope = serializers.ChoiceField(choices=list(SCOPES))


class FindingsQuery(ScopeQuery):
    """Which part, and the language of the fixed wording (yours, unless told)."""

    language = serializers.ChoiceField(required=False, choices=list(languages()))


class CountsSerializer(serializers.Serializer[Any]):
    """Questions of a compliance point by finding; information questions are in none."""

    nc = serializers.IntegerField()
    nc_national_law = serializers.IntegerField()
    compliant = serializers.IntegerField()
    not_applicable = serializers.IntegerField()
    not_assessed = serializers.IntegerField()


class FindingSerializer(serializers.Serializer[Any]):
    """One question with what was found. `provenance` is empty where nothing was assessed."""

    ext_id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    question_type = serializers.ChoiceField(choices=["NC", "FGW"])
    finding = serializers.ChoiceField(choices=list(FINDING_CODES))
    value = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    provenance = serializers.ChoiceField(choices=list(PROVENANCES), allow_blank=True)
    is_public_issue = serializers.BooleanField()
    tags = serializers.ListField(child=serializers.CharField())


class PointSerializer(serializers.Serializer[Any]):
    """One compliance point. In scope `report` it lists non-compliances and information, and counts the rest."""

    name = serializers.CharField()
    status = serializers.ChoiceField(choices=list(POINT_STATUSES))
    counts = CountsSerializer()
    findings = FindingSerializer(many=True)


class ClusterSerializer(serializers.Serializer[Any]):
    """One cluster."""

    name = serializers.CharField()
    points = PointSerializer(many=True)


class SummarySerializer(serializers.Serializer[Any]):
    """One line of the summary; `rate` is non-compliant / assessed points, null where none was assessed."""

    name = serializers.CharField()
    questions_assessed = serializers.IntegerField()
    points_assessed = serializers.IntegerField()
    points_nc = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True, min_value=0, max_value=1)


class FactoryFactsSerializer(serializers.Serializer[Any]):
    """The factory as the report names it."""

    bw_id = serializers.CharField()
    name = serializers.CharField()
    local_name = serializers.CharField(allow_blank=True)
    country = serializers.CharField(help_text="In words.", allow_blank=True)
    address = serializers.CharField(allow_blank=True)
    workers_women = serializers.IntegerField(allow_null=True)
    workers_men = serializers.IntegerField(allow_null=True)


class AssessmentFactsSerializer(serializers.Serializer[Any]):
    """The assessment as the report names it. `quest_id` is the long table's key; it may be empty."""

    id = serializers.UUIDField()
    quest_id = serializers.CharField(allow_blank=True)
    cycle = serializers.IntegerField()
    version = serializers.IntegerField()
    mode = serializers.ChoiceField(choices=Assessment.Mode.values)
    status = serializers.ChoiceField(choices=["current", "superseded", "withdrawn", "draft"])
    start_date = serializers.DateField()
    end_date = serializers.DateField()
    published_on = serializers.DateField(allow_null=True)
    correction_note = serializers.CharField(allow_blank=True)


class LegendSerializer(serializers.Serializer[Any]):
    """A word of the report in plain language."""

    code = serializers.ChoiceField(choices=list(FINDING_CODES))
    label = serializers.CharField()  # type: ignore[assignment]
    meaning = serializers.CharField()


class DocumentSerializer(serializers.Serializer[Any]):
    """What the report says: the same document that its PDF, workbook and JSON file are made from."""

    scope = serializers.ChoiceField(choices=list(SCOPES))
    language = serializers.CharField()
    programme = serializers.CharField()
    factory = FactoryFactsSerializer()
    assessment = AssessmentFactsSerializer()
    total = SummarySerializer()
    summary = SummarySerializer(many=True)
    clusters = ClusterSerializer(many=True)
    legend = LegendSerializer(many=True)


class DecisionSerializer(serializers.Serializer[Any]):
    """Whether a scope is open to the asker, in a word and in a sentence; the grant that decided, if one did."""

    allowed = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=list(Reason))
    sentence = serializers.CharField()
    grant = serializers.UUIDField(source="grant.pk", default=None, allow_null=True)


class StepOrder(StrictSerializer):
    """The step to take, and the reason (for a withdrawal)."""

    step = serializers.ChoiceField(choices=list(OFFERED_STEPS))
    reason = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")


class ReportOrder(StrictSerializer):
    """Which file to make."""

    assessment = serializers.UUIDField()
    scope = serializers.ChoiceField(choices=list(SCOPES))
    format = serializers.ChoiceField(choices=ReportCopy.Format.values)
    language = serializers.ChoiceField(required=False, choices=list(languages()), help_text="Yours, unless told.")


class JobSerializer(serializers.Serializer[Any]):
    """A piece of work: how far it is. `error` is for its owner to read."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=Job.State.values)
    percent = serializers.IntegerField(allow_null=True)
    progress = serializers.IntegerField()
    total = serializers.IntegerField(help_text="0 while it is not known.")
    message = serializers.CharField(allow_blank=True)
    error = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class ReportCopySerializer(serializers.Serializer[Any]):
    """A report file made for the asker; `number` stands on each of its pages."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    assessment = serializers.UUIDField(source="assessment_id")
    scope = serializers.ChoiceField(choices=list(SCOPES))
    format = serializers.ChoiceField(choices=ReportCopy.Format.values)
    language = serializers.CharField()
    created_at = serializers.DateTimeField()
    job = JobSerializer()
    download_url = serializers.URLField(
        allow_null=True,
        help_text="Good for some minutes, for you alone; null until the file is there, and after a day.",
    )
