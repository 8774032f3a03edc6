"""Country names by ISO 3166-1 alpha-2 code: where the programme works, and where brands and suppliers are.

Names come from Unicode CLDR (by Babel) in the reader's language, except where the United Nations, and with them the
ILO, use another one.
"""

from collections.abc import Mapping
from functools import cache

from babel import Locale
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

CODES = (
    "AE AR AT AU BD BE BG BR CA CH CL CN CO CZ DE DK DO EE EG ES ET FI FR GB GR GT HK HN HR HT HU ID IE IL IN IT JO JP "
    "KE KH KR LA LB LK LS LT LU LV MA MG MK MM MU MX MY NI NL NO NP NZ PE PH PK PL PT RO RS SA SE SG SI SK SV TH TN TR "
    "TW TZ UA US UY UZ VN ZA"
)
COUNTRIES: tuple[str, ...] = tuple(CODES.split())
UNITED_NATIONS: dict[str, Promise] = {
    "HK": _("Hong Kong"),
    "KR": _("Republic of Korea"),
    "LA": _("Lao People's Democratic Republic"),
    "MM": _("Myanmar"),
    "TW": _("Taiwan, China"),
    "TZ": _("United Republic of Tanzania"),
    "VN": _("Viet Nam"),
}


def country_name(code: str) -> str:
    """Return the name of the country `code` in the reader's language; or the code itself where it is unknown."""
    code = code.upper()
    if code in UNITED_NATIONS:
        return str(UNITED_NATIONS[code])
    return _territories(get_language() or "en").get(code, code) if code in COUNTRIES else code


def country_choices() -> list[tuple[str, str]]:
    """Return code and name of each country in the reader's language, by name, for a form."""
    return sorted(((code, country_name(code)) for code in COUNTRIES), key=lambda pair: pair[1])


@cache
def _territories(language: str) -> Mapping[str, str]:
    return Locale.parse(language, sep="-").territories
