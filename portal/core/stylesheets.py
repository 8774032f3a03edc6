"""The part of Bootstrap that our pages use: 5 kB on the wire instead of 31, for readers on a slow connection.

`portal/static/vendor/bootstrap` holds the whole of it, unchanged. A rule is kept when every class it asks for is a
word of our templates, Python files or scripts; a custom property is kept when something that is kept reads it. The
result is committed (`portal/static/portal/bootstrap.css` and its right-to-left twin); `manage.py stylesheets` writes it
anew, and a test fails when a page began to use a class that was left out.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENDOR = ROOT / "portal" / "static" / "vendor" / "bootstrap"
BUILT = ROOT / "portal" / "static" / "portal"
FILES = {"bootstrap.min.css": "bootstrap.css", "bootstrap.rtl.min.css": "bootstrap.rtl.css"}
FOLDERS = ("portal", "factories", "brands", "sharing", "assessments")
NO_PAGES = re.compile(r"(^|/)(migrations|vendor|demo|locale|reports/fonts)(/|$)|portal/bootstrap[.\w]*css$")
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
NEVER = re.compile(r":not\([^)]*\)")
SETS = re.compile(r"(?<=[{;])(--bs-[\w-]+):")
READS = re.compile(r"var\((--[\w-]+)")
HEAD = (
    "/*! Bootstrap v5.3.9, copyright 2011-2025 The Bootstrap Authors, MIT licence: "
    "the rules that the portal uses, taken by `manage.py stylesheets`. */\n"
)


@cache
def words_of_pages() -> set[str]:
    """Return every word in our templates, scripts and strings of Python: among them each class that a page can have."""
    found: set[str] = set()
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in {".html", ".py", ".js"} and not NO_PAGES.search(name):
                text = path.read_text()
                found.update(re.findall(r"[A-Za-z_][\w-]*", _strings(text) if path.suffix == ".py" else text))
    return found


def _strings(source: str) -> str:
    """Return the texts in a Python file, docstrings left out."""
    tree = ast.parse(source)
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in documented]
    return " ".join(node.value for node in texts if isinstance(node.value, str))


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield the statements of one level: the text before the brace, and the text between the braces."""
    start = depth = opened = 0
    for place, sign in enumerate(css):
        if sign == "{":
            opened = opened if depth else place
            depth += 1
        elif sign == "}":
            depth -= 1
            if not depth:
                yield css[start:opened], css[opened + 1 : place]
                start = place + 1


def _selectors(head: str) -> list[str]:
    return re.split(r",(?![^(]*\))", head)


def _used(css: str, words: set[str]) -> str:
    """Return the rules of `css` that can apply to a page made of `words`."""
    kept = []
    for head, body in _blocks(css):
        if head.startswith(("@media", "@supports")):
            inner = _used(body, words)
            kept.append(f"{head}{{{inner}}}" if inner else "")
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        else:
            chosen = [one for one in _selectors(head) if words.issuperset(CLASS.findall(NEVER.sub("", one)))]
            kept.append(f"{','.join(chosen)}{{{body}}}" if chosen else "")
    return "".join(kept)


def _without_unread(css: str, ours: str) -> str:
    """Leave out custom properties that nothing reads, until none is left, and animations that nothing starts."""
    while True:
        read = set(READS.findall(css + ours))
        shorter = css
        for name in set(SETS.findall(css)) - read:
            shorter = re.sub(rf"(?<=[{{;]){name}:(?:[^;{{}}\"]|\"[^\"]*\")*(?:;|(?=}}))", "", shorter)
        shorter = re.sub(r"[^{}]+\{\}", "", shorter)
        if shorter == css:
            break
        css = shorter
    for name in re.findall(r"@keyframes ([\w-]+)", css):
        if not re.search(rf"animation[\w-]*:[^;}}]*\b{name}\b", css + ours):
            css = re.sub(rf"@keyframes {name}\{{(?:[^{{}}]*\{{[^{{}}]*\}})*\}}", "", css)
    return css


def built(vendor_name: str) -> str:
    """Return the rules of the vendor's file that our pages use."""
    css = re.sub(r"/\*.*?\*/", "", (VENDOR / vendor_name).read_text(), flags=re.DOTALL)
    css = re.sub(r'@charset "[^"]*";', "", css).strip()
    ours = "".join(path.read_text() for path in sorted(BUILT.glob("*.css")) if path.name not in FILES.values())
    return HEAD + _without_unread(_used(css, words_of_pages()), ours) + "\n"
