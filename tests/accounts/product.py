"""What the product's modules hold of a kind."""

import sys
from typing import TypeVar

from django.template import engines
from django.urls import get_resolver

PRODUCT = {"portal", "factories", "brands", "assessments", "sharing"}
T = TypeVar("T")


def everything_of(kind: type[T]) -> dict[str, T]:
    """Return all that is of `kind`, by the places where it is found: what others import has several."""
    assert get_resolver().url_patterns  # every view is imported
    assert engines["django"].engine.template_context_processors  # and the menu
    return {
        f"{path}.{name}": value
        for path, module in sorted(sys.modules.items())
        if path.split(".")[0] in PRODUCT
        for name, value in vars(module).items()
        if isinstance(value, kind)
    }
