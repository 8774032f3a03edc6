"""The number of database queries that each list and detail page, and its API, takes on the demo.

Run: `./dev bench queries`. Each address is asked twice as the persona named and counted the second time (the first
loads what the process keeps, like content types). Fails when a brand's list takes more than eight, its API more than
six, an assessment's page more than ten, or when a longer page of the API takes more queries than a shorter one (N+1).

Counted: every statement that asks or writes, the session and the account included. Not counted: BEGIN and COMMIT, and
the throttle's four statements on the cache table, which exist only where there is no Redis.
"""

import re
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks import _programme

NOT_COUNTED = re.compile(r"BEGIN|COMMIT|SAVEPOINT|RELEASE|.*core_cache", re.DOTALL)
MOST = {"/shared/": 8, "/api/v1/shared/": 6, "/assessments/{assessment}/": 10}
PAGES = (
    ("brand_a_member", "/"),
    ("brand_a_member", "/shared/"),
    ("brand_a_member", "/shared/?country=KH&cluster=Compensation&q=a"),
    ("brand_a_member", "/assessments/{assessment}/"),
    ("brand_a_member", "/brands/{brand}/"),
    ("brand_a_manager", "/people/brand/{brand}/"),
    ("manager_a", "/"),
    ("manager_a", "/assessments/"),
    ("manager_a", "/assessments/{own}/"),
    ("manager_a", "/factories/{factory}/"),
    ("manager_a", "/factories/{factory}/sharing/"),
    ("manager_a", "/factories/{factory}/who-saw-what/"),
    ("manager_a", "/people/factory/{factory}/"),
    ("programme_manager", "/"),
    ("programme_manager", "/board/"),
    ("programme_manager", "/factories/"),
    ("programme_manager", "/assessments/{own}/"),
    ("global_staff", "/board/"),
    ("global_staff", "/brands/"),
    ("global_staff", "/programmes/"),
    ("global_staff", "/tools/"),
)
API = (
    ("brand_a_member", "/api/v1/me/"),
    ("brand_a_member", "/api/v1/shared/"),
    ("brand_a_member", "/api/v1/assessments/"),
    ("brand_a_member", "/api/v1/assessments/{assessment}/"),
    ("brand_a_member", "/api/v1/assessments/{assessment}/findings/?scope=report"),
    ("brand_a_member", "/api/v1/factories/"),
    ("brand_a_member", "/api/v1/grants/"),
    ("brand_a_member", "/api/v1/brands/{brand}/suppliers/"),
    ("manager_a", "/api/v1/factories/{factory}/grants/"),
    ("manager_a", "/api/v1/factories/{factory}/who-saw-what/"),
    ("global_staff", "/api/v1/assessments/"),
    ("global_staff", "/api/v1/factories/"),
    ("global_staff", "/api/v1/brands/"),
    ("global_staff", "/api/v1/programmes/"),
)


def names() -> dict[str, Any]:
    """Return the rows that the addresses name: one shared with brand A, and one of factory A's own."""
    from assessments.models import Assessment
    from brands.models import Brand
    from factories.models import Factory
    from portal.accounts.models import User
    from portal.demo.accounts import BRAND_A, FACTORY_A

    reader = User.objects.get(email="brand-a-member@demo.example")
    factory = Factory.objects.get(name=FACTORY_A)
    shared = Assessment.objects.shared_with(reader, "report").filter(
        pk__in=Assessment.objects.shared_with(reader, "step1")
    )
    return {
        "assessment": shared.order_by("-cycle", "pk")[0].pk,
        "own": Assessment.objects.filter(factory=factory, state="published").order_by("-cycle")[0].pk,
        "factory": factory.pk,
        "brand": Brand.objects.get(name=BRAND_A).pk,
    }


def client_of(persona: str) -> Any:
    """Return a signed-in browser."""
    from django.test import Client

    from portal.accounts.models import User
    from portal.demo.accounts import BY_KEY

    client = Client()
    user = User.objects.get(email=BY_KEY[persona].email)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def queries_of(client: Any, path: str) -> tuple[int, int]:
    """Return the status and the number of queries of a second GET."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        status = client.get(path).status_code
    return status, sum(not NOT_COUNTED.match(query["sql"]) for query in captured.captured_queries)


def measured(addresses: tuple[tuple[str, str], ...], rows: dict[str, Any]) -> Iterator[tuple[str, str, int, bool]]:
    """Yield persona, address, queries, and whether that is fine, for each address; an address that fails is not."""
    for persona, address in addresses:
        status, count = queries_of(client_of(persona), address.format(**rows))
        fine = status == 200 and count <= MOST.get(address, count)
        print(
            f"  {count:3} queries{'' if status == 200 else f' (status {status})'}  {persona:18} {address}", flush=True
        )
        yield persona, address, count, fine


def grows(rows: dict[str, Any]) -> list[str]:
    """Return the API lists where a hundred rows take more queries than fifty; both pages include drafts."""
    found = []
    for persona, address in API:
        if address.endswith("/") and "{assessment}" not in address and "me/" not in address:
            client, path = client_of(persona), address.format(**rows)
            (_, few), (_, many) = (
                queries_of(client, f"{path}?page_size=50"),
                queries_of(client, f"{path}?page_size=100"),
            )
            if many > few:
                found.append(f"{address}: {few} for 50 rows, {many} for 100")
    return found


def main() -> int:
    """Print the table; return 1 when something takes more than it may."""
    _programme.start_django()
    _programme.load_demo()
    rows = names()
    print("Pages")
    fine = [row[3] for row in measured(PAGES, rows)]
    print("API")
    fine += [row[3] for row in measured(API, rows)]
    growing = grows(rows)
    print("Queries grow with the rows: " + ("; ".join(growing) if growing else "nowhere in the API"))
    return int(not all(fine) or bool(growing))


if __name__ == "__main__":
    sys.exit(main())
