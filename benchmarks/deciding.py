"""The cost of the pages on which a factory decides who reads its data, and of those that it reads about it.

Run: `./dev bench deciding`; `--most 2000` stops earlier. At 2,000 and 20,000 factories with 300 and 1,000 brands, with
requests, ended access, reads and receipts. Prints statements, blocks of 8 kB and medians in milliseconds, and fails if
a page misses a target of docs/figures.md: some blocks more at 20,000 are the height of the B-trees. What is decided is
rolled back.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from benchmarks import _past, _programme, _shape
from benchmarks._measuring import Call, milliseconds, statements

PAGE_BLOCKS, GROWTH = 500, 1.5
SEVERAL = 20
SEAL = re.compile(r'name="seen" value="([^"]+)"')
SIZES = _shape.SIZES[:2]


class Manager:
    """The browser of a factory's manager, and the rows that the addresses name."""

    def __init__(self, user: Any) -> None:
        from django.test import Client

        from brands.models import Brand
        from factories.models import Factory
        from sharing.models import AccessRequest, SharingGrant

        self.user, self.client = user, Client()
        self.client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        self.factory = Factory.objects.inside(user).select_related("programme").get()
        grants = SharingGrant.objects.filter(factory=self.factory).order_by("created_at", "pk")
        self.grant = grants.filter(ended_at=None)[0]
        self.stopped = list(grants.exclude(ended_at=None).values_list("brand", flat=True))
        self.requests = list(AccessRequest.objects.filter(factory=self.factory, state="open").order_by("pk"))
        known = {*grants.values_list("brand", flat=True), *(one.brand_id for one in self.requests)}
        self.strangers = list(Brand.objects.exclude(pk__in=known).order_by("pk")[: SEVERAL + 1])

    def seal(self, page: Any) -> str:
        """Return what a page of a decision sends back: what it showed."""
        found = SEAL.search(page.content.decode())
        if found is None:
            raise SystemExit("A page shows nothing to decide.")
        return found[1]

    def get(self, path: str) -> Any:
        """Read a page of the factory, or an address. Stops the run at a page that is not 200."""
        return self._read(self.client.get(self.address(path)), path, 200)

    def look(self, path: str, body: dict[str, Any]) -> Any:
        """Send a form that only says what it would do."""
        return self._read(self.client.post(self.address(path), body), path, 200)

    def decide(self, path: str, body: dict[str, Any]) -> None:
        """Send a form that decides, and roll it back."""
        from django.db import transaction

        with transaction.atomic():
            self._read(self.client.post(self.address(path), body), path, 302)
            transaction.set_rollback(True)

    def address(self, path: str) -> str:
        """Return the address of a page of the factory; a path from the root stays as it is."""
        return path if path.startswith("/") else f"/factories/{self.factory.pk}/{path}"

    def _read(self, response: Any, path: str, wanted: int) -> Any:
        if response.status_code != wanted:
            raise SystemExit(f"{path} answered {response.status_code}")
        return response


def share_now(manager: Manager) -> Any:
    """Share with one brand, so that there is something to undo. Returns the grant."""
    from sharing.grants.services.granting import share
    from sharing.grants.services.outcomes import Terms

    [brand] = manager.strangers[SEVERAL:]
    [grant] = share(by=manager.user, factory=manager.factory, brands=[brand], scopes=["report"], terms=Terms())
    return grant


def pages(manager: Manager) -> Iterator[tuple[str, Call]]:
    """Yield each page with its call."""
    yield from _decided(manager)
    yield from _lists(manager)
    yield from _sheets(manager)
    yield from _answers(manager)
    yield from _ends(manager)
    yield from _records(manager)


def _decided(manager: Manager) -> Iterator[tuple[str, Call]]:
    grant = share_now(manager)
    yield "undo", partial(manager.decide, "undo/", {"grants": [grant.pk]})
    yield "a brand, just decided", partial(manager.get, f"brands/{grant.brand_id}/")


