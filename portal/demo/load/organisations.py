"""Programmes, brands, factories and supplier lists, each organisation with its roles."""

from datetime import datetime, timedelta

from brands.events import BrandEvent
from brands.models import Brand, Supplier
from brands.roles import BRAND
from factories.events import FactoryEvent
from factories.models import CountryProgramme, Factory
from factories.roles import FACTORY, PROGRAMME
from portal.accounts.events import AccountEvent
from portal.accounts.roles import create_role_groups_in_bulk
from portal.demo.accounts import GLOBAL
from portal.demo.load.rows import History
from portal.demo.places import COUNTRIES, Country
from portal.demo.plan import dice, moment
from portal.demo.plan.factories import FactoryPlan
from portal.demo.plan.suppliers import SupplierPlan, suppliers
from portal.demo.trade import BRANDS

# Sri Lanka has a programme and no factory assessments (R48).
NO_ASSESSMENTS = ("LK", "Sri Lanka")
RESULTS_HIDDEN = frozenset({"VN"})  # R49


def load_programmes(history: History, at: datetime) -> dict[str, CountryProgramme]:
    """Write the programmes; return the global one (under "") and the countries', by country code."""
    programmes = {"": CountryProgramme(name=GLOBAL, is_global=True, contact_email="global-office@demo.example")}
    programmes |= {place.code: _programme(place) for place in COUNTRIES}
    code, name = NO_ASSESSMENTS
    programmes[code] = CountryProgramme(country=code, name=name, assessments_allowed=False)
    CountryProgramme.objects.bulk_create(programmes.values())
    create_role_groups_in_bulk(PROGRAMME, list(programmes.values()))
    for programme in programmes.values():
        history.add(at, AccountEvent.PROGRAMME_CREATED, by=None, programme_id=programme.pk, subject=programme.pk)
    return programmes


def _programme(place: Country) -> CountryProgramme:
    return CountryProgramme(
        country=place.code,
        name=place.name,
        since=place.since,
        enrolment=place.enrolment,
        contact_email=f"office-{place.code.lower()}@demo.example",
        contact_phone=f"{place.dialling} 555 0100",
        national_law_results_hidden=place.code in RESULTS_HIDDEN,
    )


UNCHECKED = "Gannet Running"  # admitted, but nobody has checked its name yet


def load_brands(history: History, at: datetime) -> dict[str, Brand]:
    """Write the brands; return them by name."""
    brands = {
        plan.name: Brand(
            name=plan.name,
            kind=plan.kind,
            country=plan.country,
            website=f"https://{_host(plan.name)}.example/",
            verified_at=None if plan.name == UNCHECKED else at,
        )
        for plan in BRANDS
    }
    Brand.objects.bulk_create(brands.values())
    create_role_groups_in_bulk(BRAND, list(brands.values()))
    for number, brand in enumerate(brands.values()):
        history.add(at + timedelta(days=number), BrandEvent.CREATED, by=None, brand_id=brand.pk, subject=brand.pk)
    return brands


def _host(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def load_factories(
    plans: tuple[FactoryPlan, ...], programmes: dict[str, CountryProgramme], history: History, at: datetime
) -> dict[str, Factory]:
    """Write the factories; return them by `bw_id`."""
    factories = {plan.bw_id: _factory(plan, programmes[plan.place.code]) for plan in plans}
    Factory.objects.bulk_create(factories.values())
    create_role_groups_in_bulk(FACTORY, list(factories.values()))
    for plan in plans:
        factory = factories[plan.bw_id]
        when = moment(plan.enrolled_on, dice("created", plan.bw_id)) if plan.enrolled_on else at
        ids = {"factory_id": factory.pk, "programme_id": factory.programme_id}
        history.add(when, FactoryEvent.CREATED, by=None, subject=factory.pk, **ids)
    return factories


def _factory(plan: FactoryPlan, programme: CountryProgramme) -> Factory:
    return Factory(
        programme=programme,
        bw_id=plan.bw_id,
        name=plan.name,
        local_name=plan.local_name,
        address=plan.address,
        city=plan.city,
        latitude=plan.latitude,
        longitude=plan.longitude,
        sector=plan.sector,
        products=plan.products,
        workers_women=plan.women,
        workers_men=plan.men,
        os_hub_id=plan.os_hub_id,
        contact_name=plan.contact,
        contact_email=f"contact-{plan.bw_id}@demo.example",
        contact_phone=plan.phone,
        enrolment_status=plan.status,
        enrolment_reason=plan.reason,
        enrolled_on=plan.enrolled_on,
        left_on=plan.left_on,
        current_cycle=max(1, plan.cycles),
        is_obsolete=plan.is_obsolete,
    )


def load_suppliers(plans: tuple[FactoryPlan, ...], brands: dict[str, Brand]) -> int:
    """Write the brands' supplier lists; return how many entries."""
    return len(Supplier.objects.bulk_create(_supplier(plan, brands) for plan in suppliers(plans)))


def _supplier(plan: SupplierPlan, brands: dict[str, Brand]) -> Supplier:
    return Supplier(
        brand=brands[plan.brand],
        name=plan.name,
        country=plan.country,
        address=plan.address,
        sector=plan.sector,
        bw_id=plan.bw_id,
        os_hub_id=plan.os_hub_id,
        latitude=plan.latitude,
        longitude=plan.longitude,
    )
