"""The one gate to assessment data: every read starts at `visible_to(user)`; detail is the same plus the key."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import (
    Case,
    DateField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from factories.time_zones import today_there
from portal.accounts.roles import Visitor
from sharing import access
from sharing.scopes import rule_of

if TYPE_CHECKING:
    from assessments.models import Answer, Assessment, CorrectionNotice, ReportCopy  # noqa: F401 - named in the bases below


# The deadline (R39) is the first version's: a correction has none. `Assessment.release_deadline` says the same.
HAS_DEADLINE = Q(version=1)
LAST_DAY = Coalesce("end_date", "start_date")
NEVER = Cast(Value("9999-12-31"), DateField())


class AssessmentQuerySet(QuerySet["Assessment"]):
    """Assessments."""

    def visible_to(self, user: Visitor, scope: str | None = None, at: datetime | None = None) -> "AssessmentQuerySet":
        """The assessments of which `user` may read `scope`, or anything when no scope is named (R6, R16)."""
        scopes = access.ASSESSMENT_SCOPES if scope is None else [scope]
        return self.filter(access.readable_by(user, scopes, at))

    def shared_with(self, user: Visitor, scope: str | None = None) -> "AssessmentQuerySet":
        """Those that a brand was granted: what "Shared with us" lists. Never more than `visible_to`."""
        scopes = access.ASSESSMENT_SCOPES if scope is None else [scope]
        return self.filter(access.readable_as_brand(user, scopes))

    def own_of(self, user: Visitor) -> "AssessmentQuerySet":
        """Those that `user` sees as one of their factory's people. Never more than `visible_to`, and worded in less."""
        return self.filter(access.readable_as_own(user))

    def worked_on_by(self, user: Visitor) -> "AssessmentQuerySet":
        """Those that `user` sees as the programme's staff. Never more than `visible_to`, and worded in less."""
        return self.filter(access.readable_as_staff(user))

    def inside(self, user: Visitor) -> "AssessmentQuerySet":
        """Those that `user` sees on either of these sides."""
        return self.filter(access.readable_as_own(user) | access.readable_as_staff(user))

    def known_to(self, user: Visitor, at: datetime | None = None) -> "AssessmentQuerySet":
        """Those about whose readers at a moment `user` may ask: the factory's people and its country's staff."""
        return self.filter(access.known_to(user, at))

    def open_to(self, brand: Any, scope: str, at: datetime | None = None) -> "AssessmentQuerySet":
        """Those that a brand may read by its grants, whoever asks for it: the factory, staff or the brand itself."""
        return self.filter(access.readable_by_brand(brand, [scope], at))

    def late(self) -> "AssessmentQuerySet":
        """Ended, not published, and past the country's days for release (R39).

        A table that was imported tells only when an assessment started: its first day then counts as its last.
        """
        over = Q(state__in=["internal_review", "factory_review"]) | Q(state="in_progress", end_date__isnull=False)
        return self.alias(last_day=LAST_DAY).filter(
            over, HAS_DEADLINE, last_day__lt=today_there("factory__") - _days(F("factory__programme__release_days"))
        )

    def with_deadline(self) -> "AssessmentQuerySet":
        """Each with `deadline`, the last day to publish (R39), for an order: what has none comes after all that has."""
        day = ExpressionWrapper(LAST_DAY + F("factory__programme__release_days"), output_field=DateField())
        return self.annotate(deadline=Case(When(HAS_DEADLINE, then=day), default=NEVER))


def _days(number: F) -> Any:
    return ExpressionWrapper(number * Value(timedelta(days=1)), output_field=DurationField())


class AnswerQuerySet(QuerySet["Answer"]):
    """Answers, read only through assessments that a person may read."""

    def visible_to(self, user: Visitor, scope: str) -> "AnswerQuerySet":
        """The answers that `scope` opens to `user`. Raises `ValueError` for a scope that there is not."""
        assessments = apps.get_model("assessments", "Assessment")._default_manager.all()
        answers = self.filter(assessment__in=assessments.visible_to(user, scope).values("pk"))
        return answers.filter(rule_of(scope).answers())


class ReportCopyQuerySet(QuerySet["ReportCopy"]):
    """Report files: each belongs to the person who ordered it, as long as they may read what it holds."""

    def visible_to(self, user: Visitor) -> "ReportCopyQuerySet":
        """Own copies that `user` may read now, on the side for which they were made.

        A revoke hides the file on the next query; so does a change of sides, whatever one may read on the new one.
        """
        assessments = apps.get_model("assessments", "Assessment")._default_manager.all()
        own = assessments.filter(access.readable_as_own(user), pk=OuterRef("assessment"))
        worked_on = assessments.filter(access.readable_as_staff(user), pk=OuterRef("assessment"))
        readable = Q(Exists(own), side="own_factory") | Q(Exists(worked_on), side="staff")
        for scope in access.ASSESSMENT_SCOPES:
            granted = Q(_opened(user, "assessment", [scope]), assessment__state__in=access.OPEN_TO_BRANDS)
            readable |= granted & Q(side="grant", scope=scope)
        return self.filter(readable, reader_id=user.pk or 0, reader__is_active=True)


class CorrectionNoticeQuerySet(QuerySet["CorrectionNotice"]):
    """Which brand holds a version that was replaced or withdrawn."""

    def for_brands_of(self, user: Visitor) -> "CorrectionNoticeQuerySet":
        """Those to brands that `user` reads for, while the brand may know.

        The old version is, or was until its withdrawal, open to the brand now, and so is the new one, which after a
        withdrawal has a hold of its own: what a revoke closes, or the factory withholds, is not told (R7).
        """
        old = _opened(user, "assessment")
        return self.filter(Q(old) & (Q(successor=None) | Q(_opened(user, "successor"))))

    def inside(self, user: Visitor) -> "CorrectionNoticeQuerySet":
        """Those of one's own factory and of the factories that one works on."""
        factories = access.own_factories(user) | access.factories_worked_on(user)
        return self.filter(assessment__factory__in=factories.values("pk"))

    def visible_to(self, user: Visitor) -> "CorrectionNoticeQuerySet":
        """Those that one sees inside a factory; a brand's people see its own."""
        return self.inside(user) | self.for_brands_of(user)


def _opened(user: Visitor, path: str, scopes: Iterable[str] = access.ASSESSMENT_SCOPES) -> Any:
    """The condition that `user` reads for the row's brand, and a live grant to it opens, or opened, the assessment."""
    return access.opened_for_brand(user, access.Version.of_row(f"{path}__"), OuterRef("brand"), scopes)
