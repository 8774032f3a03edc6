"""The cost of a brand's reads as the programme grows, beside django-guardian's way on the same pairs, in one run.

Run: `./dev bench reads`; `--most 2000` or `--most 20000` stops earlier. At 2,000, 20,000 and 60,000 factories with 300,
1,000 and 2,000 brands and ten grants a factory. Prints blocks of 8 kB, which depend on the plans alone, and medians in
milliseconds, and fails if it misses a target of docs/figures.md. A page grows by the blocks of each of its rows.
"""

import argparse
import sys
from functools import partial
from typing import Any, NamedTuple

from benchmarks import _programme, _shape
from benchmarks._measuring import Call, browser, milliseconds, server

PAGE_BLOCKS, COUNT_BLOCKS, CHECK_BLOCKS, BOARD_BLOCKS = 700, 15_000, 60, 5_000
GROWTH, BY_HAND = 1.2, 3
FASTER = 10  # times faster than guardian's page, at the largest size


class Cost(NamedTuple):
    """Milliseconds of wall time, milliseconds that PostgreSQL took, and blocks of 8 kB."""

    clock: float
    server: float
    blocks: int


def page_of(user: Any) -> Call:
    """Return the call for a page of "Shared with us", with scopes and figures."""
    from assessments.reading.listing import LISTED, SharedRows
    from portal.core.pages import keyset_page

    return lambda: keyset_page(SharedRows(user), order=LISTED)


def count_of(user: Any) -> Call:
    """Return the call for the count beside the list."""
    from assessments.reading.listing import SharedRows

    return lambda: SharedRows(user).count()


def filtered(user: Any) -> Call:
    """Return the call for a page narrowed to a cluster in which something is non-compliant."""
    from assessments.figures.queries import has_non_compliance_in
    from assessments.reading.listing import LISTED, SharedRows
    from portal.core.pages import keyset_page

    in_cluster = has_non_compliance_in("Cluster 3", user)
    return lambda: keyset_page(SharedRows(user, lambda rows: rows.filter(in_cluster)), order=LISTED)


def guardian_page_of(user: Any) -> Call:
    """Return the call for the same page by django-guardian's documented `get_objects_for_user`: without figures.

    A user who may view a factory sees its published reports, newest first.
    """
    from django.contrib.auth import get_user_model
    from guardian.shortcuts import get_objects_for_user  # noqa: TID251 - the other side of the comparison

    from assessments.models import Assessment
    from factories.models import Factory

    def call() -> object:
        fresh = get_user_model().objects.get(pk=user.pk)
        factories = get_objects_for_user(fresh, "factories.view_factory", Factory)
        reports = Assessment.objects.filter(state=Assessment.State.PUBLISHED, factory__in=factories)
        return list(reports.select_related("factory__programme").order_by("-published_at", "-id")[:26])

    return call


# The page's content without any check of who may see it: the index is trusted.
PERFECT = """
    SELECT v.opens_at, a.*, f.*, p.*,
        ARRAY(SELECT (g.scope, g.points_assessed, g.points_nc) FROM assessments_figures g WHERE g.assessment_id = a.id)
    FROM sharing_visibility v
    JOIN assessments_assessment a ON a.report_id = v.report_id AND a.state = 'published'
    JOIN factories_factory f ON f.id = a.factory_id
    JOIN factories_countryprogramme p ON p.id = f.programme_id
    WHERE v.brand_id = %s AND v.opens_at <= now() AND v.until > now()
    ORDER BY v.opens_at DESC, v.report_id DESC LIMIT 26
"""


def perfect_page_of(brand: int) -> Call:
    """Return the call for the same page by a query written by hand on the index of visibility, which it trusts."""
    from django.db import connection

    def call() -> object:
        with connection.cursor() as cursor:
            cursor.execute(PERFECT, [brand])
            return cursor.fetchall()

    return call


def checks(user: Any) -> tuple[Call, Call, Call, Call]:
    """Return one granted and one denied check, here and by django-guardian, each with a fresh user object."""
    from django.contrib.auth import get_user_model
    from guardian.backends import ObjectPermissionBackend

    from assessments.models import Assessment
    from factories.models import Factory
    from sharing.models import SharingGrant

    factory = Factory.objects.filter(pk__in=SharingGrant.objects.filter(brand__name="Brand 4").values("factory"))[0]
    granted = Assessment.objects.get(factory=factory, cycle=1)
    hidden = Assessment.objects.exclude(factory__in=SharingGrant.objects.filter(brand=4).values("factory"))[0]

    def ours(assessment: Any) -> Call:
        return lambda: get_user_model().objects.get(pk=user.pk).has_perm("assessments.view_report", assessment)

    def theirs(row: Any) -> Call:
        backend = ObjectPermissionBackend()
        return lambda: backend.has_perm(get_user_model().objects.get(pk=user.pk), "factories.view_factory", row)

    return ours(granted), ours(hidden), theirs(factory), theirs(hidden.factory)


