"""Which mails a person gets: the page of choices, and the page behind the link in each mail."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from portal.accounts.models import User
from portal.notices.forms import MailChoicesForm
from portal.notices.preferences import choose_mails, kinds_for, read_unsubscribe, unsubscribe, ways_of
from portal.ui.forms import form_status, posted, refusals_on


@login_required
@require_http_methods(["GET", "POST"])
def mail_choices(request: HttpRequest) -> HttpResponse:
    """Show each kind of notice: at once, once a day, or not by mail. Some are always mailed; the page says which."""
    person = cast("User", request.user)
    kinds = kinds_for(person)
    form = MailChoicesForm(posted(request), kinds=kinds, ways=ways_of(person))
    if form.is_valid():
        with refusals_on(form):
            choose_mails(by=person, ways={name: way for name, way in form.cleaned_data.items() if way})
            messages.success(request, _("Your choice is saved."))
            return redirect("mail_choices")
    context = {"form": form, "mandatory": [kind for kind in kinds if kind.is_mandatory]}
    return render(request, "notices/mail_choices.html", context, status=form_status(request))


@csrf_exempt  # a mail program posts here without a page before it (RFC 8058); the link is signed, and does only this
@require_http_methods(["GET", "POST"])
def unsubscribe_page(request: HttpRequest, token: str) -> HttpResponse:
    """Stop mails of the kinds that the link names. A GET changes nothing: mail programs open links themselves."""
    found = read_unsubscribe(token)
    if found is None:
        return render(request, "notices/unsubscribe.html", {"kinds": []}, status=404)
    person, kinds = found
    with override(person.language):
        if request.method == "POST":
            unsubscribe(person=person, kinds=kinds)
        context = {"kinds": kinds, "is_done": request.method == "POST"}
        return render(request, "notices/unsubscribe.html", context)
