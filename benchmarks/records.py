"""Who saw what with 10,000 records and with a million, and any past day with 10,000 grants of one factory.

Run: `./dev bench records`. Prints medians in milliseconds, the blocks of 8 kB that the database reads, and the
ratio between the sizes: flat is 1.0. Fails when a past day takes longer than it may.
"""

import sys
from datetime import timedelta
from functools import partial
from typing import Any

from benchmarks import _programme
from benchmarks._measuring import blocks, browser, milliseconds

GRANTS, FEW, MANY = 10_000, 10_000, 1_000_000
MOST_MS = 200
PAGES = {
    "who saw what": "/factories/{factory}/who-saw-what/",
    "of one brand": "/factories/{factory}/who-saw-what/?brand={brand}",
    "of one person": "/factories/{factory}/who-saw-what/?person={person}",
    "downloads in one month": "/factories/{factory}/who-saw-what/?action=download&since={since}&until={until}",
    "the API": "/api/v1/factories/{factory}/who-saw-what/",
}
LINES = """
    INSERT INTO sharing_accessrecord
        (at, person_id, brand_id, factory_id, assessment_id, cycle, version, scope, action, is_before_release)
    SELECT now() - n * interval '31 seconds', p.id, %(brand)s, %(factory)s, %(assessment)s, 1 + n %% 4, 1,
        CASE n %% 3 WHEN 0 THEN 'step1' ELSE 'report' END, CASE n %% 5 WHEN 0 THEN 'download' ELSE 'view' END, false
    FROM generate_series(%(first)s::int, %(last)s::int) n JOIN accounts_user p ON p.email = CASE n %% 10
        WHEN 0 THEN 'brand-a-member@demo.example' ELSE 'brand-a-manager@demo.example' END
"""


def add_lines(first: int, last: int, **ids: Any) -> None:
    """Add records of who saw what for one factory, one every 31 seconds, back in time."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute(LINES, {"first": first, "last": last, **ids})
    _programme.settle()


def add_grants(factory: Any, by: Any) -> None:
    """Add grants of one factory to all brands, one after the other, each ended by the next."""
    from django.utils import timezone

    from brands.models import Brand
    from sharing.models import SharingGrant

    brands, now = list(Brand.objects.order_by("pk")), timezone.now()
    each = GRANTS // len(brands)
    grants = [
        SharingGrant(
            factory=factory,
            brand=brand,
            scope="report",
            granted_by=by,
            valid_from=now - timedelta(days=each - number),
            ended_at=now - timedelta(days=each - number - 1),
            ended_by=by,
        )
        for brand in brands
        for number in range(each)
    ]
    created = SharingGrant._meta.get_field("created_at")
    created.auto_now_add = False  # type: ignore[attr-defined]
    for grant in grants:
        grant.created_at = grant.valid_from
    SharingGrant.objects.bulk_create(grants, batch_size=2000)
    created.auto_now_add = True  # type: ignore[attr-defined]
    _programme.settle()


def main() -> int:
    """Print the tables."""
    _programme.start_django()
    _programme.load_demo()
    from django.utils import timezone

    from assessments.models import Assessment
    from brands.models import Brand
    from factories.models import Factory
    from portal.accounts.models import User
    from portal.core.days import UTC_DAYS, today
    from portal.demo.accounts import FACTORY_A
    from portal.disclosure.explaining import who_could_see

    manager = User.objects.get(email="manager-a@demo.example")
    factory = Factory.objects.select_related("programme").get(name=FACTORY_A)
    report = Assessment.objects.filter(factory=factory, state="published").order_by("published_at")[0]
    brand = Brand.objects.get(name=_programme.MEASURED)
    add_grants(factory, manager)
    day = timezone.now() - timedelta(days=100, hours=1)

    def as_of() -> list[Any]:
        return who_could_see(manager, factory, report.cycle, "report", day)

    found, taken = as_of(), milliseconds(as_of)
    grants = sum(len(one.grants) for one in found)
    print(f"any day, {GRANTS:,} grants: {taken:.0f} ms, {blocks(as_of):,} blocks, {grants} brands could read")
    now = today(UTC_DAYS)
    reader = User.objects.get(email="brand-a-member@demo.example").pk
    words: dict[str, Any] = {"factory": factory.pk, "brand": brand.pk, "person": reader}
    words |= {"since": now - timedelta(days=90), "until": now - timedelta(days=60)}
    ids = {"factory": factory.pk, "brand": brand.pk, "assessment": report.pk}
    page = browser(manager)
    first: dict[str, tuple[float, int]] = {}
    for start, lines in ((1, FEW), (FEW + 1, MANY)):
        add_lines(start, lines, **ids)
        print(f"{lines:,} lines")
        for name, path in PAGES.items():
            call = partial(page, path.format(**words))
            measured = milliseconds(call), blocks(call)
            before = first.setdefault(name, measured)
            print(
                f"  {name:<24} {measured[0]:7.1f} ms x {measured[0] / before[0]:.1f}"
                f"  {measured[1]:7,} blocks x {measured[1] / before[1]:.1f}",
                flush=True,
            )
    return 0 if taken <= MOST_MS else 1


if __name__ == "__main__":
    sys.exit(main())
