"""Commands as a document shows them: a rehearsal runs these very lines, so that the document stays true."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class RehearsalError(Exception):
    """Something is not as a document promises; the message says what."""


def commands(document: str, heading: str) -> str:
    """Return the indented lines under a heading of the document, up to the next heading, without their indentation."""
    text = (ROOT / document).read_text()
    if f"\n{heading}\n" not in text:
        raise RehearsalError(f"{document} has no heading {heading!r}.")
    section = text.split(f"\n{heading}\n")[1].split("\n#")[0]
    return "\n".join(line.removeprefix("    ") for line in section.splitlines() if line.startswith("    "))


def replaced(text: str, changes: dict[str, str]) -> str:
    """Replace each; every one must be in the text, or the document says something else by now."""
    for old, new in changes.items():
        if old not in text:
            raise RehearsalError(f"The document does not say {old!r} any more.")
        text = text.replace(old, new)
    return text
