"""The ways in which brand A's access ends."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from assessments.publication.services import take_step
from brands.roles import BRAND
from brands.services import update_brand
from factories.services import update_programme
from portal.accounts.models import ApiToken, User
from portal.accounts.services import remove_member, revoke_token
from portal.core.compiled import forget_prepared
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access, revoke_brand, stop_all_sharing
from sharing.subscriptions.services import withdraw_subscription
from sharing.terms import StatementTime
from tests.revoke.held import Held

End = Callable[[Held, ExitStack], None]


def revoked(held: Held, _later: ExitStack) -> None:
    """Grant by grant; what it was given of the improvement plan stays."""
    for grant in held.grants:
        revoke_access(by=held.world.person("manager_a"), grant=grant)


def brand_revoked(held: Held, _later: ExitStack) -> None:
    """Everything of the brand."""
    revoke_brand(by=held.world.person("manager_a"), factory=held.world.factory_a, brand=held.world.brand_a)


def all_stopped(held: Held, _later: ExitStack) -> None:
    """Everything of the factory."""
    stop_all_sharing(by=held.world.person("manager_a"), factory=held.world.factory_a)


def expired(held: Held, later: ExitStack) -> None:
    """The grants get an end, and the clocks of the database and of the portal go past it."""
    for grant in held.grants:
        terms = Terms(expires_at=timezone.now() + timedelta(hours=1))
        change_grant(by=held.world.person("manager_a"), grant=grant, terms=terms)
    patch = later.enter_context(pytest.MonkeyPatch.context())
    patch.setattr(StatementTime, "template", "(%(function)s() + interval '2 hours')", raising=False)
    later.enter_context(time_machine.travel(timezone.now() + timedelta(hours=2)))
    forget_prepared()  # prepared with the clock as it was
    later.callback(forget_prepared)


def narrowed(held: Held, _later: ExitStack) -> None:
    """The grants stay, for another cycle."""
    for grant in held.grants:
        change_grant(by=held.world.person("manager_a"), grant=grant, terms=Terms(cycles="only", cycle_numbers=[3]))


def brand_closed(held: Held, _later: ExitStack) -> None:
    """The staff close the brand."""
    update_brand(by=held.world.person("global_staff"), brand=held.world.brand_a, is_active=False)


def unsubscribed(held: Held, _later: ExitStack) -> None:
    """The country asks participants for subscriptions; those of the brand, one now, are withdrawn."""
    world = held.world
    update_brand(by=world.person("global_staff"), brand=world.brand_a, kind="participant")
    bought = [world.subscribe(world.brand_a, cycle) for cycle in (1, 2, 3)]
    by = world.person("programme_manager")
    update_programme(by=by, programme=world.cambodia, participants_need_subscription=True)
    for one in bought:
        withdraw_subscription(by=by, subscription=one, reason="Recorded by mistake")


def withdrawn(held: Held, _later: ExitStack) -> None:
    """The report is withdrawn; the brand still has the factory's other one, and what is told of that."""
    take_step(by=held.world.person("programme_manager"), assessment=held.read, name="withdraw", reason="Wrong factory")


def left_the_brand(held: Held, _later: ExitStack) -> None:
    """The member; the integration goes on."""
    manager = held.world.person("brand_a_manager")
    remove_member(by=manager, kind=BRAND, organisation=held.world.brand_a, member=held.member)


def account_closed(held: Held, _later: ExitStack) -> None:
    """The member's; the integration goes on."""
    User.objects.filter(pk=held.member.pk).update(is_active=False)


def token_revoked(held: Held, _later: ExitStack) -> None:
    """The integration's; the people go on."""
    manager, brand = held.world.person("brand_a_manager"), held.world.brand_a
    token = ApiToken.objects.get(user=held.stage.integration)
    revoke_token(by=manager, kind=BRAND, organisation=brand, token=token)


def token_expired(held: Held, _later: ExitStack) -> None:
    """The integration's; the people go on."""
    ApiToken.objects.filter(user=held.stage.integration).update(expiry=timezone.now())


OF_THE_BRAND: list[End] = [
    revoked,
    brand_revoked,
    all_stopped,
    expired,
    narrowed,
    brand_closed,
    unsubscribed,
    withdrawn,
]
OF_ONE_PERSON: list[End] = [left_the_brand, account_closed]
OF_THE_TOKEN: list[End] = [token_revoked, token_expired]
