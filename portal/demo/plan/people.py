"""The demo's people besides the accounts of `portal.demo.accounts`: they act in its history only."""

from collections.abc import Iterator
from dataclasses import dataclass

from portal.demo.accounts import ACCOUNTS, BRAND_A, BRAND_B, Kind
from portal.demo.places import COUNTRIES
from portal.demo.plan import dice
from portal.demo.plan.factories import FactoryPlan
from portal.demo.plan.names import Names
from portal.demo.trade import BRANDS

BUYERS = (
    "Astrid Lund", "Colm Byrne", "Elif Sahin", "Jonas Weiss", "Marta Vidal", "Noor de Vries", "Piotr Zielony",
    "Sakura Mori", "Ruth Okafor", "Hugo Lefort", "Greta Holm", "Sam Carver", "Bianca Rossi", "Kerry Walsh",
    "Yuki Tan", "Leila Amrani", "Owen Pritchard", "Ines Duarte", "Viktor Sand", "Clara Beck", "Emeka Obi",
    "Sofie Krag", "Daniel Fabre", "Rosa Amaral",
)  # fmt: skip


@dataclass(frozen=True)
class PersonPlan:
    """A person with one role in one organisation; `organisation` is a factory's `bw_id`, or a name."""

    email: str
    name: str
    kind: Kind
    organisation: str
    role: str
    language: str = "en"


def manager_email(factory: FactoryPlan) -> str:
    """Return who decides for a factory: the demo accounts for A and B, an invented manager for the others."""
    by_index = {0: "manager_a", 1: "manager_b"}
    if factory.index in by_index:
        return next(account.email for account in ACCOUNTS if account.key == by_index[factory.index])
    return f"manager-{factory.bw_id}@demo.example"


def representative_email(factory: FactoryPlan) -> str:
    """Return the worker representative of a factory that has one: the demo account for A; B's is invented."""
    if factory.index == 0:
        return next(account.email for account in ACCOUNTS if account.key == "representative_a")
    return f"representative-{factory.bw_id}@demo.example"


def staff_email(country: str, role: str) -> str:
    """Return the account, or the invented colleague, who holds `role` in the country named."""
    for account in ACCOUNTS:
        if account.kind == "programme" and (account.organisation, account.role) == (country, role):
            return account.email
    return f"{role.replace('_', '-')}-{_slug(country)}@demo.example"


def reader_emails(brand: str) -> list[str]:
    """Return who reads for a brand."""
    own = [a.email for a in ACCOUNTS if a.kind == "brand" and a.organisation == brand and a.is_active]
    return [*own, *(f"{role}-{_slug(brand)}@demo.example" for role in _brand_roles(brand))]


def advisor_emails(country: str) -> list[str]:
    """Return the country's Enterprise Advisors, the demo account first."""
    first = staff_email(country, "enterprise_advisor")
    return [first, f"advisor-2-{_slug(country)}@demo.example", f"advisor-3-{_slug(country)}@demo.example"]


def people(factories: tuple[FactoryPlan, ...]) -> Iterator[PersonPlan]:
    """Yield everybody who is not one of the accounts."""
    contacts = {factory.contact for factory in factories}
    names = {place.code: Names(place, contacts) for place in COUNTRIES}
    yield from _staff(names)
    yield from _brand_members()
    for factory in factories:
        if factory.is_assessed or factory.status == "pending":
            yield from _factory_members(factory, names[factory.place.code])


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def _staff(names: dict[str, Names]) -> Iterator[PersonPlan]:
    taken = {account.email for account in ACCOUNTS}
    for place in COUNTRIES:
        given = iter(dice("staff", place.code).sample(place.given, len(place.given)) * 2)
        jobs = [(staff_email(place.name, role), role) for role in ("programme_manager", "team_leader")]
        jobs += [(email, "enterprise_advisor") for email in advisor_emails(place.name)]
        for email, role in jobs:
            if email not in taken:
                name = names[place.code].with_given(next(given))
                yield PersonPlan(email, name, "programme", place.name, role)


def _brand_roles(brand: str) -> tuple[str, ...]:
    return {BRAND_A: (), BRAND_B: ()}.get(brand, ("manager", "member"))


def _brand_members() -> Iterator[PersonPlan]:
    names = iter(dice("buyers").sample(BUYERS, len(BUYERS)))
    for brand in BRANDS:
        for role in _brand_roles(brand.name):
            yield PersonPlan(f"{role}-{_slug(brand.name)}@demo.example", next(names), "brand", brand.name, role)


def _factory_members(factory: FactoryPlan, names: Names) -> Iterator[PersonPlan]:
    if factory.index > 1:
        yield PersonPlan(manager_email(factory), factory.contact, "factory", factory.bw_id, "manager")
    if factory.index == 1:
        yield PersonPlan(
            representative_email(factory), "Chan Sothea", "factory", factory.bw_id, "worker_representative"
        )
    own = dice("members", factory.bw_id)
    if factory.index and own.random() < 0.4:
        name = names.with_given(own.choice(factory.place.given))
        yield PersonPlan(f"member-{factory.bw_id}@demo.example", name, "factory", factory.bw_id, "member")
