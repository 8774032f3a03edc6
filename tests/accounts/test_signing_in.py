"""Signing in: lock-out, passwords, and which of the library's pages are reachable."""

import re
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.core.internal import ratelimit
from axes.models import AccessAttempt
from django.contrib.auth import get_user
from django.core import mail
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone

from portal.accounts.models import User
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db
NEW = "seven-threads-and-a-needle"


def sign_in(client: Client, email: str, password: str, **extra: str):
    return client.post(reverse("account_login"), {"login": email, "password": password}, **extra)


def signed_in(client: Client) -> bool:
    return get_user(client).is_authenticated  # type: ignore[arg-type]


def lock(email: str, **extra: str) -> Client:
    client = Client()
    for _time in range(6):
        response = sign_in(client, email, "wrong", **extra)
    assert response.status_code == 429
    return client


def test_the_right_password_signs_in_and_the_session_is_new(world: World):
    client = Client()
    client.get(reverse("account_login"))
    before = client.session.session_key

    response = sign_in(client, "Manager.A@test.example", PASSWORD)

    assert response.status_code == 302
    assert signed_in(client)
    assert client.session.session_key != before


def test_five_wrong_passwords_do_not_lock(world: World):
    client = Client()
    for _time in range(5):
        assert sign_in(client, "manager.a@test.example", "wrong").status_code == 200

    sign_in(client, "manager.a@test.example", PASSWORD)
    assert signed_in(client)


def test_the_sixth_locks_and_then_even_the_right_password_is_refused(world: World):
    client = lock("manager.a@test.example")

    response = sign_in(client, "manager.a@test.example", PASSWORD)

    assert response.status_code == 429
    assert "locked" in response.content.decode()
    assert "You can try again 15 minutes after" in response.content.decode()
    assert not signed_in(client)
    sign_in(client, "MANAGER.A@test.example ", PASSWORD)
    assert not signed_in(client)


def test_the_lock_is_for_that_person_from_that_address_only(world: World):
    lock("manager.a@test.example")
    colleague, elsewhere = Client(), Client()

    sign_in(colleague, "member.a@test.example", PASSWORD)
    sign_in(elsewhere, "manager.a@test.example", PASSWORD, REMOTE_ADDR="192.0.2.7")

    assert signed_in(colleague)
    assert signed_in(elsewhere)


def test_the_lock_ends_after_its_time(world: World, settings):
    client = lock("manager.a@test.example")
    AccessAttempt.objects.update(attempt_time=timezone.now() - settings.AXES_COOLOFF_TIME - timedelta(seconds=1))

    sign_in(client, "manager.a@test.example", PASSWORD)

    assert signed_in(client)


def test_an_unknown_address_answers_and_locks_like_a_known_one(world: World):
    known, unknown = Client(), Client()

    first = [sign_in(known, "manager.a@test.example", "wrong"), sign_in(unknown, "nobody@test.example", "wrong")]
    for _time in range(5):
        last = [sign_in(known, "manager.a@test.example", "wrong"), sign_in(unknown, "nobody@test.example", "wrong")]

    assert [response.status_code for response in first] == [200, 200]
    assert [response.status_code for response in last] == [429, 429]


def test_the_lock_holds_for_the_admin_too(world: World):
    response = Client().get("/admin/login/?next=/admin/")

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))
    posted = Client().post("/admin/login/", {"username": "operator@test.example", "password": PASSWORD})
    assert posted.status_code == 302
    assert posted.url.startswith(reverse("account_login"))


def answered(client: Client, email: str, password: str) -> tuple[int, str, str]:
    """Status, address and page of an attempt, without the tokens of its forms and the address typed."""
    response = client.post(reverse("account_login"), {"login": email, "password": password})
    page = re.sub("[A-Za-z0-9]{64}", "", response.content.decode())
    return response.status_code, response.headers.get("Location", ""), page.replace(email, "")


def test_a_closed_account_is_answered_like_a_wrong_password(world: World):
    """Also in how it is counted: the sixth attempt is locked, and the right password is none."""
    closed, wrong = Client(), Client()
    expected = [answered(wrong, "manager.b@test.example", "wrong") for _time in range(7)]
    assert [answered(closed, "inactive@test.example", PASSWORD) for _time in range(7)] == expected

    assert [status for status, _address, _page in expected] == [200] * 5 + [429] * 2
    assert not signed_in(closed)
    assert AccessAttempt.objects.filter(username="inactive@test.example").count() == 1


@pytest.mark.parametrize("data", [{}, {"login": "\x00", "password": "\x00"}, {"login": "x" * 10_000, "password": "y"}])
def test_nonsense_is_refused(world: World, data):
    client = Client()

    assert client.post(reverse("account_login"), data).status_code == 200
    assert not signed_in(client)


