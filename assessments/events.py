"""Kinds of the events of assessments, questionnaires and report files."""

from portal.core.events import EventKind


class AssessmentEvent(EventKind):
    """The kinds; a value is stored in the event's row for ever."""

    PLANNED = "assessment.planned"
    PLAN_CHANGED = "assessment.plan_changed"
    PLAN_CANCELLED = "assessment.plan_cancelled"
    STARTED = "assessment.started"
    SUBMITTED = "assessment.submitted"
    RETURNED = "assessment.returned"
    SENT_TO_FACTORY = "assessment.sent_to_factory"
    RECALLED = "assessment.recalled"
    PUBLISHED = "assessment.published"
    WITHDRAWN = "assessment.withdrawn"
    CORRECTION_STARTED = "correction.started"
    CORRECTION_ACKNOWLEDGED = "correction.acknowledged"
    IMPORTED = "assessment.imported"
    IMPORT_CHANGED = "assessment.import_changed"
    TABLE_IMPORTED = "table.imported"
    TYPE_CONFIRMED = "table.type_confirmed"
    REPORT_ORDERED = "report.ordered"
    QUESTIONNAIRE_IMPORTED = "questionnaire.imported"
    QUESTIONNAIRE_TRANSLATED = "questionnaire.translated"
    LAW_RECORDED = "questionnaire.law_recorded"
    SUCCESSION_DRAFTED = "questionnaire.succession_drafted"
    SUCCESSION_CONFIRMED = "questionnaire.succession_confirmed"
