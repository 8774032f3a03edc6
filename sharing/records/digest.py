"""A month of who-saw-what in numbers, for a factory: on a page, over the API and in a mail.

It counts the records that the reader may see, so R47 holds here as everywhere.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Max, Q
from django.utils import timezone

from factories.models import Factory
from portal.accounts.roles import Visitor
from portal.core.days import Place, Zone, day_of, start_of, today, zone_named
from portal.notices.outbox import announce
from sharing.grants.ends import End
from sharing.grants.models import SharingGrantQuerySet
from sharing.models import AccessRecord, Scope, SharingGrant
from sharing.notice_names import SharingNotice
from sharing.records.models import AccessRecordQuerySet

KIND = SharingNotice.RECORD_SUMMARISED
FIRST_YEAR, LAST_YEAR = 2000, 2099
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


@dataclass(frozen=True)
class Reading:
    """The reads of one scope by one brand in a month."""

    brand: str
    brand_id: int
    scope: str
    people: int
    views: int
    downloads: int
    api: int
    exports: int
    last: datetime

    @property
    def scope_in_words(self) -> str:
        """The scope, as a person would say it."""
        return str(Scope(self.scope).label)


@dataclass(frozen=True)
class Digest:
    """A factory's month. `never_looked`: grants in force in it through which nobody read anything during it."""

    month: date
    readings: list[Reading]
    never_looked: list[SharingGrant]
    staff_reads: int

    @property
    def brands(self) -> int:
        """The number of brands that read something."""
        return len({reading.brand_id for reading in self.readings})

    @property
    def times(self) -> int:
        """The number of their reads."""
        return sum(one.views + one.downloads + one.api + one.exports for one in self.readings)


def month_of(text: str) -> date:
    """Return the first day of a month written as 2026-03. Raises `ValueError`."""
    if not _MONTH.fullmatch(text):
        raise ValueError(text)
    month = date.fromisoformat(f"{text}-01")
    if not FIRST_YEAR <= month.year <= LAST_YEAR:
        raise ValueError(text)
    return month


def last_month(place: Place, *, running: bool = False) -> date:
    """Return the first day of the last full month at a place, or with `running` of the current one."""
    this = today(place).replace(day=1)
    return this if running else month_before(this)


def latest_month(*, user: Visitor, factory: Factory) -> date:
    """Return the first day of the latest month in which a brand read something; of the last full one if none did."""
    seen = AccessRecord.objects.visible_to(user).filter(factory=factory, brand__isnull=False)
    latest = seen.order_by(*AccessRecord.ORDER).values_list("at", flat=True).first()
    return day_of(latest, factory).replace(day=1) if latest else last_month(factory)


def month_before(month: date) -> date:
    """Return the first day of the month before the one that begins on this day."""
    return (month - timedelta(days=1)).replace(day=1)


def month_after(month: date) -> date:
    """Return the first day of the month after the one that begins on this day."""
    return (month + timedelta(days=31)).replace(day=1)


def bounds(month: date, place: Place) -> tuple[datetime, datetime]:
    """Return the first moment of a month at a place, and the first one after it."""
    return start_of(month, place), start_of(month_after(month), place)


def monthly_digest(*, user: Visitor, factory: Factory, month: date) -> Digest:
    """Return a factory's month as `user` may see it: three queries."""
    starts, ends = bounds(month, factory)
    seen = AccessRecord.objects.visible_to(user).filter(factory=factory, at__gte=starts, at__lt=ends)
    readings = _readings(seen)
    looked = {(reading.brand_id, reading.scope) for reading in readings}
    own = seen.filter(brand=None).with_own_people()
    granted = SharingGrant.objects.visible_to(user).filter(factory=factory)
    return Digest(
        month,
        readings,
        [grant for grant in _in_force(granted, starts, ends) if (grant.brand_id, grant.scope) not in looked],
        own.filter(Q(("is_own", False))).count(),
    )


def _readings(seen: AccessRecordQuerySet) -> list[Reading]:
    side = ("brand__name", "brand_id", "scope")
    actions = {name: Count("pk", filter=Q(action=action)) for name, action in _ACTIONS.items()}
    numbers = {"people": Count("person", distinct=True), **actions, "last": Max("at")}
    rows = seen.exclude(brand=None).values(*side).annotate(**numbers).order_by(*side)
    return [Reading(*row) for row in rows.values_list(*side, *numbers)]


_ACTIONS = {"views": "view", "downloads": "download", "api": "api", "exports": "export"}


def _in_force(grants: SharingGrantQuerySet, starts: datetime, ends: datetime) -> list[SharingGrant]:
    """Return one grant per brand and scope: the last that was in force in the month, without what was undone."""
    grants = grants.filter(valid_from__lte=timezone.now()).exclude(end_code=End.UNDONE)
    grants = grants.filter(Q(ended_at=None) | Q(ended_at__gt=F("valid_from")))
    ran = _ran(grants.confirmed(ends), starts, ends).select_related("brand", "factory").order_by("valid_from")
    last = {(grant.brand_id, grant.scope): grant for grant in ran}
    return sorted(last.values(), key=lambda grant: (grant.brand.name, grant.scope))


def _ran(grants: SharingGrantQuerySet, starts: datetime, ends: datetime) -> SharingGrantQuerySet:
    """Return the grants whose period overlaps the month."""
    return grants.filter(
        Q(ended_at=None) | Q(ended_at__gt=starts), Q(expires_at=None) | Q(expires_at__gt=starts), valid_from__lt=ends
    )


def announce_digests() -> int:
    """Notify each factory where something was shared or read in the month that ended last at its place.

    At most once per factory and month. Return how many these are. It runs daily, so none is missed for long.
    """
    zones = Factory.objects.order_by("time_zone").values_list("time_zone", flat=True).distinct()
    return sum(_announce(last_month(Zone(zone_named(name))), name) for name in zones)


def _announce(month: date, zone: str) -> int:
    starts, ends = bounds(month, Zone(zone_named(zone)))
    ran = _ran(SharingGrant.objects.all(), starts, ends)
    read = AccessRecord.objects.filter(at__gte=starts, at__lt=ends, brand__isnull=False)
    factories = Factory.objects.filter(time_zone=zone).filter(
        Q(pk__in=ran.values("factory")) | Q(pk__in=read.values("factory"))
    )
    told = list(factories.order_by("pk").values_list("pk", flat=True))
    with transaction.atomic():
        for factory in told:
            announce(
                KIND,
                side="factory",
                organisation_id=factory,
                factory_id=factory,
                subject=f"{month:%Y-%m}",
                once=f"{KIND}:{factory}:{month:%Y-%m}",
                month=f"{month:%Y-%m}",
            )
    return len(told)
