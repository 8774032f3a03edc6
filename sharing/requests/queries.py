"""Which requests a person may see, how they stand, and which factories a brand may find to ask."""

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from brands.models import Brand
from brands.querysets import brand_keys
from factories.models import Factory
from factories.querysets import FactoryQuerySet, keys_inside
from portal.accounts.roles import Visitor
from portal.accounts.worded import keys_held
from sharing.grants.ends import End
from sharing.requests.states import Shown, State
from sharing.scopes import RULES
from sharing.terms import StatementTime

if TYPE_CHECKING:
    from sharing.models import AccessRequest  # noqa: F401 - named in the base below


def factories_to_ask(user: Visitor) -> FactoryQuerySet:
    """The enrolled factories, for whoever reads for a brand: the same list for every brand.

    Only what is public of them is loaded: ids, name, town, sector, country. Whether a factory shares with anybody is
    no part of this queryset (invariant 3), nor is anything of SLCP (R1).
    """
    listed = Factory.objects.filter(Exists(Brand.objects.own(user)), enrolment_status="enrolled", is_obsolete=False)
    return listed.select_related("programme").only(
        "bw_id", "name", "local_name", "city", "sector", "os_hub_id", "programme__country"
    )


class AccessRequestQuerySet(QuerySet["AccessRequest"]):
    """Requests."""

    def open(self) -> "AccessRequestQuerySet":
        """Not answered, not withdrawn, and not past their time. Expiry is honoured here, at read time."""
        return self.filter(state=State.OPEN, lapses_at__gt=StatementTime())

    def undecided(self) -> "AccessRequestQuerySet":
        """Open, and without a yes that waits for the factory's second person: for the factory's side."""
        return self.open().exclude(Exists(self._waiting_grants()))

    def waiting(self) -> "AccessRequestQuerySet":
        """Undecided, and not put off until later."""
        return self.undecided().filter(Q(snoozed_until=None) | Q(snoozed_until__lte=StatementTime()))

    def put_off(self) -> "AccessRequestQuerySet":
        """Undecided, and put off until later."""
        return self.undecided().filter(snoozed_until__gt=StatementTime())

    def inside(self, user: Visitor) -> "AccessRequestQuerySet":
        """Those to factories whose people or country's staff `user` is one of: what `visible_to` shows of them."""
        return self.filter(factory__in=keys_inside(user))

    def visible_to(self, user: Visitor) -> "AccessRequestQuerySet":
        """The factory's people, its country's staff, and the brand that asked; no other brand.

        A token sees the requests for data of its own scopes.
        """
        seen = Q(factory__in=keys_inside(user))
        for rule in RULES.values():
            seen |= Q(scopes__contains=[rule.scope], brand__in=brand_keys(user, rule.permission))
        return self.filter(seen)

    def decidable_by(self, user: Visitor) -> "AccessRequestQuerySet":
        """Those of factories for which `user` decides."""
        return self.filter(factory__in=keys_held(user, "factory", "manage_sharing"))

    def for_reader(self, user: Visitor) -> "AccessRequestQuerySet":
        """Each with `from_inside` (the reader sees it from the factory's side) and `shown_state` for that side."""
        return self._shown(ExpressionWrapper(Q(factory__in=keys_inside(user)), output_field=BooleanField()))

    def for_brand(self) -> "AccessRequestQuerySet":
        """Each with `shown_state` as the brand that asked sees it."""
        return self._shown(Value(value=False, output_field=BooleanField()))

    def _shown(self, inside: Any) -> "AccessRequestQuerySet":
        """To the brand a yes that waits for a second person of the factory is nothing: its request is as it is stored.

        To the factory it is unconfirmed, and refused where the second person said no: not where a manager declined
        after taking a yes back. Refusals of before there were codes of ends have none.
        """
        refused = self._grants().filter(needs_confirmation=True, confirmed_at=None, end_code__in=["", End.REFUSED])
        return self.annotate(from_inside=inside).annotate(
            shown_state=Case(
                When(state=State.OPEN, lapses_at__lte=StatementTime(), then=Value(Shown.LAPSED)),
                When(Exists(self._waiting_grants()), from_inside=True, state=State.OPEN, then=Value(Shown.UNCONFIRMED)),
                When(Exists(refused), from_inside=True, state=State.DECLINED, then=Value(Shown.REFUSED)),
                default=F("state"),
                output_field=CharField(),
            )
        )

    def shown_as(self, state: str) -> "AccessRequestQuerySet":
        """Those that stand so to the reader, after `for_reader` or `for_brand`."""
        return self.filter(Q(("shown_state", state)))

    def shown_closed(self) -> "AccessRequestQuerySet":
        """Those that are not open to the reader any more, after `for_reader` or `for_brand`."""
        return self.exclude(Q(("shown_state", Shown.OPEN)))

    @staticmethod
    def _grants() -> Any:
        return apps.get_model("sharing", "SharingGrant")._default_manager.filter(answers__request=OuterRef("pk"))

    @classmethod
    def _waiting_grants(cls) -> Any:
        return cls._grants().unconfirmed()
