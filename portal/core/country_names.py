"""The ISO 3166-1 alpha-2 codes of country names as people write them."""

import re
import unicodedata
from functools import cache

from django.utils import translation

from portal.core.countries import COUNTRIES, country_name

# Other names in use, beside the English ones of `COUNTRIES` and the codes themselves.
VARIANTS = {
    "Vietnam": "VN",
    "Laos": "LA",
    "Lao PDR": "LA",
    "South Korea": "KR",
    "Korea": "KR",
    "Turkey": "TR",
    "USA": "US",
    "United States of America": "US",
    "UK": "GB",
    "Great Britain": "GB",
    "England": "GB",
    "Hong Kong SAR": "HK",
    "Hong Kong, China": "HK",
    "Taiwan": "TW",
    "Tanzania": "TZ",
    "Czech Republic": "CZ",
    "Macedonia": "MK",
    "Burma": "MM",
    "Holland": "NL",
    "The Netherlands": "NL",
    "UAE": "AE",
    "Kingdom of Cambodia": "KH",
    "Cambodge": "KH",
    "Hashemite Kingdom of Jordan": "JO",
    "Arab Republic of Egypt": "EG",
    "P.R. China": "CN",
    "PR China": "CN",
    "People's Republic of China": "CN",
}


def country_code(text: str) -> str:
    """Return the code of the country that `text` names, in any case and with or without accents; "" if unknown."""
    return _names().get(_plain(text), "")


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[\W_]+", " ", "".join(c for c in letters if not unicodedata.combining(c))).strip()


@cache
def _names() -> dict[str, str]:
    with translation.override("en"):
        names = {_plain(country_name(code)): code for code in COUNTRIES}
    names |= {_plain(code): code for code in COUNTRIES}
    return names | {_plain(name): code for name, code in VARIANTS.items()}
