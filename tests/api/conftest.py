"""Ways into the API: the session of a person, the token of an integration."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from brands.models import Brand
from brands.roles import BRAND
from portal.accounts.models import ApiToken
from portal.accounts.services import create_integration_token
from tests.world import World


@pytest.fixture
def token_client(world: World) -> Callable[..., APIClient]:
    """An API client that carries a token of brand A with the given integration roles."""

    def make(*roles: str, brand: Brand | None = None, manager: str = "brand_a_manager") -> APIClient:
        token, secret = create_integration_token(
            by=world.person(manager),
            kind=BRAND,
            organisation=brand or world.brand_a,
            name="Sourcing system",
            roles=list(roles) or ["integration_report"],
            days=30,
        )
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
        client.token, client.secret = token, secret  # type: ignore[attr-defined]
        return client

    return make


@pytest.fixture
def all_ids() -> Callable[[Any], list[str]]:
    """The ids in a page."""
    return lambda response: [row["id"] for row in response.json()["results"]]


__all__ = ["ApiToken"]
