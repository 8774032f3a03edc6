"""Previews of decisions: the links that lead to them."""

import re
from html import unescape
from typing import Any

from django.urls import reverse

from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.disclosure.drafts import Draft, sign, with_token


def links_in(html: str) -> list[str]:
    """The addresses of the previews that a page leads to."""
    return [unescape(address) for address in re.findall(r'<a [^>]*href="([^"]+)" data-preview>', html)]


def preview_links(response: Any) -> list[str]:
    """The same, of a page that was shown."""
    assert response.status_code == 200
    return links_in(response.content.decode())


def preview_of(draft: Draft, by: User, factory: Factory, brand: Brand) -> str:
    """The address of the preview of a draft for one brand."""
    return with_token(reverse("as_brand_after", args=[factory.pk, brand.pk]), sign(draft, by=by, factory=factory))
