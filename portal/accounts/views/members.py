"""The people of an organisation: who they are, inviting, changing roles, removing.

Not found where the visitor does not see the organisation; forbidden where they see it but not its people. Its own
people see names and roles; addresses and invitations are for those who manage.
"""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.accounts import services
from portal.accounts.accepting import valid_invitations
from portal.accounts.forms import InvitationForm, RoleForm, in_order
from portal.accounts.models import Invitation, User
from portal.accounts.roles import OrganisationKind, count_active_managers, kinds, members, role_of
from portal.core.days import Place, show_days_of
from portal.ui.forms import STALE, form_status, posted, refusals_on
from portal.ui.lists import requested_page

# Holders of only this permission read consolidated figures, and learn no names.
STATISTICS_ONLY = frozenset({"view_statistics"})


def find_organisation(request: HttpRequest, kind: str, pk: int) -> tuple[OrganisationKind, Model]:
    """Return the organisation, where the visitor sees it; not found otherwise."""
    if kind not in kinds:
        raise Http404
    return kinds[kind], get_object_or_404(kinds[kind].visible_to(request.user), pk=pk)


def _managed(request: HttpRequest, kind: str, pk: int) -> tuple[OrganisationKind, Model]:
    """Return the organisation, where the visitor manages its people; forbidden where they only see it."""
    found, organisation = find_organisation(request, kind, pk)
    if not found.may_manage_members(request.user, organisation):
        raise PermissionDenied(_("Only a manager of this organisation may change its members."))
    return found, organisation


def _require_colleague(request: HttpRequest, kind: OrganisationKind, organisation: Model) -> None:
    held = role_of(request.user, kind, organisation)
    if not any(kind.roles[role].permissions - STATISTICS_ONLY for role in held):
        raise PermissionDenied(_("Only members of this organisation can see its members."))


@login_required
@require_GET
def member_list(request: HttpRequest, kind: str, organisation_id: int) -> HttpResponse:
    """Show the members, and to those who manage them the open invitations."""
    found, organisation = find_organisation(request, kind, organisation_id)
    may_manage = found.may_manage_members(request.user, organisation)
    if not may_manage and not found.may_oversee(request.user, organisation):
        _require_colleague(request, found, organisation)
    if isinstance(organisation, Place):
        show_days_of(organisation)
    invitations = _open_invitations(found, organisation) if may_manage else []
    page = requested_page(request, members(found, organisation), ("id",))  # a cursor with names would be in URLs
    managers = count_active_managers(found, organisation)
    context = {
        "kind": found,
        "organisation": organisation,
        "may_manage": may_manage,
        "page": page,
        "rows": _rows(found, organisation, page.items, managers),
        "roles": in_order(found.invitable_roles(organisation)),
        "managers": managers,
        "lacks_a_manager": may_manage and managers < found.managers_wanted,
        "invitations": invitations,
        "invited_email": next((row["invitation"].email for row in invitations if row["is_awaited_manager"]), ""),
    }
    return render(request, "accounts/members.html", context)


def _rows(kind: OrganisationKind, organisation: Model, people: list[User], managers: int) -> list[dict[str, object]]:
    """Return each member with the labels of their roles, and whether these can be changed here: one query.

    `managers` is how many active managers there are: the only one must stay (`services.is_only_manager`).
    """
    roles: dict[int, list[str]] = {person.pk: [] for person in people}
    held = kind.role_groups(organisation).filter(group__user__in=people).order_by("role")
    for person, role in held.values_list("group__user", "role"):
        roles[person].append(role)
    return [
        {
            "member": person,
            "labels": [kind.roles[role].label for role in roles[person.pk]],
            "is_changeable": _is_changeable(kind, roles[person.pk]),
            "is_only_manager": managers == 1 and any(kind.roles[role].is_manager for role in roles[person.pk]),
        }
        for person in people
    ]


def _is_changeable(kind: OrganisationKind, held: list[str]) -> bool:
    """Return whether these roles can be changed on this page: an advisor's assignment, given elsewhere, cannot."""
    return bool(held) and all(kind.roles[role].is_invitable for role in held)


def _open_invitations(kind: OrganisationKind, organisation: Model) -> list[dict[str, Any]]:
    newest = list(
        services.unanswered(kind, organisation).select_related("invited_by", "leaving").order_by("-created_at")[:100]
    )
    valid = valid_invitations(kind, organisation, newest)
    return [
        {
            "invitation": one,
            "label": kind.roles[one.role].label,
            "is_valid": one.pk in valid,
            "is_awaited_manager": _is_further_manager(kind, one) and one.is_open and one.pk in valid,
        }
        for one in newest
        if one.role in kind.roles
    ]


def _is_further_manager(kind: OrganisationKind, invitation: Invitation) -> bool:
    return kind.roles[invitation.role].is_manager and invitation.leaving is None


@login_required
@require_http_methods(["GET", "POST"])
def member_invite(request: HttpRequest, kind: str, organisation_id: int) -> HttpResponse:
    """Invite somebody by e-mail."""
    found, organisation = _managed(request, kind, organisation_id)
    form = InvitationForm(posted(request), roles=found.invitable_roles(organisation), role=request.GET.get("role", ""))
    if form.is_valid():
        with refusals_on(form):
            _send_invitation(request, found, organisation, **form.cleaned_data)
            return redirect("members", kind=kind, organisation_id=organisation_id)
    context = {"kind": found, "organisation": organisation, "form": form}
    return render(request, "accounts/member_invite.html", context, status=form_status(request))


