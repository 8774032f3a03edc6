"""Kinds of the events of assessments, questionnaires and report files."""

from portal.core.events import EventKind


class AssessmentEvent(EventKind):
    """The kinds; a value is stored in the event's row for ever."""

    PLANNED = "assessments.planned"
    START = "assessments.start"
    SUBMIT = "assessments.submit"
    RETURN_TO_ASSESSORS = "assessments.return_to_assessors"
    SEND_TO_FACTORY = "assessments.send_to_factory"
    TAKE_BACK = "assessments.take_back"
    PUBLISH = "assessments.publish"
    WITHDRAW = "assessments.withdraw"
    CORRECTION_STARTED = "assessments.correction_started"
    CORRECTION_ACKNOWLEDGED = "assessments.correction_acknowledged"
    IMPORTED = "assessments.imported"
    IMPORT_CHANGED = "assessments.import_changed"
    TABLE_IMPORTED = "assessments.table_imported"
    REPORT_ORDERED = "assessments.report_ordered"
    TOOL_IMPORTED = "tools.imported"
