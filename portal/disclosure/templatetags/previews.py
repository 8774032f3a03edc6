"""The link from a decision that is filled in to its preview."""

from django import template
from django.urls import reverse

from brands.models import Brand
from factories.models import Factory
from portal.disclosure.drafts import Draft, sign, with_token

register = template.Library()


@register.simple_tag(takes_context=True)
def preview_url(context: template.Context, draft: Draft, factory: Factory, brand: Brand) -> str:
    """Return the address of the preview for one brand; it opens only for the person to whom the page is shown."""
    token = sign(draft, by=context["request"].user, factory=factory)
    return with_token(reverse("as_brand_after", args=[factory.pk, brand.pk]), token)