def test_sign_up_is_closed(world: World):
    page = Client().get(reverse("account_signup"))
    Client().post(reverse("account_signup"), {"email": "me@test.example", "password1": NEW, "password2": NEW})

    assert "by invitation" in page.content.decode()
    assert not User.objects.filter(email="me@test.example").exists()


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/email/",
        "/accounts/confirm-email/",
        "/accounts/confirm-email/abc/",
        "/accounts/password/set/",
        "/accounts/login/code/confirm/",
        "/accounts/social/connections/",
        "/accounts/3rdparty/",
        "/accounts/",
    ],
)
def test_pages_that_do_not_apply_are_not_there(world: World, client_of, path):
    assert client_of(world.person("manager_a")).get(path).status_code == 404


def test_every_page_of_the_library_that_stays_is_ours(world: World):
    assert resolve("/accounts/login/").func.__module__.startswith("allauth")


def _reset_link() -> str:
    found = re.search(r"http://testserver(\S+/password/reset/key/\S+)", mail.outbox[-1].body)
    assert found
    return found.group(1)


def test_a_forgotten_password_is_reset_by_a_mail_that_works_once(world: World, client_of):
    other_session = client_of(world.person("manager_a"))
    Client().post(reverse("account_reset_password"), {"email": "Manager.A@test.example"})
    assert mail.outbox[0].to == ["manager.a@test.example"]
    client = Client()
    page = client.get(_reset_link(), follow=True)

    client.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

    assert world.person("manager_a").__class__.objects.get(email="manager.a@test.example").check_password(NEW)
    assert not signed_in(other_session)
    again = Client().get(_reset_link(), follow=True)
    assert "no longer works" in again.content.decode()


def test_a_reset_link_expires(world: World, monkeypatch, settings):
    Client().post(reverse("account_reset_password"), {"email": "manager.a@test.example"})
    settings.PASSWORD_RESET_TIMEOUT = -1

    page = Client().get(_reset_link(), follow=True)

    assert "no longer works" in page.content.decode()


def test_a_reset_link_ends_with_the_account_and_does_not_come_back_with_it(world: World):
    Client().post(reverse("account_reset_password"), {"email": "manager.a@test.example"})
    person = User.objects.filter(email="manager.a@test.example")
    for is_active in (False, True):
        person.update(is_active=is_active)
        page = Client().get(_reset_link(), follow=True)
        assert "no longer works" in page.content.decode()


def test_a_weak_new_password_is_refused(world: World):
    Client().post(reverse("account_reset_password"), {"email": "manager.a@test.example"})
    client = Client()
    page = client.get(_reset_link(), follow=True)

    client.post(page.request["PATH_INFO"], {"password1": "short", "password2": "short"})

    assert User.objects.get(email="manager.a@test.example").check_password(PASSWORD)


def test_asking_for_a_reset_does_not_tell_whether_there_is_an_account(world: World):
    known = Client().post(reverse("account_reset_password"), {"email": "manager.a@test.example"}, follow=True)
    unknown = Client().post(reverse("account_reset_password"), {"email": "nobody@test.example"}, follow=True)

    assert known.status_code == unknown.status_code == 200
    assert known.redirect_chain == unknown.redirect_chain
    assert len(mail.outbox) == 2
    assert "/password/reset/key/" not in mail.outbox[1].body


@pytest.mark.parametrize("email", ["manager.a@test.example", "nobody@test.example"])
def test_nobody_is_sent_more_than_ten_reset_mails_a_day(world: World, monkeypatch, email):
    def ask(hour: int) -> int:
        later = SimpleNamespace(time=lambda: time.time() + 3600 * hour, monotonic=time.monotonic, sleep=time.sleep)
        monkeypatch.setattr(ratelimit, "time", later)
        return Client().post(reverse("account_reset_password"), {"email": email}).status_code

    assert [ask(hour) for hour in range(10)] == [302] * 10
    assert ask(11) == 429
    assert len(mail.outbox) == 10
    assert ask(25) == 302


def test_a_signed_in_person_changes_their_password(world: World, client_of):
    client = client_of(world.person("manager_a"))
    change = reverse("account_change_password")

    wrong = client.post(change, {"oldpassword": "wrong", "password1": NEW, "password2": NEW})
    right = client.post(change, {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})

    assert wrong.status_code == 200
    assert right.status_code == 302
    assert client.get(right.url).status_code == 200
    assert User.objects.get(email="manager.a@test.example").check_password(NEW)
    assert signed_in(client)


def test_passwords_are_kept_with_argon2():
    from portal import settings as production

    assert production.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.Argon2PasswordHasher"


def test_argon2_really_works(settings):
    from portal import settings as production

    settings.PASSWORD_HASHERS = production.PASSWORD_HASHERS
    user = User(email="a@test.example", name="A")
    user.set_password(NEW)

    assert user.password.startswith("argon2$argon2id$")
    assert user.check_password(NEW)