def _lists(manager: Manager) -> Iterator[tuple[str, Call]]:
    for name, path in {
        "brands": "brands/",
        "brands: waiting": "brands/?state=waiting",
        "brands: ended": "brands/?state=ended",
        "brands: search": "brands/?q=brand+1",
        "a brand with access": f"brands/{manager.grant.brand_id}/",
        "a brand that was stopped": f"brands/{manager.stopped[0]}/",
        "a brand that asks": f"brands/{manager.requests[0].brand_id}/",
        "choose a brand": "sharing/new/",
        "choose a brand: search": "sharing/new/?q=brand+99",
        "choose several": f"sharing/new/?several=yes&brand={manager.strangers[0].pk}",
    }.items():
        yield name, partial(manager.get, path)


def _sheets(manager: Manager) -> Iterator[tuple[str, Call]]:
    from portal.disclosure.drafts import Draft, sign, with_token
    from sharing.grants.services.outcomes import Terms

    terms = {"scopes": ["report"], "cycles": "all", "hold_days": "0"}
    for name, brands in (("one brand", manager.strangers[:1]), (f"{SEVERAL} brands", manager.strangers[:SEVERAL])):
        named = "&".join(f"brand={brand.pk}" for brand in brands)
        yield f"sheet: {name}", partial(manager.get, f"sharing/new/?{named}")
        yield from _sheet(manager, name, "sharing/new/", terms | {"brands": [brand.pk for brand in brands]})
    brand = manager.strangers[0]
    token = sign(Draft.share([brand], ["report"], Terms()), by=manager.user, factory=manager.factory)
    report = _report(manager)
    yield "preview: the list", partial(manager.get, with_token(manager.address(f"sharing/as/{brand.pk}/after/"), token))
    yield (
        "preview: a report",
        partial(manager.get, with_token(manager.address(f"sharing/as/{brand.pk}/after/assessments/{report}/"), token)),
    )
    change = f"/sharing/{manager.grant.pk}/change/"
    yield "sheet: a change", partial(manager.get, change)
    yield from _sheet(manager, "a change", change, {"cycles": "only", "cycle_numbers": ["2"], "hold_days": "30"})
    again = "&".join(f"brand={brand}" for brand in manager.stopped)
    yield "sheet: resume", partial(manager.get, f"sharing/resume/?{again}")
    resumed = {"brand": manager.stopped, "grants": _stopped_grants(manager)}
    yield "sentence: resume", partial(manager.look, "sharing/resume/", resumed | {"fragment": "yes"})
    seen = manager.seal(manager.get(f"sharing/resume/?{again}"))
    yield "decision: resume", partial(manager.decide, "sharing/resume/", resumed | {"seen": seen})
    yield "what was stopped", partial(manager.get, "sharing/resume/")


def _sheet(manager: Manager, name: str, path: str, body: dict[str, Any]) -> Iterator[tuple[str, Call]]:
    yield f"sentence: {name}", partial(manager.look, path, body | {"fragment": "yes"})
    yield f"summary: {name}", partial(manager.look, path, body)
    seen = manager.seal(manager.look(path, body))
    yield f"decision: {name}", partial(manager.decide, path, body | {"seen": seen})


def _report(manager: Manager) -> object:
    from assessments.models import Assessment

    return Assessment.objects.filter(factory=manager.factory).order_by("-cycle")[0].pk


def _stopped_grants(manager: Manager) -> list[object]:
    from sharing.models import SharingGrant

    grants = SharingGrant.objects.filter(factory=manager.factory, brand__in=manager.stopped, end_code="stopped")
    return list(grants.values_list("pk", flat=True))


