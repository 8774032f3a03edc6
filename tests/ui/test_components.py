"""The parts that pages are built of: usable by ear and keyboard, and nothing that the content policy forbids."""

import ast
import datetime
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.template.loader import get_template, render_to_string
from django.utils import translation

from portal.core.countries import country_name
from portal.ui.templatetags import portal as tags

TEMPLATES = sorted(
    path
    for path in settings.BASE_DIR.rglob("templates/**/*.html")
    if not {".venv", "node_modules", ".state", "staticfiles"} & set(path.relative_to(settings.BASE_DIR).parts)
)
CSS = (settings.BASE_DIR / "portal/static/portal/portal.css").read_text()
SHEETS = ("portal", "charts", "entrance", "styleguide")


class EveryField(forms.Form):
    text = forms.CharField(label="Text", help_text="Help with <b>it</b>")
    long = forms.CharField(label="Long", widget=forms.Textarea, required=False)
    day = forms.DateField(label="Day")
    one = forms.ChoiceField(label="One", choices=[("a", "A"), ("b", "B")])
    radio = forms.ChoiceField(label="Radio", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    many = forms.MultipleChoiceField(label="Many", choices=[("a", "A")], widget=forms.CheckboxSelectMultiple)
    tick = forms.BooleanField(label="Tick")
    file = forms.FileField(label="File", required=False)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def render(name, **context):
    return re.sub(r"\s+", " ", render_to_string(f"components/{name}.html", context))


def test_no_translated_sentence_names_a_value_that_renders_empty():
    """Inside blocktranslate only plain names are filled in: `{{ member.email }}` must come in by `with`."""
    block = re.compile(r"{%\s*blocktrans(?:late)?\b.*?%}(.*?){%\s*endblocktrans(?:late)?\s*%}", re.DOTALL)
    wrong = [
        f"{path.relative_to(settings.BASE_DIR)}: {value}"
        for path in settings.BASE_DIR.rglob("templates/**/*.*")
        if path.suffix in {".html", ".txt"} and ".venv" not in path.parts
        for sentence in block.findall(path.read_text())
        for value in re.findall(r"{{\s*(.*?)\s*}}", sentence)
        if not re.fullmatch(r"\w+", value)
    ]
    assert wrong == []


def test_no_line_of_a_template_is_longer_than_160_characters():
    long = [(path.name, line) for path in TEMPLATES for line in path.read_text().splitlines() if len(line) > 160]
    assert long == []


def test_every_template_that_is_named_exists():
    """A name built from parts could not be checked, so none is."""
    named, built = set(), []
    for path in settings.BASE_DIR.rglob("*.py"):
        if not {".venv", ".state", "tests", "devtools", "migrations"} & set(path.relative_to(settings.BASE_DIR).parts):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr) and ast.unparse(node).rstrip("'\"").endswith((".html", "mail.txt")):
                    built.append(f"{path.relative_to(settings.BASE_DIR)}:{node.lineno}")
                elif isinstance(node, ast.Constant) and re.fullmatch(r"\w+/[\w/]+\.html", str(node.value)):
                    named.add(str(node.value))
    for path in TEMPLATES:
        named |= set(re.findall(r"{% (?:include|extends) [\"']([^\"']+)[\"']", path.read_text()))
    assert built == []
    assert len(named) > 150
    for name in sorted(named):
        get_template(name)


# Forms


def test_every_control_has_a_label_and_an_id():
    html = render("form", form=EveryField())
    for name, control in re.findall(r'<(input|select|textarea) ([^>]*name="[^"]+"[^>]*)>', html):
        if 'type="hidden"' in control:
            continue
        identifier = re.search(r'id="([^"]+)"', control).group(1)
        assert f'for="{identifier}"' in html, f"{name} {control}"


def test_help_and_errors_are_bound_to_their_control():
    form = EveryField({"many": "nonsense"})
    html = render("field", field=form["text"])
    assert 'aria-describedby="id_text_helptext id_text_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_text_helptext"' in html
    assert 'id="id_text_error"' in html
    group = render("field", field=form["radio"])
    assert '<fieldset id="id_radio" tabindex="-1" class="field " aria-describedby="id_radio_error"' in group


def test_help_is_text_never_markup():
    assert "Help with &lt;b&gt;it&lt;/b&gt;" in render("field", field=EveryField()["text"])


def test_a_form_with_a_file_says_so_and_a_plain_one_does_not():
    assert 'enctype="multipart/form-data"' in render("form", form=EveryField())
    assert "enctype" not in render("form", form=forms.Form())


