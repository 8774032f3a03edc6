"""The brands' own supplier lists: factories as a buyer writes them, and some that nobody here knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from portal.demo.plan import dice
from portal.demo.plan.factories import FactoryPlan
from portal.demo.plan.grants import buyers_of
from portal.demo.trade import BRANDS

UNKNOWN = (
    ("Ribbon & Reed Mills", "India", "Survey 12, Paper Boat Road, Tiruppur"),
    ("Sete Colinas Confeccoes Lda", "Portugal", "Rua do Novelo 41, Braga"),
    ("Golden Spool Knitting Factory", "China", "No. 8 Spool Road, Dongguan"),
    ("Anatolia Button Tekstil A.S.", "Turkiye", "Dugme Sokak 5, Izmir"),
    ("Blue Kite Garments PLC", "Ethiopia", "Shed 9, Hawassa"),
    ("Lanka Moonbeam Apparel (Pvt) Ltd", "Sri Lanka", "17 Moonbeam Lane, Katunayake"),
)


@dataclass(frozen=True)
class SupplierPlan:
    """One entry of one brand's list, as the brand wrote it."""

    brand: str
    name: str
    country: str
    address: str
    sector: str
    bw_id: str = ""
    os_hub_id: str = ""
    latitude: float | None = None
    longitude: float | None = None


def suppliers(factories: tuple[FactoryPlan, ...]) -> Iterator[SupplierPlan]:
    """Yield all lists, brand by brand."""
    for brand in BRANDS:
        own = dice("suppliers", brand.name)
        for factory in factories:
            if factory.is_assessed and brand.name in buyers_of(factory):
                yield _line(brand.name, factory, own)
        for name, country, address in own.sample(UNKNOWN, 2):
            yield SupplierPlan(brand.name, name, country, address, "apparel")


def _line(brand: str, factory: FactoryPlan, own: Random) -> SupplierPlan:
    mapped = own.random() < 0.5
    return SupplierPlan(
        brand=brand,
        name=_as_written(factory.name, own),
        country=factory.place.name if own.random() < 0.8 else factory.place.code,
        address=f"{factory.address}, {factory.city}",
        sector=factory.sector,
        bw_id=factory.bw_id if own.random() < 0.4 else "",
        os_hub_id=factory.os_hub_id if own.random() < 0.6 else "",
        latitude=factory.latitude if mapped else None,
        longitude=factory.longitude if mapped else None,
    )


def _as_written(name: str, own: Random) -> str:
    """Return the name with capitals, a missing legal form or a changed comma: lists are typed by hand."""
    return own.choice(
        (
            name,
            name,
            name.upper(),
            name.replace(" Co., Ltd.", "").replace(", S.A.", " SA"),
            name.replace(",", ""),
        )
    )