def _answers(manager: Manager) -> Iterator[tuple[str, Call]]:
    first = manager.requests[0].pk
    yield "requests", partial(manager.get, "requests/")
    yield "a request", partial(manager.get, f"/requests/{first}/")
    shown = manager.seal(manager.get(f"/requests/{first}/"))
    approve = f"/requests/{first}/approve/"
    yield "decision: a request", partial(manager.decide, approve, {"as_asked": "yes", "seen": shown})
    yield "sheet: less than asked", partial(manager.get, approve)
    less = {"scopes": ["report"], "cycles": "only", "cycle_numbers": ["2"], "hold_days": "7"}
    yield from _sheet(manager, "less than asked", approve, less)
    several = {"answer": "approve", "ids": [one.pk for one in manager.requests]}
    yield "sheet: several requests", partial(manager.look, "requests/answer/", several)
    seen = manager.seal(manager.look("requests/answer/", several))
    yield "decision: several requests", partial(manager.decide, "requests/answer/", several | {"seen": seen})
    yield "decline", partial(manager.get, f"/requests/{first}/decline/")


def _ends(manager: Manager) -> Iterator[tuple[str, Call]]:
    one = f"sharing/brands/{manager.grant.brand_id}/stop/"
    yield "stop one grant", partial(manager.get, f"/sharing/{manager.grant.pk}/revoke/")
    yield "stop a brand", partial(manager.get, one)
    yield "decision: stop a brand", partial(manager.decide, one, {})
    yield "stop all", partial(manager.get, "sharing/stop/")
    yield "decision: stop all", partial(manager.decide, "sharing/stop/", {})


def _records(manager: Manager) -> Iterator[tuple[str, Call]]:
    from sharing.models import Receipt

    receipt = Receipt.objects.filter(factory=manager.factory).order_by("-pk")[0]
    report = _report(manager)
    for name, path in {
        "first page": "/",
        "activity": "who-saw-what/",
        "activity of a brand": f"who-saw-what/?brand={manager.grant.brand_id}",
        "a month": "who-saw-what/month/",
        "a past day": "who-could-see/?cycle=1&scope=report&day=2026-06-01",
        "why": f"explain/?cycle=1&scope=report&reader=brand:{manager.grant.brand_id}",
        "receipts": "receipts/",
        "a receipt": f"/receipts/{receipt.number}/",
        "copies": "copies/",
        "when reports open": "sharing/reports/",
        "confirmations": "sharing/confirmations/",
        "as a brand: the list": f"sharing/as/{manager.grant.brand_id}/",
        "as a brand: a report": f"sharing/as/{manager.grant.brand_id}/assessments/{report}/",
    }.items():
        yield name, partial(manager.get, path)


def measured(manager: Manager, size: _shape.Size, first: dict[str, int]) -> Iterator[str]:
    """Print the cost of each page; yield what misses a target."""
    print(f"{size.factories:,} factories, {size.brands:,} brands: statements, blocks, clock", flush=True)
    for name, call in pages(manager):
        clock, found = milliseconds(call), statements(call)
        blocks = sum(one.blocks for one in found)
        growth = blocks / first.setdefault(name, blocks)
        print(f"  {name:<28} {len(found):3} {blocks:8,} {clock:8.1f} ms  x {growth:.2f}", flush=True)
        if blocks > PAGE_BLOCKS:
            yield f"{name}: {blocks:,} blocks, not {PAGE_BLOCKS:,}"
        if growth > GROWTH:
            yield f"{name} grows {growth:.2f} times"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="deciding")
    parser.add_argument("--most", type=int, default=SIZES[-1].factories)
    options = parser.parse_args()
    _programme.start_django()
    from django.conf import settings

    settings.DEBUG = False
    first: dict[str, int] = {}
    failed: list[str] = []
    reached = 0
    for size in (size for size in SIZES if size.factories <= options.most):
        people = _shape.build(size, reached + 1)
        _past.build(size, people["staff"].pk, reached + 1)
        reached = size.factories
        failed += measured(Manager(people["manager"]), size, first)
    for promise in failed:
        print(f"Not as promised: {promise}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
