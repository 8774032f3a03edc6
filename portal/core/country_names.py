"""The ISO 3166-1 alpha-2 codes of country names as people write them."""

import re
import unicodedata
from functools import cache

from django.utils import translation

from portal.core.countries import COUNTRIES, country_name

# Other names in use by code, beside the English ones of `COUNTRIES` and the codes themselves.
VARIANTS = {
    "AE": ["UAE"],
    "CN": ["P.R. China", "PR China", "People's Republic of China"],
    "CZ": ["Czech Republic"],
    "EG": ["Arab Republic of Egypt"],
    "GB": ["UK", "Great Britain", "England"],
    "HK": ["Hong Kong SAR", "Hong Kong, China"],
    "JO": ["Hashemite Kingdom of Jordan"],
    "KH": ["Kingdom of Cambodia", "Cambodge"],
    "KR": ["South Korea", "Korea"],
    "LA": ["Laos", "Lao PDR"],
    "MK": ["Macedonia"],
    "MM": ["Burma"],
    "NL": ["Holland", "The Netherlands"],
    "TR": ["Turkey"],
    "TW": ["Taiwan"],
    "TZ": ["Tanzania"],
    "US": ["USA", "United States of America"],
    "VN": ["Vietnam"],
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
    return names | {_plain(name): code for code, others in VARIANTS.items() for name in others}
