"""What the tests of pages for factories share."""

from django.urls import reverse

from factories.models import Factory
from tests.world import World

LIST = "/factories/"


def page(factory: Factory, name: str = "factory", **more: int) -> str:
    return reverse(name, kwargs={"pk": factory.pk, **more})


def listed(response) -> set[str]:
    return {factory.bw_id for factory in response.context["page"].items}


def form_data(client, url: str, **changes: object) -> dict[str, object]:
    """What a browser would send from the form at `url`, with some fields changed."""
    form = client.get(url).context["form"]
    data = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in {**data, **changes}.items() if value not in (None, False)}


def many(world: World, number: int) -> None:
    Factory.objects.bulk_create(
        Factory(programme=world.cambodia, bw_id=f"KH-1{n:03}", name=f"Factory {n % 7}") for n in range(number)
    )
