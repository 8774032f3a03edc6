"""The pages and the API of subscriptions."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from factories.models import CountryProgramme
from portal.notices.handing_out import hand_out_notices
from portal.notices.mails import send_due_mails
from portal.notices.models import MailItem
from sharing.models import Subscription
from sharing.subscriptions.services import withdraw_subscription
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("decisions_are_settled")]
FORBIDDEN = re.compile(r"slcp|\bprices?\b|\bfees?\b|\bcosts?\b|\bpa(?:y|id)\b|invoice|\bUSD\b|[$€]", re.IGNORECASE)


@pytest.fixture
def pages(world: World) -> dict[str, str]:
    pk = world.cambodia.pk
    names = ("list", "add", "import", "switch")
    return {name: reverse(f"subscription_{name}", args=[pk]) for name in names}


def table(*rows: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("bought.csv", "\n".join(("brand,bw_id,cycle,bought_on", *rows)).encode())


def test_the_country_records_lists_and_withdraws(world: World, client_of, pages) -> None:
    client = client_of(world.person("team_leader"))
    body = {"brand": world.brand_b.pk, "bw_id": world.factory_a.bw_id, "cycle": 2, "bought_on": "2026-01-05"}

    page = client.post(pages["add"], body, follow=True).content.decode()
    assert f"Recorded: {world.brand_b}, {world.factory_a}, cycle 2." in page
    bought = Subscription.objects.get()
    withdrawing = reverse("subscription_withdraw", args=[world.cambodia.pk, bought.pk])
    assert withdrawing in page
    assert client.post(withdrawing, {"reason": ""}).status_code == 400
    page = client.post(withdrawing, {"reason": "Wrong factory"}, follow=True).content.decode()
    assert "The subscription is withdrawn." in page
    assert withdrawing not in page
    assert "Wrong factory" in page
    assert client.get(withdrawing).status_code == 302


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"bw_id": "NONE"}, "has no factory with this Better Work ID"),
        ({"cycle": 0}, "Enter a cycle from 1 to 200."),
        ({"bought_on": "2126-01-01"}, "Enter a day from 2000 until today."),
    ],
)
def test_a_wrong_entry_is_refused_beside_its_field(world: World, client_of, pages, change, says) -> None:
    body = {"brand": world.brand_b.pk, "bw_id": world.factory_a.bw_id, "cycle": 2, "bought_on": "2026-01-05"}

    response = client_of(world.person("team_leader")).post(pages["add"], {**body, **change})

    assert response.status_code == 400
    assert says in response.content.decode()
    assert not Subscription.objects.exists()


def test_a_factory_of_another_country_is_not_found(world: World, client_of, pages) -> None:
    body = {"brand": world.brand_b.pk, "bw_id": world.factory_vn.bw_id, "cycle": 2, "bought_on": "2026-01-05"}

    assert client_of(world.person("global_staff")).post(pages["add"], body).status_code == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [("q=KH-0001", [1, 2]), ("cycle=2", [2]), ("state=withdrawn", [1]), ("q=nobody", []), ("cycle=x", [])],
)
def test_the_list_is_searched_and_filtered(world: World, client_of, pages, query, found) -> None:
    by = world.person("team_leader")
    withdraw_subscription(by=by, subscription=world.subscribe(cycle=1), reason="Wrong")
    world.subscribe(cycle=2)
    query = query.replace("KH-0001", world.factory_a.bw_id)

    listed = client_of(by).get(f"{pages['list']}?{query}").context["page"].items

    assert sorted(one.cycle for one in listed) == found


def test_a_table_is_previewed_then_recorded_and_again_changes_nothing(world: World, client_of, pages) -> None:
    client, confirm = client_of(world.person("team_leader")), f"{pages['import']}confirm/"
    world.subscribe(cycle=1)
    rows = [f"{world.brand_b.name.upper()},{world.factory_a.bw_id},{cycle},05/01/2026" for cycle in (1, 2, 3)]

    preview = client.post(pages["import"], {"file": table(*rows)})
    assert "2 new subscriptions" in preview.content.decode()
    assert "1 row is recorded already." in preview.content.decode()
    assert Subscription.objects.count() == 1
    client.post(confirm, {"upload": preview.context["token"]})
    assert sorted(Subscription.objects.values_list("cycle", flat=True)) == [1, 2, 3]
    again = client.post(pages["import"], {"file": table(*rows)})
    assert "Everything in this table is recorded already" in again.content.decode()


def test_a_preview_that_is_not_true_any_more_records_nothing(world: World, client_of, pages) -> None:
    client = client_of(world.person("team_leader"))
    row = f"{world.brand_b},{world.factory_a.bw_id},2,05/01/2026"
    token = client.post(pages["import"], {"file": table(row)}).context["token"]
    world.subscribe(cycle=2)

    assert client.post(f"{pages['import']}confirm/", {"upload": token}).status_code == 409
    other = client_of(world.person("global_staff")).post(f"{pages['import']}confirm/", {"upload": token})
    assert other.status_code == 302
    assert Subscription.objects.count() == 1


def test_errors_name_row_and_column_and_nothing_is_recorded(world: World, client_of, pages) -> None:
    good, bw_id = f"{world.brand_b},{world.factory_a.bw_id}", world.factory_a.bw_id
    rows = [
        f"{good},2,05/01/2026",
        f"Nobody,{bw_id},2,05/01/2026",
        f"{world.brand_b},NONE,2,05/01/2026",
        f"{good},zero,05/01/2026",
        f"{good},3,05/01/26",
        f"{world.brand_a},{bw_id},2,05/01/2026",
        f"{good},2,06/01/2026",
    ]

    response = client_of(world.person("team_leader")).post(pages["import"], {"file": table(*rows)})

    assert response.status_code == 400
    places = [(problem.row, problem.column) for problem in response.context["problems"]]
    assert places == [(3, "brand"), (4, "bw_id"), (5, "cycle"), (6, "bought_on"), (7, "brand"), (8, "bw_id")]
    assert not Subscription.objects.exists()


def test_the_switch_says_who_would_lose_access_before_it_is_switched(world: World, client_of, pages) -> None:
    client = client_of(world.person("programme_manager"))
    assert "No participant would lose access now." in client.get(pages["switch"]).content.decode()
    world.grant(world.brand_b)
    world.grant(world.brand_a)
    world.subscribe(cycle=2)

    page = client.get(pages["switch"])
    assert "1 participant has access without a subscription now" in page.content.decode()
    assert [(brand.name, brand.reports) for brand in page.context["losers"]] == [(world.brand_b.name, 1)]
    page = client.post(pages["switch"], {"needed": "yes"}, follow=True).content.decode()
    assert "From now on, participants need a subscription." in page
    assert CountryProgramme.objects.get(pk=world.cambodia.pk).participants_need_subscription
    assert "Stop requiring subscriptions?" in client.get(pages["switch"]).content.decode()


def test_the_form_of_settings_does_not_switch(world: World, client_of) -> None:
    page = client_of(world.person("programme_manager")).get(reverse("programme_edit", args=[world.cambodia.pk]))

    assert "participants_need_subscription" not in page.content.decode()


def test_a_brand_reads_its_own_rows_without_staff_or_reasons(world: World, client_of, api_of) -> None:
    withdraw_subscription(by=world.person("team_leader"), subscription=world.subscribe(), reason="A typing error")
    member, pk = world.person("brand_b_member"), world.brand_b.pk

    page = client_of(member).get(reverse("brand_subscriptions", args=[pk])).content.decode()
    answer = api_of(member).get(f"/api/v1/brands/{pk}/subscriptions/").json()["results"]
    assert world.factory_a.name in page
    assert [answer[0][name] for name in ("id", "recorded_by", "ended_by", "end_reason")] == [None] * 4
    for secret in ("A typing error", world.person("team_leader").name):
        assert secret not in page
        assert secret not in str(answer)


def test_the_api_records_lists_and_withdraws_what_the_page_lists(world: World, client_of, api_of, pages) -> None:
    by = world.person("team_leader")
    api, url = api_of(by), f"/api/v1/programmes/{world.cambodia.pk}/subscriptions/"
    order = {"brand": world.brand_b.pk, "factory": world.factory_a.pk, "cycle": 2, "bought_on": "2026-01-05"}

    made = api.post(url, order, format="json")
    assert made.status_code == 201
    assert api.post(url, order, format="json").json()["id"] == made.json()["id"]
    assert api.post(url, {**order, "factory": world.factory_vn.pk}, format="json").status_code == 400
    assert api.post(url, {**order, "brand": world.brand_a.pk}, format="json").status_code == 400
    listed = [one["id"] for one in api.get(f"{url}?search={world.factory_a.bw_id}&withdrawn=false").json()["results"]]
    assert listed == [one.pk for one in client_of(by).get(pages["list"]).context["page"].items]
    withdrawn = api.post(f"{url}{listed[0]}/withdraw/", {"reason": "Wrong factory"}, format="json").json()
    assert (withdrawn["end_reason"], withdrawn["ended_by"]) == ("Wrong factory", by.name)
    assert api.get(f"{url}?withdrawn=false").json()["results"] == []


def test_r32_nothing_about_subscriptions_mentions_slcp_or_a_price(
    world: World, client_of, api_of, pages, run_jobs, mailoutbox
) -> None:
    world.grant(world.brand_b)
    manager, member = world.person("programme_manager"), world.person("brand_b_member")
    client_of(manager).post(pages["switch"], {"needed": "yes"})
    bought = world.subscribe(cycle=2)
    staff, brand = client_of(manager), client_of(member)
    own = reverse("brand_subscriptions", args=[world.brand_b.pk])
    withdrawing = reverse("subscription_withdraw", args=[world.cambodia.pk, bought.pk])

    row = f"{world.brand_b},{world.factory_a.bw_id},3,05/01/2026"
    said = [staff.get(url) for url in (*pages.values(), withdrawing)]
    said += [brand.get(own), staff.post(pages["import"], {"file": table(row)})]
    said += [api_of(manager).get(f"/api/v1/programmes/{world.cambodia.pk}/subscriptions/")]
    said += [api_of(member).get(f"/api/v1/brands/{world.brand_b.pk}/subscriptions/")]
    texts = [re.sub(r"<script.*?</script>", "", one.content.decode(), flags=re.DOTALL) for one in said]
    hand_out_notices()
    MailItem.objects.update(due_at=timezone.now())
    assert send_due_mails() > 0
    texts += [f"{mail.subject} {mail.body}" for mail in mailoutbox]
    assert [one.status_code for one in said] == [200] * len(said)
    assert [found for text in texts for found in FORBIDDEN.findall(text)] == []
