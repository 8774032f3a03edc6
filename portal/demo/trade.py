"""The products of the demo's factories, and the invented brands that buy them."""

from dataclasses import dataclass
from typing import Final

PRODUCTS: Final = {
    "apparel": (
        "T-shirts; polo shirts",
        "Trousers; shorts",
        "Denim jeans",
        "Sportswear; leggings",
        "Knitted sweaters",
        "Shirts; blouses",
        "Underwear; sleepwear",
        "Outdoor jackets",
        "Children's wear",
        "Dresses; skirts",
    ),
    "footwear": ("Running shoes", "Leather shoes", "Sandals; slippers", "Safety boots"),
    "accessories": ("Backpacks; travel bags", "Gloves; hats", "Belts; wallets"),
}


@dataclass(frozen=True)
class BrandProfile:
    """An invented buyer. `weight` is how many factories it sources from, relative to the others."""

    name: str
    kind: str
    country: str
    weight: float


BRANDS: Final = (
    BrandProfile("Northlight Apparel", "partner", "NO", 3.0),
    BrandProfile("Kestrel Lane", "partner", "GB", 2.0),
    BrandProfile("Casa Almendra", "partner", "ES", 2.5),
    BrandProfile("Blaumeer Mode", "partner", "DE", 2.2),
    BrandProfile("Tidewater Denim Company", "partner", "US", 2.4),
    BrandProfile("Hoshizora Wear", "partner", "JP", 1.6),
    BrandProfile("Polder & Daughters", "partner", "NL", 1.4),
    BrandProfile("Marram Outdoor", "partner", "SE", 1.5),
    BrandProfile("Pippin Kids", "participant", "GB", 1.0),
    BrandProfile("Atlas & Fern", "participant", "CA", 0.8),
    BrandProfile("Filo Rosso", "participant", "IT", 0.9),
    BrandProfile("Gannet Running", "participant", "US", 0.7),
    BrandProfile("Maison Mirabelle", "participant", "FR", 0.8),
    BrandProfile("Wattlebird Uniforms", "participant", "AU", 0.5),
)
