"""What people do in their inbox itself: put a row aside for some days, show it again, acknowledge news."""

from collections.abc import Callable, Collection
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from factories.models import Factory
from factories.rights import member_may
from portal.accounts.models import User
from portal.core.days import in_words
from portal.home.inbox.gathering import inbox_at
from portal.home.inbox.reading import desks
from portal.home.inbox.rows import Inbox, Row, end_of_news, reminder_of
from portal.notices.snoozes import show_again, snooze, snoozed_by
from sharing.gates.pages import factory_inside


@login_required
@require_POST
def inbox_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what a button in the inbox of a factory says: its name is what, its value the row. Then return to the inbox.

    `shown` has the news that the page showed: what came since, or was on no page, is not acknowledged unread.
    403 for those who see the factory but are not of it.
    """
    factory = factory_inside(request, pk)
    if not member_may(request.user, "view_data", factory.pk):
        raise PermissionDenied(_("Only the factory's members have an inbox here."))
    name = next((name for name in ACTS if name in request.POST), None)
    if name is None:
        messages.error(request, _("Choose one of the buttons on the page."))
        return redirect("home")
    user, act, row = cast("User", request.user), ACTS[name], request.POST[name]
    shown = {one for ids in request.POST.getlist("shown") for one in ids.split()}
    for desk in desks(user, [factory.pk]):
        messages.info(request, act(user, inbox_at(desk, snoozed_by(user)), row, shown))
    return redirect("home")


def _gone() -> str:
    return _("This has since changed. Look at the list again.")


def _snooze(user: User, inbox: Inbox, name: str, _shown: Collection[str]) -> str:
    row = inbox.row(name)
    if row is None or not row.may_wait:
        return _gone()
    until = reminder_of(inbox.factory)
    snooze(by=user, things=row.names, until=until)
    return _("%(title)s: postponed until %(day)s, for you only.") % {
        "title": row.title,
        "day": in_words(until, inbox.factory),
    }


def _show(user: User, inbox: Inbox, name: str, _shown: Collection[str]) -> str:
    row = inbox.row(name)
    if row is None:
        return _gone()
    show_again(by=user, things=row.names)
    return _("%s is back in your inbox.") % row.title


def _acknowledge(user: User, inbox: Inbox, name: str, shown: Collection[str]) -> str:
    return _acknowledged(user, inbox.factory, [row for row in inbox.news if row.id == name], shown)


def _acknowledge_all(user: User, inbox: Inbox, _name: str, shown: Collection[str]) -> str:
    return _acknowledged(user, inbox.factory, inbox.news, shown)


def _acknowledged(user: User, factory: Factory, rows: list[Row], shown: Collection[str]) -> str:
    names = {one.name for row in rows for one in row.things if one.id in shown}
    if not names:
        return _gone()
    snooze(by=user, things=names, until=end_of_news(factory))
    return _("Acknowledged.")


ACTS: dict[str, Callable[[User, Inbox, str, Collection[str]], str]] = {
    "snooze": _snooze,
    "show": _show,
    "acknowledge": _acknowledge,
    "acknowledge_all": _acknowledge_all,
}
