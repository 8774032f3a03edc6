"""Assessments: one of a factory in one cycle, in one version; immutable once published."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models import Case, DateField, DurationField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from assessments.publication.deadlines import review_has_ended
from assessments.questionnaires.models import Tool
from brands.models import Brand
from factories.models import Factory
from factories.time_zones import today_there
from portal.accounts.roles import Visitor
from portal.core.days import today
from portal.core.index_rows import IndexRows
from portal.core.triggers import columns_are_final
from sharing import access
from sharing.models import CycleReport, Visibility
from sharing.scopes import ASSESSMENT_SCOPES, rule_of

# Only the first version has a deadline (R39): a correction has none. `Assessment.release_deadline` says the same.
HAS_DEADLINE = Q(version=1)


ON_SITE_DAYS = 2
VIRTUAL_DAYS = 1


LAST_DAY = Coalesce("end_date", "start_date")


NEVER = Cast(Value("9999-12-31"), DateField())


class AssessmentQuerySet(QuerySet["Assessment"]):
    """Assessments."""

    def visible_to(self, user: Visitor, scope: str | None = None, at: datetime | None = None) -> "AssessmentQuerySet":
        """Return the assessments of which `user` may read `scope`, or anything if no scope is named (R6, R16)."""
        scopes = access.ASSESSMENT_SCOPES if scope is None else [scope]
        return self.filter(access.readable_by(user, scopes, at))

    def shared_with(self, user: Visitor, scope: str | None = None) -> "AssessmentQuerySet":
        """Return the assessments shared with the user's brand, as in "Shared with us". Never more than `visible_to`."""
        scopes = access.ASSESSMENT_SCOPES if scope is None else [scope]
        return self.filter(access.readable_as_brand(user, scopes))

    def own_of(self, user: Visitor) -> "AssessmentQuerySet":
        """Return what `user` sees as one of the factory's people. Never more than `visible_to`, and in shorter SQL."""
        return self.filter(access.readable_as_own(user))

    def worked_on_by(self, user: Visitor) -> "AssessmentQuerySet":
        """Return what `user` sees as the programme's staff. Never more than `visible_to`, and in shorter SQL."""
        return self.filter(access.readable_as_staff(user))

    def inside(self, user: Visitor) -> "AssessmentQuerySet":
        """Return the assessments that `user` sees on either of these sides."""
        return self.filter(access.readable_as_own(user) | access.readable_as_staff(user))

    def known_to(self, user: Visitor, at: datetime | None = None) -> "AssessmentQuerySet":
        """Return those about whose readers at a moment `user` may ask: as factory member or its country's staff."""
        return self.filter(access.known_to(user, at))

    def open_to(self, brand: Brand, scope: str, at: datetime | None = None) -> "AssessmentQuerySet":
        """Return those that a brand may read by its grants, whoever asks: the factory, staff or the brand itself."""
        return self.filter(access.readable_by_brand(brand, [scope], at))

    def late(self) -> "AssessmentQuerySet":
        """Return the assessments that ended, are not published, and are past the country's days for release (R39).

        An imported table only says when an assessment started: its first day then counts as its last.
        """
        over = Q(state__in=["internal_review", "factory_review"]) | Q(state="in_progress", end_date__isnull=False)
        days = ExpressionWrapper(
            F("factory__programme__release_days") * Value(timedelta(days=1)), output_field=DurationField()
        )
        return self.alias(last_day=LAST_DAY).filter(over, HAS_DEADLINE, last_day__lt=today_there("factory__") - days)

    def review_ended(self) -> "AssessmentQuerySet":
        """Return those whose factory had its days to review them (R54), as `has_review_ended` says of one."""
        return self.filter(review_has_ended())

    def with_deadline(self) -> "AssessmentQuerySet":
        """Return each with `deadline`, the last day to publish (R39), to order by: those without one come last."""
        day = ExpressionWrapper(LAST_DAY + F("factory__programme__release_days"), output_field=DateField())
        return self.annotate(deadline=Case(When(HAS_DEADLINE, then=day), default=NEVER))


def opened_for_row(user: Visitor, path: str, scopes: Iterable[str] = access.ASSESSMENT_SCOPES) -> models.Exists:
    """Return the condition that `user` reads for the row's brand, and that it may read the assessment.

    It may if a live grant to it opens, or opened, the assessment.
    """
    return access.opened_for_brand(user, access.Version.of_row(f"{path}__"), OuterRef("brand"), scopes)


