"""The page of help."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.help.words import ABOUT_ACCESS, ABOUT_REPORTS
from tests.world import World

WORDS = (*ABOUT_ACCESS, *ABOUT_REPORTS)


def test_the_documents_explain_each_word_in_the_same_sentence() -> None:
    text = (Path(__file__).parent.parent / "docs" / "words.md").read_text().lower()
    rows = set(re.findall(r"^\| (.+?) \| (.+?) \|$", text, re.MULTILINE))
    told = {(str(word.term).lower(), str(word.meaning).lower().removesuffix(".")) for word in WORDS}
    assert told - rows == set()
    assert len(told) == len(WORDS) == 20


@pytest.mark.django_db
def test_everybody_reads_what_the_words_mean(client: Client, django_assert_num_queries: Callable[..., object]) -> None:
    with django_assert_num_queries(0):
        page = client.get(reverse("help")).content.decode()
    assert page.count("<dt>") == len(WORDS)
    assert str(WORDS[0].meaning) in page.replace("&#x27;", "'")


@pytest.mark.django_db
def test_a_factorys_people_find_their_country_office(world: World, client_of: Callable[[User], Client]) -> None:
    def page(persona: str) -> str:
        return client_of(world.person(persona)).get(reverse("help")).content.decode()

    assert "Your country office" not in page("member_a")  # there is neither address nor number
    world.cambodia.contact_email, world.cambodia.contact_phone = "office@programme.example", "+855 23 1"
    world.cambodia.save()
    assert 'href="mailto:office@programme.example"' in page("member_a")
    assert 'href="tel:+855231"' in page("member_a")
    assert "office@programme.example" not in page("brand_a_member")