def _send_invitation(
    request: HttpRequest, kind: OrganisationKind, organisation: Model, *, email: str, role: str, name: str
) -> None:
    """Invite, and confirm it. The link is only in the mail: it proves whose address it is."""
    person = cast("User", request.user)
    services.invite(by=person, kind=kind, organisation=organisation, email=email, role=role, name=name)
    messages.success(request, _("An invitation is on its way to %s.") % email)


def _invitation(kind: OrganisationKind, organisation: Model, pk: UUID) -> Invitation:
    """Return an unanswered invitation of this organisation; of another one: not found."""
    return get_object_or_404(services.unanswered(kind, organisation), pk=pk)


@login_required
@require_POST
def invitation_resend(request: HttpRequest, kind: str, organisation_id: int, invitation_id: UUID) -> HttpResponse:
    """Send a new link, for another full period; the old one stops working."""
    found, organisation = _managed(request, kind, organisation_id)
    old = _invitation(found, organisation, invitation_id)
    try:
        services.send_again(by=cast("User", request.user), kind=found, organisation=organisation, invitation=old)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("An invitation is on its way to %s.") % old.email)
    return redirect("members", kind=kind, organisation_id=organisation_id)


@login_required
@require_POST
def invitation_withdraw(request: HttpRequest, kind: str, organisation_id: int, invitation_id: UUID) -> HttpResponse:
    """End an invitation: its link stops working."""
    found, organisation = _managed(request, kind, organisation_id)
    invitation = _invitation(found, organisation, invitation_id)
    services.withdraw_invitation(by=cast("User", request.user), invitation=invitation, kind=found)
    messages.success(request, _("The invitation to %s was withdrawn.") % invitation.email)
    return redirect("members", kind=kind, organisation_id=organisation_id)


def _member(kind: OrganisationKind, organisation: Model, pk: int) -> tuple[User, list[str]]:
    """Return a member whose role can be changed here, with the roles they hold; anybody else: not found."""
    member = get_object_or_404(members(kind, organisation), pk=pk)
    held = role_of(member, kind, organisation)
    if not _is_changeable(kind, held):
        raise PermissionDenied(_("The country's staff assign and end this role on the factory's page."))
    return member, held


@login_required
@require_http_methods(["GET", "POST"])
def member_role(request: HttpRequest, kind: str, organisation_id: int, member_id: int) -> HttpResponse:
    """Give a member another role."""
    found, organisation = _managed(request, kind, organisation_id)
    member, held = _member(found, organisation, member_id)
    shown: dict[str, object] = {"role": held[0], "held": ",".join(held)}
    form = RoleForm(posted(request), initial=shown, roles=found.invitable_roles(organisation))
    status = form_status(request)
    if form.is_valid() and form.cleaned_data["held"] != shown["held"]:
        form.add_error(None, _("This person's role has since changed. Open the page again before you decide."))
        status = STALE
    elif form.is_valid():
        person, role = cast("User", request.user), form.cleaned_data["role"]
        with refusals_on(form):
            services.change_role(by=person, kind=found, organisation=organisation, member=member, role=role)
            messages.success(request, _("The role of %s was changed.") % member.name)
            return _after_change(request, found, organisation)
    context = {"form": form, **_about(request, found, organisation, member)}
    return render(request, "accounts/member_role.html", context, status=status)


def _about(request: HttpRequest, kind: OrganisationKind, organisation: Model, member: User) -> dict[str, object]:
    """Return what the pages about one member show: who it is, and whether they are the only manager."""
    return {
        "kind": kind,
        "organisation": organisation,
        "member": member,
        "is_self": member.pk == request.user.pk,
        "is_only_manager": services.is_only_manager(kind, organisation, member),
    }


@login_required
@require_http_methods(["GET", "POST"])
def member_remove(request: HttpRequest, kind: str, organisation_id: int, member_id: int) -> HttpResponse:
    """Remove a member, or leave oneself, after a page that names them and the organisation."""
    found, organisation = _managed(request, kind, organisation_id)
    member, _held = _member(found, organisation, member_id)
    refused = ""
    if request.method == "POST":
        try:
            services.remove_member(by=cast("User", request.user), kind=found, organisation=organisation, member=member)
        except ValidationError as error:
            refused = " ".join(error.messages)
        else:
            words = {"person": member.name, "organisation": organisation}
            messages.success(request, _("%(organisation)s: %(person)s is no longer a member.") % words)
            return _after_change(request, found, organisation)
    context = {"refused": refused, **_about(request, found, organisation, member)}
    return render(request, "accounts/member_remove.html", context, status=form_status(request))


def _after_change(request: HttpRequest, kind: OrganisationKind, organisation: Model) -> HttpResponse:
    """Return to the list, or to the first page for somebody who just lost the right to manage it."""
    if kind.visible_to(request.user).filter(pk=organisation.pk).exists():
        return redirect("members", kind=kind.name, organisation_id=organisation.pk)
    return redirect("home")
