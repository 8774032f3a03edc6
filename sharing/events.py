"""Kinds of the events of consent: grants, requests, holds, copies, and exports."""

from typing import Protocol, TypedDict

from portal.core.events import EventKind


class SharingEvent(EventKind):
    """The kind of event; the value is stored in the row for ever."""

    GRANT_CREATED = "grant.created"
    GRANT_CHANGED = "grant.changed"
    GRANT_CONFIRMED = "grant.confirmed"
    GRANT_REVOKED = "grant.revoked"
    SHARING_STOPPED = "sharing.stopped"
    GRANT_REFUSED = "grant.refused"
    GRANT_DROPPED = "grant.dropped"
    GRANT_UNDONE = "grant.undone"
    GRANT_REPLACED = "grant.replaced"
    GRANT_EXPIRED = "grant.expired"
    CONFIRMATION_REQUIRED = "confirmation.required"
    CONFIRMATION_WAIVED = "confirmation.waived"
    CONFIRMATION_WAIVER_ASKED = "confirmation.waiver_asked"
    CONFIRMATION_WAIVER_REFUSED = "confirmation.waiver_refused"
    REPORT_HELD = "report.held"
    REPORT_ALLOWED = "report.allowed"
    REQUEST_SENT = "request.sent"
    REQUEST_ANSWER_PROPOSED = "request.answer_proposed"
    REQUEST_APPROVED = "request.approved"
    REQUEST_DECLINED = "request.declined"
    REQUEST_WITHDRAWN = "request.withdrawn"
    REQUEST_LAPSED = "request.lapsed"
    REQUEST_POSTPONED = "request.postponed"
    REQUEST_REOPENED = "request.reopened"
    COPY_DESTRUCTION_ASKED = "copy.destruction_asked"
    COPY_ANSWERED = "copy.answered"
    PAPER_RECORDED = "paper.recorded"
    SUBSCRIPTION_RECORDED = "subscription.recorded"
    SUBSCRIPTION_WITHDRAWN = "subscription.withdrawn"
    RECORD_EXPORTED = "record.exported"
    READER_EXPORTED = "reader.exported"


class _Row(Protocol):
    factory_id: int
    brand_id: int

    @property
    def pk(self) -> object: ...


class Concerned(TypedDict):
    """The organisations that an event or a notice concerns, and the row that it is about."""

    factory_id: int
    brand_id: int
    subject: object


def ids_of(row: _Row) -> Concerned:
    """Return whom an event or a notice of a row concerns, such as a grant."""
    return {"factory_id": row.factory_id, "brand_id": row.brand_id, "subject": row.pk}