def measures(people: dict[str, Any]) -> dict[str, Call]:
    """Return the measured calls, by name."""
    from sharing.models import SharingGrant

    found: dict[str, Call] = {}
    for name in _shape.MEASURED:
        found[f"page: {name}"] = page_of(people[name])
        found[f"guardian's page: {name}"] = guardian_page_of(people[name])
        found[f"by hand: {name}"] = perfect_page_of(_shape.BRAND_OF[name])
        found[f"count: {name}"] = count_of(people[name])
        found[f"by cluster: {name}"] = filtered(people[name])
        found[f"/shared/: {name}"] = partial(browser(people[name]), "/shared/")
        found[f"API: {name}"] = partial(browser(people[name]), "/api/v1/shared/")
    ours, denied, theirs, their_denied = checks(people["fifth"])
    found |= {"check, granted": ours, "check, denied": denied}
    found |= {"guardian's check, granted": theirs, "guardian's check, denied": their_denied}
    found["home: fifth"] = partial(browser(people["fifth"]), "/")
    found["home: factory"] = partial(browser(people["manager"]), "/")
    grant = SharingGrant.objects.inside(people["manager"]).latest("created_at")
    found["brands: factory"] = partial(browser(people["manager"]), f"/factories/{grant.factory_id}/brands/")
    one = f"/factories/{grant.factory_id}/brands/{grant.brand_id}/"
    found["brand: factory"] = partial(browser(people["manager"]), one)
    found["board: global staff"] = partial(browser(people["staff"]), "/board/")
    return found


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="reads")
    parser.add_argument("--most", type=int, default=60_000)
    options = parser.parse_args()
    _programme.start_django()
    from django.conf import settings

    settings.DEBUG = False
    first: dict[str, float] = {}
    failed: list[str] = []
    reached = 0
    for size in (size for size in _shape.SIZES if size.factories <= options.most):
        people = _shape.build(size, reached + 1)
        reached = size.factories
        print(f"{size.factories:,} factories, {size.brands:,} brands: clock, server's part, blocks", flush=True)
        measured: dict[str, Cost] = {}
        for name, call in measures(people).items():
            cost = measured[name] = Cost(milliseconds(call), *server(call))
            each = cost.blocks / (len(call()) if name.startswith("page:") else 1)  # type: ignore[arg-type]
            growth = each / first.setdefault(name, each)
            print(
                f"  {name:<28} {cost.clock:9.1f} ms {cost.server:9.1f} ms {cost.blocks:9,}  x {growth:.2f}", flush=True
            )
            failed += _broken(name, cost.blocks, growth)
        failed += _compared(measured, is_largest=size is _shape.SIZES[-1])
    for promise in failed:
        print(f"Not as promised: {promise}")
    return 1 if failed else 0


def _broken(name: str, looked_at: int, growth: float) -> list[str]:
    kind = name.split(":", maxsplit=1)[0]
    most = {"page": PAGE_BLOCKS, "count": COUNT_BLOCKS, "check, granted": CHECK_BLOCKS, "check, denied": CHECK_BLOCKS}
    most["board"] = BOARD_BLOCKS
    broken = [f"{name}: {looked_at:,} blocks, not {most[kind]:,}"] if looked_at > most.get(kind, looked_at) else []
    if kind == "page" and growth > GROWTH:
        broken.append(f"{name} grows {growth:.2f} times")
    return broken


def _compared(measured: "dict[str, Cost]", *, is_largest: bool) -> list[str]:
    """Return which limits each page breaks beside guardian's page and beside the query by hand."""
    broken = []
    for name in _shape.MEASURED:
        ours, theirs, by_hand = (measured[f"{whose}: {name}"] for whose in ("page", "guardian's page", "by hand"))
        faster, server, looked_at = (
            theirs.clock / ours.clock,
            ours.server / by_hand.server,
            ours.blocks / by_hand.blocks,
        )
        print(f"  {name}: {faster:.0f} times as fast as guardian's page", flush=True)
        print(f"  {name}: {server:.1f} times the server's time by hand, {looked_at:.1f} times the blocks", flush=True)
        for what, times in (("blocks", looked_at), ("server's time", server)):
            if times > BY_HAND:
                broken.append(f"page: {name} takes {times:.1f} times the {what} of the query by hand, not {BY_HAND}")
        if is_largest and theirs.clock < FASTER * ours.clock:
            broken.append(f"page: {name} is not {FASTER} times as fast as guardian's page")
    return broken


if __name__ == "__main__":
    sys.exit(main())
