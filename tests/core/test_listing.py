"""Several values in one line."""

from collections.abc import Callable

import pytest
from django.utils import translation

from portal.core.listing import joined, listed


@pytest.mark.parametrize(
    ("language", "join", "values", "expected"),
    [
        ("en", joined, [], ""),
        ("en", joined, [4, 3], "4, 3"),
        ("ar", joined, [4], "4"),
        ("ar", joined, [4, 3], "\u2067\u20684\u2069، \u20683\u2069\u2069"),
        (
            "ar",
            joined,
            ["Aster & Oak", "Loom Co., Ltd."],
            "\u2067\u2068Aster & Oak\u2069، \u2068Loom Co., Ltd.\u2069\u2069",
        ),
        ("en", listed, [2], "2"),
        ("en", listed, [2, 3, 4], "2, 3 and 4"),
    ],
)
def test_a_list_runs_in_the_direction_of_the_language_and_its_values_in_their_own(
    language: str, join: Callable[[list[object]], str], values: list[object], expected: str
) -> None:
    with translation.override(language):
        assert join(values) == expected