class Assessment(models.Model):
    """One assessment of a factory in one cycle, in one version.

    States and who sees them are in `assessments.publication.states` and `sharing.access`. `quest_id` is the programme's
    "Quest.ID", by which an import recognises what it has seen.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        IN_PROGRESS = "in_progress", _("In progress")
        INTERNAL_REVIEW = "internal_review", _("Internal review")
        FACTORY_REVIEW = "factory_review", _("Factory review")
        PUBLISHED = "published", _("Published")
        SUPERSEDED = "superseded", _("Replaced by a correction")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Mode(models.TextChoices):
        ON_SITE = "on_site", _("On site")
        VIRTUAL = "virtual", _("Virtual Compliance Check")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    factory = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="assessments")
    cycle = models.PositiveSmallIntegerField(_("cycle"))
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    supersedes = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="successor")
    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, related_name="assessments")
    quest_id = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001 - unique where known
    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.ON_SITE)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PLANNED)
    start_date = models.DateField(_("start"))
    end_date = models.DateField(_("end"), null=True, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    # Of a published version: the report of its cycle, which is what a factory consents to, and when the next version
    # took its place.
    report = models.ForeignKey(
        CycleReport, null=True, blank=True, on_delete=models.PROTECT, related_name="versions", db_index=False
    )
    # The rows of the index of visibility that propose the report, for lists that begin there.
    proposal = IndexRows(Visibility, from_fields=["report"], to_fields=["report"])
    first_published_at = models.DateTimeField(null=True, blank=True)  # the report's, repeated: it never changes
    superseded_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.CharField(max_length=500, blank=True)
    correction_note = models.CharField(max_length=1000, blank=True)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        permissions = [*((rule_of(scope).view_permission, f"Read what {scope} opens") for scope in ASSESSMENT_SCOPES)]
        constraints = [
            models.UniqueConstraint(fields=["factory", "cycle", "version"], name="assessments_assessment_version"),
            models.UniqueConstraint(
                fields=["factory", "cycle"], condition=Q(state="published"), name="assessments_assessment_one_current"
            ),
            models.UniqueConstraint(fields=["quest_id"], condition=Q(version=1), name="assessments_assessment_quest"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "planned",
                        "in_progress",
                        "internal_review",
                        "factory_review",
                        "published",
                        "superseded",
                        "withdrawn",
                    ]
                ),
                name="assessments_assessment_state",
            ),
            models.CheckConstraint(condition=Q(cycle__gte=1, version__gte=1), name="assessments_assessment_numbers"),
            models.CheckConstraint(
                condition=~Q(state__in=["published", "superseded", "withdrawn"]) | Q(published_at__isnull=False),
                name="assessments_assessment_published_at",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["published", "superseded", "withdrawn"])
                | Q(report__isnull=False, first_published_at__isnull=False),
                name="assessments_assessment_report",
            ),
            models.CheckConstraint(
                condition=Q(state="superseded", superseded_at__isnull=False)
                | Q(state="withdrawn")
                | (~Q(state__in=["superseded", "withdrawn"]) & Q(superseded_at=None)),
                name="assessments_assessment_superseded_at",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_reason="")),
                name="assessments_assessment_withdrawn",
            ),
            models.CheckConstraint(
                condition=Q(version=1, supersedes=None) | Q(version__gt=1, supersedes__isnull=False),
                name="assessments_assessment_supersedes",
            ),
            models.CheckConstraint(
                condition=Q(end_date=None) | Q(end_date__gte=F("start_date")), name="assessments_assessment_dates"
            ),
        ]
        indexes = [
            models.Index(
                fields=["-published_at", "-id"],
                name="assessments_by_published",
                condition=Q(state__in=["published", "superseded"]),
            ),
            HashIndex(fields=["report"], name="assessments_current", condition=Q(state="published")),
            models.Index(fields=["state", "end_date"], name="assessments_by_state"),
            models.Index(fields=["factory", "cycle", "-published_at"], name="assessments_by_factory"),
        ]
        triggers = [
            # What was published stays as it was: only its end may be written.
            columns_are_final(
                "published_is_final",
                [
                    "factory_id",
                    "cycle",
                    "version",
                    "supersedes_id",
                    "tool_id",
                    "quest_id",
                    "mode",
                    "start_date",
                    "end_date",
                    "content_hash",
                    "released_at",
                    "published_at",
                    "report_id",
                    "first_published_at",
                    "correction_note",
                ],
                "A published report cannot change. Make a new version.",
                condition=pgtrigger.Q(old__state__in=["published", "superseded", "withdrawn"]),
            ),
            pgtrigger.Protect(
                name="published_is_kept",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__state__in=["factory_review", "published", "superseded", "withdrawn"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factory_id} cycle {self.cycle} v{self.version}"

    @property
    def planned_days(self) -> int:
        """The number of days that a visit takes: on site two, virtual one."""
        return VIRTUAL_DAYS if self.mode == self.Mode.VIRTUAL else ON_SITE_DAYS

    @property
    def planned_until(self) -> date:
        """The last day of the visit as it is planned; only the visit itself has an end date."""
        return self.start_date + timedelta(days=self.planned_days - 1)

    @property
    def ended_on(self) -> date:
        """The last day of the assessment; the first one if the end is not recorded."""
        return self.end_date or self.start_date

    @property
    def release_deadline(self) -> date | None:
        """The last day to publish (R39), which a correction does not have; needs the factory's programme."""
        return self.factory.programme.release_deadline(self.ended_on) if self.version == 1 else None

    @property
    def is_late(self) -> bool:
        """True if it is not published although the deadline has passed."""
        over = self.state in {self.State.INTERNAL_REVIEW, self.State.FACTORY_REVIEW} or (
            self.state == self.State.IN_PROGRESS and self.end_date is not None
        )
        deadline = self.release_deadline
        return over and deadline is not None and today(self.factory) > deadline

    @property
    def days_late(self) -> int:
        """The number of days since the deadline; 0 if it is not late."""
        deadline = self.release_deadline
        return (today(self.factory) - deadline).days if self.is_late and deadline else 0


class Assessor(models.Model):
    """A person who makes an assessment. Two are chosen when it is planned; no factory is told who before it begins."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="assessors", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "person"], name="assessments_assessor_once"),
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id} {self.person_id}"
