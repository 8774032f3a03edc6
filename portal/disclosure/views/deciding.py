"""The course of every sheet: shown while it is filled in, then decided at once or shown on a page first."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.disclosure.sheets import Seen, only_looks, seen_by
from portal.ui.forms import STALE, form_status
from sharing.grants.forms.granting import add_errors

F = TypeVar("F", bound=Form)
Context = dict[str, object]


def as_it_is(form: F, bound: Callable[[QueryDict], F]) -> F:
    """Return a form as it would be sent: itself, or another one with the values that it shows at first."""
    if form.is_bound:
        return form
    data = QueryDict(mutable=True)
    for name, value in filled_in(form):
        data.appendlist(name, value)
    tried = bound(data)
    tried.fields = form.fields
    return tried


def filled_in(form: Form) -> list[tuple[str, str]]:
    """Return a form's values as a browser would post them: those that were sent, or those that it shows at first."""
    values = {name: form[name].value() for name in form.fields}
    pairs = [(name, one) for name, value in values.items() for one in (value if isinstance(value, list) else [value])]
    return [(name, str(value)) for name, value in pairs if value is not None]


def followed(tried: Form, seen: str = "", sentence: str = "", new_reports: str = "") -> Context:
    """Return the context of the parts of a sheet that follow its form; `seen`: the seal, empty where there is none."""
    return {"tried": tried, "seen": seen, "sentence": sentence, "new_reports": new_reports}


def say_changed(request: HttpRequest) -> None:
    """Say that what the page said is not so any more."""
    messages.error(request, _("Something has changed since you opened the page. Check it again."))


def answer_with(
    request: HttpRequest, context: Context, form: Form, *, page: str, summary: str, decide: Callable[[], HttpResponse]
) -> HttpResponse:
    """Return the sheet's `page`, or to its script the parts that follow the form; or decide, or show a `summary` first.

    The context is that of `followed`, with what the pages need. What `decide` refuses is shown on the form.
    """
    if only_looks(request):
        return render(request, "disclosure/parts/sheet_followed.html", context)
    if request.method == "POST" and context["seen"]:
        seen = seen_by(request, str(context["seen"]))
        if seen is not Seen.SAME:
            return _summary(request, context, summary, is_changed=seen is Seen.CHANGED)
        try:
            return decide()
        except ValidationError as error:
            add_errors(form, error)
    return render(request, page, context, status=form_status(request))


def _summary(request: HttpRequest, context: Context, summary: str, *, is_changed: bool) -> HttpResponse:
    if is_changed:
        say_changed(request)
    return render(request, summary, context, status=STALE if is_changed else 200)
