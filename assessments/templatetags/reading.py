"""Links between the pages that readers see; in a page viewed as a brand, they lead to pages viewed as that brand."""

from collections.abc import Collection

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from assessments.models import Assessment
from assessments.reports.labels import Labels, answer_in_words
from sharing.scopes import RULES, ScopeRule

register = template.Library()


@register.filter
def rules_of_scopes(scopes: Collection[str]) -> list[ScopeRule]:
    """Return the rules of these scopes, in the order in which they are shown."""
    return [rule for rule in RULES.values() if rule.scope in scopes]


@register.filter
def answer_in(value: str, words: Labels) -> str:
    """Return an answer in the fixed wording `words` of reports, where it is one of one word."""
    return answer_in_words(value, words)


@register.simple_tag(takes_context=True)
def assessment_link(context: template.Context, assessment: Assessment, words: object) -> str:
    """Return a link to the page of an assessment. Who only hears it hears which assessment it is, too."""
    which = _("Cycle %(cycle)s, version %(version)s") % {"cycle": assessment.cycle, "version": assessment.version}
    named = format_html('<bdi>{}</bdi><span class="visually-hidden">{}{}</span>', words, _(", "), which)
    seen = context.get("seen_as")
    address = seen.page_url(assessment) if seen else reverse("assessment", args=[assessment.pk])
    return format_html('<a href="{}">{}</a>', address, named)
