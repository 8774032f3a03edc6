"""Names as they are kept: on one line, in the order in which they are read.

A name stands in mails, forms, receipts and lists that other organisations read. A line break in it would write
paragraphs of its own into the portal's mails, and a bidirectional control would let it pass for another name.
"""

import re
import unicodedata

_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
# Forms of company that are written with a full stop, at the end of a sentence that has its own.
_TWO_STOPS = re.compile(r"\b((?:Ltd|Ltda|Co|Inc|Corp|Pvt|Pte|Bhd|Tbk|Cía|S\.A|Jr|No)\.(?:</\w+>)*)\.(?=[\s<]|$)")


def one_full_stop(text: str) -> str:
    """Text or HTML in which a name such as "Lantern Garment Co., Ltd." ends its sentence with one full stop."""
    return _TWO_STOPS.sub(r"\1", text)


def one_line(name: str) -> str:
    """The name without line breaks, control characters and bidirectional controls, blanks between words made one."""
    plain = name.translate(_BIDI)
    return " ".join("".join(" " if unicodedata.category(mark) == "Cc" else mark for mark in plain).split())
