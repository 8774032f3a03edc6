"""Everything that may differ between two worlds: the whole list."""

import re
from dataclasses import dataclass

from tests.jose import readable


@dataclass(frozen=True)
class Mask:
    """What is put in the place of each match of a pattern, wherever text is compared.

    With `erases` nothing is: the match may be there in one world only.
    """

    name: str
    pattern: str
    keeps_length: bool = False
    erases: bool = False

    def over(self, text: str) -> str:
        """Return the text, masked."""
        return re.sub(self.pattern, self._instead, text)

    def _instead(self, found: re.Match[str]) -> str:
        if self.erases:
            return ""
        return f"<{self.name} of {len(found[0])} characters>" if self.keeps_length else f"<{self.name}>"


MASKS = (
    Mask("CSRF token", r'(?<=name="csrfmiddlewaretoken" value=")\w+|(?<=csrftoken=)\w+'),
    Mask("CSRF token", r'(?<="X-CSRFToken": ")\w+'),
    Mask("nonce", r"(?<=nonce[=-])\"?[\w+/=-]{16,}\"?"),
    Mask("session", r"(?<=sessionid=)\w+"),
    Mask("request id", r"(?<=X-Request-ID: )\S+"),
    # A keyed hash: a number that runs would be seen here.
    Mask("message id", r"(?<=Message-ID: <)[0-9a-f]{32}(?=@)"),
    Mask("date", r"(?m)(?<=^Date: ).+$"),
    # Encrypted with a random beginning: only its length can be compared, and whether it is there.
    Mask("cursor", r"(?<=[?&;]cursor=)gAAAA[\w-]+", keeps_length=True),
    # Hashes over all that was sealed, each row with a secret random leaf beside it; and what is signed is compared.
    Mask("root of the ledger", r'(?<="root": ")[0-9a-f]{64}(?=")|(?<="previous": ")[0-9a-f]{64}(?=")'),
    Mask("root of the ledger", r"(?<=<dt>Root of the seal</dt><dd class=.text-break.><bdi>)[0-9a-f]{64}"),
    Mask("root of the ledger", r"(?<=<dt>Published root</dt><dd class=.text-break.><bdi>)[0-9a-f]{64}"),
    Mask("step of a proof", r'(?m)^ *"[0-9a-f]{64}",?$|<code>[LR] [0-9a-f]{64}(?=</code>)'),
    Mask("side of a step", r'(?m)^ *"(?:left|right)",$'),
    # Of a body that is compared, with the sides of the steps in it.
    Mask("length", r"(?m)(?<=^Content-Length: )[0-9]+$"),
    Mask("signature", r"(?<![\w-])[\w-]{86}(?![\w-])"),
)


def masked(text: str, more: tuple[Mask, ...] = ()) -> str:
    """Return the text with all of `MASKS`, and those of one fact, put over it; what is signed is written out first."""
    text = readable(text)
    for mask in (*MASKS, *more):
        text = mask.over(text)
    return text