def test_a_refused_form_begins_with_what_is_wrong():
    html = render("form", form=EveryField({}))
    assert html.index("Check what you entered. Nothing was saved.") < html.index("<form")
    assert '<a href="#id_text">Text</a>' in html


def test_a_filter_form_is_sent_by_get_and_needs_no_token():
    html = render("filters", form=EveryField(), in_use=True, clear_url="/here/")
    assert 'method="get"' in html
    assert "csrf" not in html
    assert 'href="/here/"' in html


# Small parts


@pytest.mark.parametrize("finding", ["nc", "compliant", "not_applicable", "not_assessed", "nc_national_law", "info"])
def test_a_finding_is_told_by_words_and_sign_not_only_by_colour(finding):
    html = str(tags.finding_badge(finding))
    assert str(tags.FINDINGS[finding].label) in html
    assert f"#{tags.FINDINGS[finding].icon}" in html


def test_findings_of_one_colour_have_different_signs():
    signs = [(mark.tone, mark.icon) for mark in tags.FINDINGS.values()]
    assert len(set(signs)) == len(signs)


def test_every_sign_is_drawn():
    drawn = set(
        re.findall(r'<symbol id="([a-z]+)"', Path(settings.BASE_DIR / "portal/static/portal/icons.svg").read_text())
    )
    used = {mark.icon for mark in [*tags.FINDINGS.values(), *tags.STATES.values()]}
    for path in TEMPLATES:
        used |= set(re.findall(r'{% icon "([a-z]+)" %}', path.read_text()))
    assert used <= drawn


def test_an_unknown_state_shows_as_itself_and_is_escaped():
    assert "&lt;b&gt;" in str(tags.state_badge("<b>"))


def test_a_country_is_named_in_the_language_of_the_reader_or_shown_as_its_code():
    assert country_name("kh") == "Cambodia"
    assert country_name("XX") == "XX"


@pytest.mark.parametrize(
    ("part", "whole", "shown"), [(1, 4, "25%"), (0, 4, "0%"), (1, 0, "–"), (None, 4, "–"), (37.6, None, "38%")]
)
def test_a_percentage_of_nothing_is_a_dash(part, whole, shown):
    assert tags.percent(part, whole) == shown
    with translation.override("fr"):
        assert tags.percent(part, whole) == shown.replace("%", "\u00a0%")


def test_languages_are_named_in_themselves():
    assert [tags.language_name(code) for code in ("en", "km", "fr", "ar")] == [
        "English",
        "ភាសាខ្មែរ",
        "Français",
        "العربية",
    ]


def test_a_pager_without_neighbours_shows_no_links():
    assert "<a" not in render("keyset_pager", count_text="3 factories")
    assert render("keyset_pager").strip() == ""


def job(**values):
    made = {"id": "1", "state": "running", "is_finished": False, "percent": 40, "error": ""}
    made |= {"message_in_words": "Working", "cancel_requested": False, "get_state_display": "Running"}
    return SimpleNamespace(**{**made, **values})


def test_a_running_job_asks_again_and_works_without_javascript():
    html = render("job_progress", job=job(), poll_url="/jobs/1/", cancel_url="/jobs/1/cancel/")
    assert 'hx-trigger="every 1s"' in html
    assert '<noscript><a class="btn btn-secondary" href="/jobs/1/">' in html
    assert 'value="40"' in html
    assert "/jobs/1/cancel/" in html


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_a_finished_job_asks_no_more_and_is_announced(state):
    html = render("job_progress", job=job(state=state, is_finished=True), poll_url="/jobs/1/")
    assert "hx-get" not in html
    assert "data-announce" in html


# Error pages


