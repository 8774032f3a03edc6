"""The language switch leads back to a page that can be read, whatever it was used on."""

import re
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import get_resolver, reverse

from portal.ui.forms import REFUSED
from portal.ui.returning import answers_get, page_to_return_to
from tests.assessments.tables import LEAVE, check, table
from tests.matrix.table import ROWS
from tests.world import World

KEY = "00000000-0000-0000-0000-000000000007"
NEW = {**LEAVE, "Factory Assessed ID": "KH-0777", "Factory Assessed Name": "Not Here Yet"}


def back_from(page: str) -> set[str]:
    return set(re.findall(r'name="next" value="([^"]*)"', page))


@pytest.mark.django_db
@pytest.mark.usefixtures("run_jobs")
def test_the_switch_on_a_form_with_errors_leads_to_its_page(world: World, client_of: Any) -> None:
    person = world.person("programme_manager")
    batch = check(person, table(NEW))
    assert batch.state == "ready"
    client, page = client_of(person), reverse("import_batch", args=[batch.pk])
    sent_to = reverse("import_confirm", args=[batch.pk])
    for sent_from in (page, sent_to):  # a second time, it is the answer to a POST that is sent
        refused = client.post(sent_to, {}, HTTP_REFERER=f"http://testserver{sent_from}")
        assert (refused.status_code, client.get(sent_to).status_code) == (REFUSED, 405)
        assert back_from(refused.content.decode()) == {page}
    answer = client.post(reverse("set_language"), {"language": "fr", "next": page}, follow=True)
    assert (answer.status_code, answer.redirect_chain) == (200, [(page, 302)])


@pytest.mark.django_db
def test_an_address_that_takes_forms_only_shows_a_page_that_leads_back(world: World, client_of: Any) -> None:
    client, factory = client_of(world.person("manager_a")), world.factory_a
    for name, back in (("requests_answer", "request_inbox"), ("inbox_act", "factory")):
        answer = client.get(reverse(name, args=[factory.pk]))
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
        page, to = answer.content.decode(), reverse(back, args=[factory.pk])
        assert "Nothing to show here" in page
        assert back_from(page) == {to}
        assert f'class="btn btn-primary" href="{to}"' in page
        assert client.get(answer.request["PATH_INFO"], HTTP_ACCEPT="application/json").content == b""


@pytest.mark.django_db
def test_the_switch_keeps_what_a_page_was_asked_for(world: World, client_of: Any) -> None:
    address = f"{reverse('assessment_list')}?cursor="
    page = client_of(world.person("manager_a")).get(address).content.decode()
    assert back_from(page) == {address}


def example(name: str) -> str:
    """An address of a name, with something in its places."""
    ((template, places), *_others), _pattern, _defaults, converters = get_resolver().reverse_dict[name]
    numbers = {one: KEY if type(converters.get(one)).__name__ == "UUIDConverter" else "7" for one in places}
    return "/" + template % {**numbers, **{one: "factory" for one in places if one == "kind"}}


def test_no_address_that_takes_a_form_only_is_led_back_to() -> None:
    only = set()
    for name in sorted({row.name for row in ROWS if row.method == "POST" and "api" not in row.name}):
        path = example(name)
        back = page_to_return_to(RequestFactory().post(path, HTTP_REFERER=f"http://testserver{path}"))
        assert answers_get(back), name
        only |= {name} if back != path else set()
    assert {"import_confirm", "import_discard", "webhook_again"} <= only
    assert not {"me", "account_login"} & only


@pytest.mark.parametrize(
    "referer", ["https://elsewhere.example/me/", "http://testserver//elsewhere.example/", "http://["]
)
def test_neither_a_page_of_another_site_nor_nonsense_is_led_back_to(referer: str) -> None:
    path = reverse("import_discard", args=[KEY])
    request = RequestFactory().post(path, HTTP_REFERER=referer)
    assert page_to_return_to(request) == path.removesuffix("discard/")
