"""First loads on a poor line: what a page and everything that it asks for weigh on the wire, images apart.

Compressed as it is served (gzip: whitenoise's files and `CompressedPages`). Fonts are counted as for a device that has
none of its own: every face of the page's family whose range holds a character of the page.
"""

import gzip
import re
from functools import cache
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from sharing.grants.services.revoking import revoke_access
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from tests.world import World

LIMIT = 60_000
APART = {"bn": 64_000}  # its two faces alone weigh 44 kB
FAMILIES = {"km": "Noto Sans Khmer", "bn": "Noto Sans Bengali", "ar": "Noto Sans Arabic"}
# The names of the other languages, which have fonts of their own.
NAMES = re.compile(r"<button[^>]*language-name(?![^>]*aria-current)[^>]*>.*?</button>", re.DOTALL)
FACE = re.compile(
    r'font-family: "([^"]+)".*?font-weight: ([^;]+);.*?url\("([^"]+)"\).*?unicode-range: ([^;]+);', re.DOTALL
)


@cache
def packed(name: str) -> int:
    return len(gzip.compress(static_file(name).read_bytes(), 9))


def static_file(name: str) -> Path:
    found = finders.find(name)
    assert isinstance(found, str), name
    return Path(found)


@cache
def faces() -> list[tuple[str, str, int, set[int]]]:
    """Each font file, the ones that win first: family, weight, bytes (WOFF2 is compressed already), characters."""
    sheet = static_file("portal/fonts.css")
    result = []
    for family, strength, file, ranges in FACE.findall(sheet.read_text()):
        ends = [part.strip().removeprefix("U+").split("-") for part in ranges.split(",")]
        letters = {code for end in ends for code in range(int(end[0], 16), int(end[-1], 16) + 1)}
        result.append((family, strength, (sheet.parent / file).stat().st_size, letters))
    return result[::-1]


def fonts(page: str, family: str) -> int:
    """Bytes of the fonts that show `page`, and in it the names of languages."""
    return fonts_of(NAMES.sub("", page), family) + fonts_of(" ".join(NAMES.findall(page)), "Language Names")


def fonts_of(text: str, family: str) -> int:
    """Bytes of one family's faces that show a text: of faces that overlap, the later one is taken (CSS Fonts 4)."""
    shown = {ord(letter) for letter in strip_tags(text)}
    total = 0
    missing: dict[str, set[int]] = {}
    for name, strength, size, letters in faces():
        if name == family and letters & missing.setdefault(strength, set(shown)):
            total += size
            missing[strength] -= letters
    return total


def weight(client: Client, address: str, language: str) -> dict[str, int]:
    """Bytes of a first load of `address`, by what they are for."""
    response = client.get(address, HTTP_ACCEPT_ENCODING="gzip")
    assert response.status_code == 200
    assert response.headers["Content-Encoding"] == "gzip"
    page = gzip.decompress(response.content).decode()
    assert f'<html lang="{language}"' in page
    names = re.findall(r'<(?:link rel="stylesheet" href|script[^>]* src)="/static/([^"]+)"', page)
    assert {"portal/portal.css", "portal/portal.js"} <= set(names)
    return {
        "page": len(response.content),
        "styles and scripts": sum(map(packed, names)),
        "fonts": fonts(page, FAMILIES.get(language, "Noto Sans")),
    }


def pages_of_sharing(world: World) -> dict[str, tuple[str, str]]:
    """A factory shares, and stops: by name, who opens which page."""
    factory, grant = world.factory_a, world.grant()
    revoke_access(by=world.person("manager_a"), grant=world.grant(brand=world.brand_b))
    return {
        "who can see": ("manager_a", reverse("factory_brands", args=[factory.pk])),
        "whom to share with": ("manager_a", reverse("grant", args=[factory.pk])),
        "grant": ("manager_a", f"{reverse('grant', args=[factory.pk])}?brand={world.brand_b.pk}"),
        "change": ("manager_a", reverse("grant_change", args=[grant.pk])),
        "revoke": ("manager_a", reverse("grant_revoke", args=[grant.pk])),
        "stop all": ("manager_a", reverse("stop_all", args=[factory.pk])),
        "what was stopped": ("manager_a", reverse("resume", args=[factory.pk])),
        "resume": ("manager_a", f"{reverse('resume', args=[factory.pk])}?brand={world.brand_b.pk}"),
    }


def pages_of_requests(world: World) -> dict[str, tuple[str, str]]:
    """A brand asks, and a factory answers: by name, who opens which page."""
    brand, asker = world.brand_a, world.person("brand_a_member")
    terms = RequestedTerms(
        scopes=("report", "step1"), purpose="Sourcing review", message="We would like to see your report."
    )
    request = request_access(by=asker, brand=brand, factory=world.factory_a, terms=terms)
    ask = f"{reverse('ask', args=[brand.pk])}?factory={world.factory_b.pk}"
    return {
        "the brand's requests": ("brand_a_member", reverse("brand_requests", args=[brand.pk])),
        "search": ("brand_a_member", reverse("ask_search", args=[brand.pk])),
        "many at once": ("brand_a_member", reverse("ask_list", args=[brand.pk])),
        "ask": ("brand_a_member", ask),
        "one's own request": ("brand_a_member", reverse("access_request", args=[request.pk])),
        "inbox": ("manager_a", reverse("request_inbox", args=[world.factory_a.pk])),
        "answer": ("manager_a", reverse("access_request", args=[request.pk])),
        "approve less": ("manager_a", reverse("request_approve", args=[request.pk])),
        "decline": ("manager_a", reverse("request_decline", args=[request.pk])),
        "print": ("manager_a", reverse("request_print", args=[request.pk])),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("pages", [pages_of_sharing, pages_of_requests])
def test_the_pages_of_consent_weigh_under_60_kb_on_first_load(world: World, client_of, settings, pages):
    settings.LANGUAGES = settings.REPORT_LANGUAGES
    addresses = pages(world)
    clients = {persona: client_of(world.person(persona)) for persona, _address in addresses.values()}
    heavy = []
    for language, _ in settings.LANGUAGES:
        for name, (persona, address) in addresses.items():
            clients[persona].cookies[settings.LANGUAGE_COOKIE_NAME] = language
            parts = weight(clients[persona], address, language)
            print(language, name, parts, sum(parts.values()))
            if sum(parts.values()) >= APART.get(language, LIMIT):
                heavy.append((language, name, parts))
    assert heavy == []
