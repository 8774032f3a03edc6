"""How a brand's list, and what stands around it, grows with the programme: the demo, 10 times it, 100 times it.

Run: `./dev bench growth`. Prints medians in milliseconds, the blocks of 8 kB that the database looks at for it, and
behind each the ratio to the demo. Blocks depend on the plans alone, not on what else the machine does. A flat line is
1.0; linear growth would be 10 and 100. It judges nothing: docs/figures.md says what the figures mean. `--most 10`
stops earlier. Requests go through the whole stack in this process: middleware, session, view, template or serializer.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import _programme

ROUNDS = 15
SIZES = (1, 10, 100)
Measures = dict[str, Callable[[], object]]


def milliseconds(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Median wall time of a call that has run before."""
    call()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
        if sum(times) > 20 and len(times) >= 3:
            break
    return statistics.median(times) * 1000


def blocks(call: Callable[[], object]) -> int:
    """Blocks, cached or not, that the queries of a call look at; what it writes is left out."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        call()
    asked = [query["sql"] for query in captured.captured_queries if query["sql"].lstrip("(").startswith("SELECT")]
    total = 0
    with connection.cursor() as cursor:
        for statement in asked:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}")
            plan = cursor.fetchone()[0][0]["Plan"]
            total += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return total


def measures(quiet: Any) -> Measures:
    """What is measured, by its name in the table."""
    from assessments.models import Assessment
    from assessments.views.filters import capped_count
    from portal.accounts.models import User
    from sharing.access import decide

    reader = User.objects.get(email="brand-a-member@demo.example")
    shared = Assessment.objects.shared_with(reader)
    granted = shared.select_related("factory__programme").order_by("-published_at")[0]
    hidden = Assessment.objects.filter(state="published").exclude(pk__in=shared.values("pk"))[0]
    page, page_quiet = browser(reader), browser(quiet)
    return {
        "page of a brand": lambda: page("/shared/"),
        "page, by country": lambda: page("/shared/?country=KH"),
        "page, by cluster": lambda: page("/shared/?cluster=Compensation"),
        "page, by name": lambda: page("/shared/?q=garment"),
        "page of a quiet brand": lambda: page_quiet("/shared/"),
        "API list of a brand": lambda: page("/api/v1/shared/"),
        "API list of a quiet brand": lambda: page_quiet("/api/v1/shared/"),
        "count up to 1,001": lambda: capped_count(shared),
        "count, all": shared.count,
        "visible_to + key, granted": Assessment.objects.visible_to(reader).filter(pk=granted.pk).exists,
        "visible_to + key, hidden": Assessment.objects.visible_to(reader).filter(pk=hidden.pk).exists,
        "decide, granted": lambda: decide(reader, granted, "report"),
        "assessment page": lambda: page(f"/assessments/{granted.pk}/"),
        **consent(),
    }


def browser(user: Any) -> Callable[[str], object]:
    """A signed-in browser; a page that is not 200 stops the run."""
    from django.test import Client

    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")

    def get(path: str) -> object:
        response = client.get(path)
        if response.status_code != 200:
            raise SystemExit(f"{path} answered {response.status_code}")
        return response.content

    return get


def consent() -> Measures:
    """Grant and revoke, in turn, as the manager of factory A; each commits."""
    from brands.models import Brand
    from factories.models import Factory
    from portal.accounts.models import User
    from portal.demo.accounts import FACTORY_A
    from sharing.services import Terms, grant_access, revoke_access

    by = User.objects.get(email="manager-a@demo.example")
    factory = Factory.objects.get(name=FACTORY_A)
    brand = Brand.objects.get(name=_programme.MEASURED)

    def grant_and_revoke() -> None:
        grant = grant_access(by=by, factory=factory, brand=brand, scope="report", terms=Terms())
        revoke_access(by=by, grant=grant)

    return {"grant, then revoke": grant_and_revoke}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="growth")
    parser.add_argument("--most", type=int, default=100, choices=SIZES)
    options = parser.parse_args()
    _programme.start_django()
    _programme.load_demo()
    quiet = _programme.add_quiet_brand()
    _programme.settle()
    first: dict[str, tuple[float, int]] = {}
    reached = 1
    for size in [size for size in SIZES if size <= options.most]:
        if size > 1:
            _programme.grow(range(reached, size))
            reached = size
        print(f"{size}x: " + ", ".join(f"{count:,} {name}" for name, count in _programme.sizes().items()), flush=True)
        for name, call in measures(quiet).items():
            taken, looked_at = milliseconds(call), blocks(call)
            before = first.setdefault(name, (taken, looked_at))
            ratios = f"x {taken / before[0]:<6.1f} {looked_at:8,} blocks  x {looked_at / before[1]:.1f}"
            print(f"  {name:<26} {taken:8.1f} ms  {ratios}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
