"""Names that others read stay on one line."""

import pytest

from brands.models import Brand
from brands.services import update_brand
from factories.roles import FACTORY
from factories.services import update_factory
from portal.accounts.models import Invitation
from portal.accounts.profiles import update_profile
from portal.accounts.services import invite
from portal.core.names import one_line
from tests.world import World

SPOOFED = "Lantern\r\n\r\nOpen https://evil.example\u202e"
TIDY = "Lantern Open https://evil.example"


def test_a_name_is_one_line_and_keeps_what_its_script_needs() -> None:
    assert one_line(f" {SPOOFED}\x00 ") == TIDY
    for name in ("কুষ্টিয়া", "ক\u200dষ", "می\u200cخواهم", "Nhà máy Sợi"):
        assert one_line(name) == name


def test_a_name_loses_the_signs_that_nobody_sees_and_that_change_no_letter() -> None:
    """Khmer's zero-width space marks where a line may break, Arabic's say a direction: two names would look alike."""
    for written, kept in (("ក\u200bខ", "កខ"), ("شركة\u200f", "شركة"), ("Lan\u00adtern", "Lantern")):
        assert one_line(written) == kept


@pytest.mark.django_db
def test_nobody_writes_paragraphs_into_the_portals_mails_by_a_name(world: World) -> None:
    manager = world.person("manager_a")
    assert update_factory(by=manager, factory=world.factory_a, name=SPOOFED).name == TIDY
    invite(by=manager, kind=FACTORY, organisation=world.factory_a, email="new@a.example", role="member", name=SPOOFED)
    assert Invitation.objects.get(email="new@a.example").name == TIDY
    update_profile(by=manager, name=SPOOFED)
    manager.refresh_from_db()
    assert manager.name == TIDY


@pytest.mark.django_db
def test_a_brand_that_looks_like_another_since_before_can_be_closed(world: World) -> None:
    Brand.objects.filter(pk=world.brand_b.pk).update(name=f"{world.brand_a.name}\u00ad")
    closed = update_brand(by=world.person("global_staff"), brand=world.brand_b, is_active=False)
    assert not closed.is_active
