"""What a brand's reads cost as the programme grows, beside django-guardian's way on the same pairs, in one run.

Run: `./dev bench reads`; `--most 2000` or `--most 20000` stops earlier. At 2,000, 20,000 and 60,000 factories with 300,
1,000 and 2,000 brands and ten grants a factory. Prints blocks of 8 kB, which depend on the plans alone, and medians in
milliseconds, and fails beyond what docs/figures.md promises.
"""

import argparse
import sys
from functools import partial
from typing import Any

from benchmarks import _programme, _shape
from benchmarks._measuring import Call, blocks, browser, milliseconds

PAGE_BLOCKS, COUNT_BLOCKS, CHECK_BLOCKS, GROWTH = 700, 15_000, 60, 1.2


def page_of(user: Any) -> Call:
    """The queries of a page of "Shared with us", with scopes and figures."""
    from assessments.listing import LISTED, assessments_of, current_shared_with, listed

    def call() -> object:
        rows = list(listed(user, current_shared_with(user)).order_by(*LISTED)[:26])
        return assessments_of(user, rows[:25])

    return call


def count_of(user: Any, **narrowed: Any) -> Call:
    """The count beside the list."""
    from assessments.listing import current_shared_with, listed
    from assessments.views.filters import capped_count

    return lambda: capped_count(listed(user, current_shared_with(user).filter(**narrowed)))


def filtered(user: Any) -> Call:
    """A page narrowed to a cluster in which something is non-compliant."""
    from assessments.figures.queries import has_non_compliance_in
    from assessments.listing import LISTED, current_shared_with, listed

    found = current_shared_with(user).filter(has_non_compliance_in("Cluster 3", user))
    return lambda: list(listed(user, found).order_by(*LISTED)[:26])


def guardian_page_of(user: Any) -> Call:
    """A page of factories by django-guardian's `get_objects_for_user`, as its documentation shows it."""
    from django.contrib.auth import get_user_model
    from guardian.shortcuts import get_objects_for_user  # noqa: TID251 - the other side of the comparison

    from factories.models import Factory

    def call() -> object:
        fresh = get_user_model().objects.get(pk=user.pk)
        return list(get_objects_for_user(fresh, "factories.view_factory", Factory).order_by("-id")[:26])

    return call


def checks(user: Any) -> tuple[Call, Call, Call, Call]:
    """One granted and one denied check, here and by django-guardian, each with a fresh user object."""
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
    """What is measured, by name."""
    found: dict[str, Call] = {}
    for name in _shape.MEASURED:
        found[f"page: {name}"] = page_of(people[name])
        found[f"guardian's page: {name}"] = guardian_page_of(people[name])
        found[f"count: {name}"] = count_of(people[name])
        found[f"by cluster: {name}"] = filtered(people[name])
        found[f"/shared/: {name}"] = partial(browser(people[name]), "/shared/")
        found[f"API: {name}"] = partial(browser(people[name]), "/api/v1/shared/")
    ours, denied, theirs, their_denied = checks(people["fifth"])
    found |= {"check, granted": ours, "check, denied": denied}
    found |= {"guardian's check, granted": theirs, "guardian's check, denied": their_denied}
    found["home: fifth"] = partial(browser(people["fifth"]), "/")
    found["home: factory"] = partial(browser(people["manager"]), "/")
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
    first: dict[str, int] = {}
    failed: list[str] = []
    reached = 0
    for size in (size for size in _shape.SIZES if size.factories <= options.most):
        people = _shape.build(size, reached + 1)
        reached = size.factories
        print(f"{size.factories:,} factories, {size.brands:,} brands", flush=True)
        for name, call in measures(people).items():
            taken, looked_at = milliseconds(call), blocks(call)
            growth = looked_at / first.setdefault(name, looked_at)
            print(f"  {name:<28} {taken:9.1f} ms {looked_at:9,} blocks  x {growth:.1f}", flush=True)
            failed += _broken(name, looked_at, growth)
    for promise in failed:
        print(f"Not as promised: {promise}")
    return 1 if failed else 0


def _broken(name: str, looked_at: int, growth: float) -> list[str]:
    kind = name.split(":", maxsplit=1)[0]
    most = {"page": PAGE_BLOCKS, "count": COUNT_BLOCKS, "check, granted": CHECK_BLOCKS, "check, denied": CHECK_BLOCKS}
    broken = [f"{name}: {looked_at:,} blocks, not {most[kind]:,}"] if looked_at > most.get(kind, looked_at) else []
    if kind == "page" and growth > GROWTH:
        broken.append(f"{name} grows {growth:.1f} times")
    return broken


if __name__ == "__main__":
    sys.exit(main())
