"""The texts that are marked for translation: of our own sources, and those of Django and allauth that people read.

Django and allauth bring their own translations. Where they have none for one of our languages, or a misspelt one, the
text joins our catalogue of that language ("borrowed"): a form that says "This field is required." in English is no
Khmer form. For a few we use our own wording in every language, English too: an error says what to do (`REWORDED`).
What only the operator or a program reads stays English: Django's admin, management commands, errors of the API's
framework.
"""

import ast
import gettext
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from django.utils.translation.template import templatize

from devtools.catalogues.entries import CONTEXT_END, Catalogue, Entry, by_key

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("portal", "factories", "brands", "sharing", "assessments")
LEFT_OUT = re.compile(r"(^|/)(migrations|management|admin\.py|locale|static)(/|$)")
TEMPLATES = (".html", ".txt", ".xml")
KEYWORDS = {  # the parameters of these functions, in order
    name + lazy: spec
    for lazy in ("", "_lazy", "_noop")
    for name, spec in {
        "gettext": ("msgid",),
        "ngettext": ("msgid", "plural"),
        "pgettext": ("context", "msgid"),
        "npgettext": ("context", "msgid", "plural"),
    }.items()
} | {"_": ("msgid",)}
_STRING = r"""u?(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")"""
TEMPLATE_CALL = re.compile(rf"# Translators:.*$|\b(?:n?p?gettext|_)\((?:{_STRING},? ?)+(?:count)?\)", re.MULTILINE)

# The texts that people may meet of the packages below us, by the folder that holds the package's own translations.
BORROWED = {
    "django/conf": (
        "django/core/validators.py",
        "django/forms/fields.py",
        "django/forms/models.py",
        "django/contrib/auth/password_validation.py",
        "django/utils/dates.py",
        "django/utils/timesince.py",
        "django/template/defaultfilters.py",
    ),
    "allauth": ("allauth/account/adapter.py", "allauth/account/fields.py", "allauth/account/forms.py"),
}
NEVER_MET = re.compile(  # no page of ours shows these
    r"phone|username|slug|inline|duplicate|IPv|step size|UUID|JSON|duration|security key|authenticator|only digits"
    r"|protocol|domain name|%s [GTP]B|field_name|complete value|Remember Me|[Oo]ptional|same email|Email \(again"
    r"|Email address confirmation|primary email|more than %d email|clear checkbox|already associated",
    re.IGNORECASE,
)
BORROWED_WORDS = (  # of django/db/models: the rest there is for the admin's documentation
    "This field cannot be null.",
    "This field cannot be blank.",
    "Value %(value)r is not a valid choice.",
    "%(model_name)s with this %(field_label)s already exists.",
)
REWORDED = frozenset(
    {
        "This field is required.",
        "Enter a whole number.",
        "Enter a valid date.",
        "Enter a valid date/time.",
        "Enter a valid email address.",
        "Select a valid choice. That choice is not one of the available choices.",
        "Select a valid choice. %(value)s is not one of the available choices.",
        "Ensure this value is greater than or equal to %(limit_value)s.",
        "Ensure this value is less than or equal to %(limit_value)s.",
        "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
        "No file was submitted. Check the encoding type on the form.",
        "No file was submitted.",
        "The submitted file is empty.",
        "Ensure this filename has at most %(max)d character (it has %(length)d).",
        "Ensure that there are no more than %(max)s digit in total.",
        "Ensure that there are no more than %(max)s decimal place.",
        "Ensure that there are no more than %(max)s digit before the decimal point.",
        "Enter a number.",
        "Enter a valid time.",
        "Enter a valid URL.",
        "Enter a list of values.",
        "“%(pk)s” is not a valid value.",
        "Null characters are not allowed.",
        "%(model_name)s with this %(field_label)s already exists.",
        "The email address and/or password you specified are not correct.",
        "Current Password",
        "New Password",
        "New Password (again)",
        "Your password can’t be too similar to your other personal information.",
        "Your password can’t be a commonly used password.",
        "Your password can’t be entirely numeric.",
        "Your password must contain at least %(min_length)d character.",
    }
)
SOURCE = "en"
MISTAKEN = {  # what the packages' own translations misspell, or say unlike the rest of the page: ours come first
    "ar": ("Please type your current password.",),
    "fr": (f"abbrev. month{CONTEXT_END}Jan.", f"abbrev. month{CONTEXT_END}Feb.", "Please type your current password."),
    "km": ("March",),
}


