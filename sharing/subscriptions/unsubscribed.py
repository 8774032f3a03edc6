"""Participants that can read reports without a subscription: those who would lose access by a country's switch (R6)."""

from django.db.models import Count, Exists, OuterRef, QuerySet

from brands.models import Brand
from factories.models import CountryProgramme
from sharing.access.conditions import Version, grants_opening
from sharing.models import Subscription, Visibility
from sharing.terms import StatementTime


def readers_without_subscription(programme: CountryProgramme) -> QuerySet[Brand]:
    """Return the participants that can read a report of the country now and did not buy it, with `reports`: how many.

    There are none where participants need a subscription already.
    """
    version = Version(*(OuterRef(f"report__{name}") for name in ("factory", "cycle", "first_published_at")))
    open_now = Exists(grants_opening(version).filter(brand=OuterRef("brand")))
    bought = Subscription.objects.in_force().filter(
        brand=OuterRef("brand"), factory=OuterRef("report__factory"), cycle=OuterRef("report__cycle")
    )
    read = Visibility.objects.filter(
        open_now,
        ~Exists(bought),
        report__factory__programme=programme,
        brand__kind=Brand.Kind.PARTICIPANT,
        opens_at__lte=StatementTime(),
        until__gt=StatementTime(),
    )
    counted = read.values("brand").annotate(number=Count("report", distinct=True))
    numbers = counted.filter(brand=OuterRef("pk")).values("number")
    return Brand.objects.filter(pk__in=read.values("brand")).annotate(reports=numbers[:1]).order_by("name")