@pytest.mark.parametrize("name", ["400", "403", "404", "405", "403_csrf", "429", "500"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_an_error_page_says_what_to_do_and_needs_nothing_from_the_request(name, language):
    with translation.override(language):
        html = render_to_string(f"{name}.html")
    assert "<h1>" in html
    assert 'href="/"' in html
    assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in html


# What the content policy forbids


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_no_template_has_inline_script_or_style(path):
    text = re.sub(r"{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text)
    assert not re.search(r"<style|\sstyle=|javascript:", text)
    assert not re.search(r"\son(click|change|input|submit|load|error|key\w+|mouse\w+|focus|blur|toggle)\s*=", text)
    assert "|safe" not in text


def test_nothing_is_fetched_from_elsewhere():
    for path in (settings.BASE_DIR / "portal/static/portal").glob("*.css"):
        assert not re.search(r"https?:|//[a-z]", path.read_text().replace("http://www.w3.org", "")), path
    for path in TEMPLATES:
        assert not re.search(r'(src|href)="(https?:)?//', path.read_text()), path


# Colours


LIGHT, DARK = CSS.split("@media screen and (prefers-color-scheme: dark)", 1)


def token(name, scheme=LIGHT):
    return re.search(rf"--{name}: (#[0-9a-f]{{6}})", scheme).group(1)


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TONES = ("nc", "ok", "law", "wait", "calm", "mute")
GROUNDS = ("paper", "ground", "ground-deep")
TEXT_PAIRS = [
    *((text, on) for text in ("ink", "ink-soft", "heading", "brand", "nc") for on in GROUNDS),
    *((text, on) for text in ("ink", "heading", "brand") for on in ("brand-soft", "hover")),
    *((text, f"{tone}-soft") for tone in TONES for text in (tone, "ink")),
    *(("paper", tone) for tone in TONES),
    *(("on-action", action) for action in ("action", "action-hover")),
    *((text, "head") for text in ("on-head", "on-head-soft", "thread")),
]


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_can_be_read_on_its_ground(text, ground, scheme):
    ground_of = token(ground, scheme)
    assert contrast(token(text, scheme if f"--{text}:" in scheme else LIGHT), ground_of) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("edge", ["line-strong", "focus", "chart-nc"])
@pytest.mark.parametrize("ground", ["paper", "ground"])
def test_an_edge_that_means_something_is_seen_on_its_ground(edge, ground, scheme):
    assert contrast(token(edge, scheme), token(ground, scheme)) >= 3


# Classes

FOLDERS = ("portal", "factories", "brands", "sharing", "assessments")
BUILT = {"tone", "icon", "swatch"}  # "tone-{{ tone }}", "icon icon-{}": put together where they are used


def words_of_pages():
    """Every word in templates, scripts and Python files: among them each class that a page can have."""
    found = set()
    for folder in FOLDERS:
        for path in (settings.BASE_DIR / folder).rglob("*"):
            if path.suffix in {".html", ".py", ".js"}:
                found.update(re.findall(r"[A-Za-z_][\w-]*", path.read_text()))
    return found


def classes_of_styles():
    whole = "".join((settings.BASE_DIR / f"portal/static/portal/{name}.css").read_text() for name in SHEETS)
    rules = re.sub(r"/\*.*?\*/|url\([^)]*\)", "", whole, flags=re.DOTALL)
    return set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", re.sub(r"\{[^{}]*\}", "{}", rules)))


def test_every_rule_is_for_a_class_that_a_page_can_have():
    words = words_of_pages()
    assert {name for name in classes_of_styles() if name not in words and name.partition("-")[0] not in BUILT} == set()


def test_every_class_in_a_template_has_a_rule():
    styled, hooks = classes_of_styles(), {"icon", *TONES}
    missing = {}
    for path in TEMPLATES:
        text = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", " ", path.read_text(), flags=re.DOTALL)
        names = {name for found in re.findall(r'class="([^"]*)"', text) for name in found.split()}
        if unknown := {name for name in names - styled - hooks if not name.endswith("-")}:
            missing[str(path.relative_to(settings.BASE_DIR))] = unknown
    assert missing == {}


def test_dates_are_written_as_in_the_language_and_never_in_a_fixed_way():
    moment = datetime.datetime(2026, 3, 3, 14, 5, tzinfo=datetime.UTC)
    written = {
        "en": "3 Mar 2026",
        "vi": "3/3/2026",
        "fr": "3 mars 2026",
        "es": "3 de marzo de 2026",
    }
    for language, words in written.items():
        with translation.override(language):
            assert f">{words}<" in tags.day(moment)
            assert f">{words}, 14:05 UTC<" in tags.moment(moment)
    fixed = re.compile(r'date_format\([^"]*"[a-zA-Z] |\|date:"(?!DATE|YEAR_MONTH|Y-m-d|c")')
    for folder in ("portal", "factories", "brands", "sharing", "assessments"):
        for path in (settings.BASE_DIR / folder).rglob("*.[hpt][tyx]*"):
            if path.suffix in {".html", ".py", ".txt"}:
                assert not fixed.search(path.read_text()), f'{path}: write the date with "DATE_FORMAT"'