def _texts(source: str, name: str) -> Iterator[Entry]:
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and called(node.func) in KEYWORDS:
            spec = KEYWORDS[called(node.func)]
            given = node.args[: len(spec)]
            words = [part.value for part in given if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            if len(words) == len(spec):
                named = dict(zip(spec, words, strict=True))
                comments = _comment(lines, node.lineno)
                yield Entry(named["msgid"], named.get("plural", ""), named.get("context", ""), (name,), comments)


def called(function: ast.expr) -> str:
    """Return the last name of what is called."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _comment(lines: list[str], line: int) -> tuple[str, ...]:
    above = lines[line - 2].strip().lstrip("# ") if line > 1 else ""
    return (above,) if above.startswith("Translators:") else ()


def _template_as_python(source: str, name: str) -> str:
    # What surrounds the texts is blanked out by Django; only the calls and the comments for translators matter here.
    return "\n".join(found[0].strip() for found in TEMPLATE_CALL.finditer(templatize(source, name)))


def _together(entries: Iterator[Entry]) -> Catalogue:
    result: Catalogue = {}
    for entry in entries:
        known = result.get(entry.key, entry)
        result[entry.key] = Entry(
            entry.msgid,
            known.plural or entry.plural,
            entry.context,
            tuple(sorted({*known.files, *entry.files})),
            tuple(dict.fromkeys([*known.comments, *entry.comments])),
        )
    return by_key(result.values())


def own_sources() -> Iterator[tuple[str, str]]:
    """Yield each file of ours that may hold texts, by its name, as Python."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if LEFT_OUT.search(name) or not path.is_file():
                continue
            if path.suffix == ".py":
                yield name, path.read_text()
            elif path.suffix in TEMPLATES and "/templates/" in name:
                yield name, _template_as_python(path.read_text(), name)


@cache
def own_texts() -> Catalogue:
    """Return every text of our own sources that is marked for translation, with the files that hold it."""
    return _together(entry for name, source in own_sources() for entry in _texts(source, name))


def _package(name: str) -> Path:
    return Path(str(import_module(name.split("/", maxsplit=1)[0]).__file__)).parent.parent


@cache
def _borrowed_texts() -> dict[str, Catalogue]:
    texts: dict[str, Catalogue] = {}
    for owner, names in BORROWED.items():
        folder = _package(owner)
        found = _together(entry for name in names for entry in _texts((folder / name).read_text(), name))
        texts[owner] = by_key(entry for entry in found.values() if not NEVER_MET.search(entry.msgid))
    words = [Entry(word, files=("django/db/models/fields/__init__.py",)) for word in BORROWED_WORDS]
    texts["django/conf"] = by_key([*texts["django/conf"].values(), *words])
    return texts


def borrowed_texts(language: str) -> Catalogue:
    """Return those texts of Django and allauth that people may meet and that `language` must hold itself.

    These are the texts that the package lacks in that language, and those for which we use our own wording.
    """
    missing = []
    for owner, texts in _borrowed_texts().items():
        path = _package(owner) / owner / "locale" / language / "LC_MESSAGES" / "django.mo"
        theirs: set[object] = set()
        if path.exists():
            with path.open("rb") as file:
                theirs = set(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
        theirs -= set(MISTAKEN.get(language, ()))
        missing += [
            entry
            for entry in texts.values()
            if entry.msgid in REWORDED
            or (language != SOURCE and entry.key not in theirs and (entry.key, 0) not in theirs)
        ]
    return by_key(missing)


def texts_of(language: str) -> Catalogue:
    """Return everything that the catalogue of `language` must hold."""
    own = {} if language == SOURCE else own_texts()
    return by_key({**borrowed_texts(language), **own}.values())
