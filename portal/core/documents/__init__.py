"""Documents as PDF: tagged (PDF/UA-1), in any of the programme's scripts, made by Typst."""

from portal.core.documents.glyphs import map_strings, showable
from portal.core.documents.pdf import (
    RenderCancelledError,
    RenderError,
    RenderTimeoutError,
    ShouldCancel,
    breakable,
    compile_pdf,
)

__all__ = [
    "RenderCancelledError",
    "RenderError",
    "RenderTimeoutError",
    "ShouldCancel",
    "breakable",
    "compile_pdf",
    "map_strings",
    "showable",
]
