"""What somebody can read: the cycles, or one report asked in every direction, which must agree."""

from datetime import datetime, timedelta

from django.utils import timezone

from assessments.models import Assessment
from factories.models import Factory
from portal.accounts.models import User
from portal.disclosure.openings import SoonOpen, opening_soon
from portal.disclosure.previews import reports_of
from sharing import access
from sharing.models import SharingGrant
from tests.world import World


def is_read(world: World, version: Assessment, persona: str, at: datetime | None = None) -> bool:
    """Return whether the persona could read the version: from the person, the version and the brand."""
    person = world.person(persona)
    is_open = Assessment.objects.visible_to(person, "report", at).filter(pk=version.pk).exists()
    assert bool(access.decide(person, version, "report", at)) == is_open, version
    assert access.readers(version, "report", at).filter(pk=person.pk).exists() == is_open, version
    if at is None:
        assert ("report" in access.openings(person, version)) == is_open, version
    if persona.startswith("brand_"):
        brand = world.brand_a if persona.startswith("brand_a") else world.brand_b
        assert bool(access.decide_for_brand(brand, version, "report", at)) == is_open, version
        assert access.brands_reading_of(version, "report", at).filter(brand=brand).exists() == is_open, version
    return is_open


def cycles_read(world: World, persona: str) -> set[int]:
    """Return the cycles of factory A that a brand's person reads now."""
    visible = Assessment.objects.visible_to(world.person(persona)).filter(factory=world.factory_a)
    return set(visible.values_list("cycle", flat=True))


def soon_open(person: User, factory: Factory) -> list[SoonOpen]:
    """Return what opens at a factory within a month, from the rows that a person of it sees."""
    grants = list(SharingGrant.objects.inside(person).filter(factory=factory))
    until = timezone.now() + timedelta(days=30)
    return opening_soon(factory=factory, grants=grants, reports=reports_of(person, factory), until=until)
