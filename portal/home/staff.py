"""The part of the first page for the programme's staff."""

from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.models import Assessment
from factories.models import CountryProgramme, Factory, FactoryRole, Handover, with_managers
from factories.role_names import FactoryRoleName
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.home.todos import RECENT, Todo
from sharing.models import ConfirmationEnd

State = Assessment.State


def staff_section(user: Visitor) -> dict[str, object]:
    """Return the section of the staff: what waits in the countries and factories that they work on."""
    visible = Assessment.objects.worked_on_by(user)
    late = visible.late().count()
    review_over = visible.filter(state=State.FACTORY_REVIEW).review_ended().count()
    counts = visible.aggregate(
        internal=Count("pk", filter=Q(state=State.INTERNAL_REVIEW)),
        factory=Count("pk", filter=Q(state=State.FACTORY_REVIEW)),
        published=Count("pk", filter=Q(state=State.PUBLISHED, published_at__gte=timezone.now() - RECENT)),
    )
    board, published = reverse("board"), _("Published in the last %(days)s days")
    todos = _review_todos(user, board)
    if late:
        text = ngettext(
            "%(count)s report is past its publication deadline.",
            "%(count)s reports are past their publication deadline.",
            late,
        )
        todos.append(Todo(text % {"count": late}, f"{board}?late=on", _("View"), urgent=True))
    if review_over:
        text = ngettext(
            "%(count)s report can be published: its factory review has ended.",
            "%(count)s reports can be published: their factory reviews have ended.",
            review_over,
        )
        todos.append(Todo(text % {"count": review_over}, f"{board}?state={State.FACTORY_REVIEW}", _("Publish")))
    todos += _staff_continuity_todos(user)
    return {
        "title": _("Assessments"),
        "todos": todos,
        "stats": [
            (_("In internal review"), counts["internal"], f"{board}?state={State.INTERNAL_REVIEW}"),
            (_("In factory review"), counts["factory"], f"{board}?state={State.FACTORY_REVIEW}"),
            (published % {"days": RECENT.days}, counts["published"], f"{board}?state={State.PUBLISHED}"),
        ],
    }


def _waiting_reviews(user: Visitor) -> "QuerySet[Assessment, tuple[UUID]]":
    reviewing = CountryProgramme.objects.where(user, "review_assessments")
    waiting = Assessment.objects.worked_on_by(user).filter(state=State.INTERNAL_REVIEW)
    return waiting.filter(factory__programme__in=reviewing.values("pk")).order_by().values_list("pk")


def _open_handovers(user: Visitor) -> "QuerySet[Handover, tuple[UUID]]":
    return Handover.objects.visible_to(user).open().order_by().values_list("pk")


def _waivers_without_colleague(user: Visitor) -> QuerySet[ConfirmationEnd]:
    """Return the earliest requests of factories that have nobody to agree to them."""
    enrolled = Factory.objects.in_programmes_where(user, "manage_enrolment")
    waivers = ConfirmationEnd.objects.visible_to(user).open().filter(factory__in=enrolled.values("pk"))
    representatives = FactoryRole.objects.filter(
        role=FactoryRoleName.WORKER_REPRESENTATIVE, group__user__is_active=True
    )
    return waivers.exclude(factory__roles__in=representatives).select_related("factory").order_by("pk")[:5]


def _enrolled_with_few_managers(user: Visitor) -> "QuerySet[Factory, tuple[int]]":
    programmes = Factory.objects.in_programmes_where(user, "manage_enrolment")
    enrolled = programmes.filter(enrolment_status=Factory.Enrolment.ENROLLED)
    return with_managers(enrolled, 0, 1).order_by().values_list("pk")


_waiting: Prepared[Assessment, tuple[UUID]] = Prepared(_waiting_reviews)
_handovers: Prepared[Handover, tuple[UUID]] = Prepared(_open_handovers)
_alone: Prepared[ConfirmationEnd, ConfirmationEnd] = Prepared(_waivers_without_colleague)
_few_managers: Prepared[Factory, tuple[int]] = Prepared(_enrolled_with_few_managers)


def _review_todos(user: Visitor, board: str) -> list[Todo]:
    """Return the internal reviews that wait for the visitor."""
    waiting = _waiting.count(user)
    todos = []
    if waiting:
        text = ngettext(
            "%(count)s report is waiting for internal review.",
            "%(count)s reports are waiting for internal review.",
            waiting,
        )
        todos.append(Todo(text % {"count": waiting}, f"{board}?state={State.INTERNAL_REVIEW}", _("Review")))
    return todos


def _staff_continuity_todos(user: Visitor) -> list[Todo]:
    """Return handovers under way, requests that only staff can answer, and factories with too few managers."""
    todos = []
    handovers = _handovers.count(user)
    if handovers:
        text = ngettext("%(count)s handover is under way.", "%(count)s handovers are under way.", handovers)
        todos.append(Todo(text % {"count": handovers}, reverse("handover_list"), _("View")))
    text = _("%s has no worker representative and asks to stop confirmation by a second person.")
    todos += [
        Todo(text % waiver.factory, reverse("confirmations", args=[waiver.factory_id]), _("Answer it"))
        for waiver in _alone(user)
    ]
    few = _few_managers.count(user)
    if few:
        text = ngettext(
            "%(count)s factory has one manager or none.", "%(count)s factories have one manager or none.", few
        )
        url = f"{reverse('factory_list')}?enrolment={Factory.Enrolment.ENROLLED}&managers=few"
        todos.append(Todo(text % {"count": few}, url, _("View")))
    return todos
