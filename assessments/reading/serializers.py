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
    """One version of an assessment, with the scopes that you may read (`scopes`).

    The counts cover only the compliance points that you may read.
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
        help_text="What this version changes. Empty if you may not read the version before it."
    )
    scopes = serializers.SerializerMethodField(help_text="Scopes for which you may read `findings`: `report`, `step1`.")
    points_assessed = serializers.SerializerMethodField()
    points_non_compliant = serializers.SerializerMethodField()

    def get_correction_note(self, assessment: Assessment) -> str:
        """Return the note for readers who may read the corrected version."""
        return shown_note(assessment)

    def get_scopes(self, assessment: Assessment) -> list[str]:
        """Return the scopes that the user may read."""
        return readable_scopes(assessment)

    def get_points_assessed(self, assessment: Assessment) -> int:
        """Return the number of compliance points with a determination."""
        return points_of(assessment)[1]

    def get_points_non_compliant(self, assessment: Assessment) -> int:
        """Return the number of non-compliant compliance points."""
        return points_of(assessment)[0]


class SharedQuery(PageQuery):
    """Filters of a list of assessments."""

    search = serializers.CharField(
        required=False, max_length=100, help_text="Part of the factory's name, or its whole Better Work ID."
    )
    country = serializers.ChoiceField(required=False, choices=list(COUNTRIES), help_text="ISO 3166-1 code.")
    factory = serializers.IntegerField(required=False, min_value=1, max_value=NO_ID, help_text="The factory's id.")
    cycle = serializers.IntegerField(required=False, min_value=1, max_value=MAX_CYCLE)
    year = serializers.IntegerField(
        required=False, min_value=1990, max_value=2100, help_text="Year in which the assessment started."
    )
    cluster = serializers.CharField(
        required=False, max_length=150, help_text="Name of a cluster with at least one non-compliance."
    )


class AssessmentQuery(SharedQuery):
    """Filters of the list of all visible assessments."""

    state = serializers.ChoiceField(required=False, choices=OFFERED_STATES)
    late = serializers.BooleanField(
        required=False, help_text="true: only assessments past the country's publication deadline."
    )


class ScopeQuery(Query):
    """The scope that a request is about."""

    scope = serializers.ChoiceField(choices=list(SCOPES))


class FindingsQuery(ScopeQuery):
    """The scope, and the language of headings and fixed words (by default yours)."""

    language = serializers.ChoiceField(required=False, choices=list(languages()))


class CountsSerializer(serializers.Serializer[Any]):
    """Numbers of questions of a compliance point by finding. Information questions are not counted."""

    nc = serializers.IntegerField()
    nc_national_law = serializers.IntegerField()
    compliant = serializers.IntegerField()
    not_applicable = serializers.IntegerField()
    not_assessed = serializers.IntegerField()


class FindingSerializer(serializers.Serializer[Any]):
    """One question with its finding. `provenance` is empty if nothing was assessed."""

    ext_id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    label_language = serializers.CharField()
    question_type = serializers.ChoiceField(choices=["NC", "FGW"])
    finding = serializers.ChoiceField(choices=list(FINDING_CODES))
    value = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    provenance = serializers.ChoiceField(choices=list(PROVENANCES), allow_blank=True)
    is_public_issue = serializers.BooleanField()
    tags = serializers.ListField(child=serializers.CharField())


class PointSerializer(serializers.Serializer[Any]):
    """One compliance point. In scope `report`, it lists non-compliances and information and counts the rest."""

    name = serializers.CharField()
    name_language = serializers.CharField()
    status = serializers.ChoiceField(choices=list(POINT_STATUSES))
    counts = CountsSerializer()
    findings = FindingSerializer(many=True)


class ClusterSerializer(serializers.Serializer[Any]):
    """One cluster with its compliance points."""

    name = serializers.CharField()
    name_language = serializers.CharField()
    points = PointSerializer(many=True)


class SummarySerializer(serializers.Serializer[Any]):
    """One row of the summary. `rate` is non-compliant / assessed points, or null if none was assessed."""

    name = serializers.CharField()
    questions_assessed = serializers.IntegerField()
    points_assessed = serializers.IntegerField()
    points_nc = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True, min_value=0, max_value=1)


class FactoryFactsSerializer(serializers.Serializer[Any]):
    """Factory details as shown in the report."""

    bw_id = serializers.CharField()
    name = serializers.CharField()
    local_name = serializers.CharField(allow_blank=True)
    country = serializers.CharField(help_text="Name of the country.", allow_blank=True)
    address = serializers.CharField(allow_blank=True)
    workers_women = serializers.IntegerField(allow_null=True)
    workers_men = serializers.IntegerField(allow_null=True)


class AssessmentFactsSerializer(serializers.Serializer[Any]):
    """Assessment details as shown in the report. `quest_id` is the key in the long table and may be empty."""

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
    """A term of the report, explained in plain language."""

    code = serializers.ChoiceField(choices=list(FINDING_CODES))
    label = serializers.CharField()  # type: ignore[assignment]
    meaning = serializers.CharField()


class DocumentSerializer(serializers.Serializer[Any]):
    """Content of the report: the same document from which its PDF, workbook and JSON file are created."""

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
    """Decision on access to a scope, with a reason code, a sentence and the deciding grant, if any."""

    allowed = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=list(Reason))
    sentence = serializers.CharField()
    grant = serializers.UUIDField(source="grant.pk", default=None, allow_null=True)


class StepOrder(StrictSerializer):
    """The step to take, with a reason for a withdrawal."""

    step = serializers.ChoiceField(choices=list(OFFERED_STEPS))
    reason = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")


class ReportOrder(StrictSerializer):
    """The report file to create."""

    assessment = serializers.UUIDField()
    scope = serializers.ChoiceField(choices=list(SCOPES))
    format = serializers.ChoiceField(choices=ReportCopy.Format.values)
    language = serializers.ChoiceField(required=False, choices=list(languages()), help_text="By default your language.")


class JobSerializer(serializers.Serializer[Any]):
    """A job and its progress. `error` is a message for its owner."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=Job.State.values)
    percent = serializers.IntegerField(allow_null=True)
    progress = serializers.IntegerField()
    total = serializers.IntegerField(help_text="0 while the total is unknown.")
    message = serializers.CharField(allow_blank=True)
    error = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class ReportCopySerializer(serializers.Serializer[Any]):
    """A report file created for you. `number` is printed on each of its pages."""

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
        help_text="Valid for a few minutes and only for you. null until the file is ready, and again after a day.",
    )
