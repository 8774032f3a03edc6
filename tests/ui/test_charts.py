"""The charts are drawn by our own code: escaped, script-free, mirrored, and never without their numbers."""

import re
from datetime import date
from xml.etree import ElementTree

import pytest
from django.template import Context, Template
from django.utils import translation

from portal.ui.templatetags.charts import bar_chart, trend_chart, week_chart

ROWS = [("Child Labour", 0, 4), ("Compensation", 4, 7), ("Not assessed", 0, 0)]
POINTS = [("1", 60.0), ("2", None), ("3", 30), ("4", 25.5)]


def parsed(markup):
    """The markup as a tree: it must be well-formed."""
    return ElementTree.fromstring(markup)


def numbers(markup, name):
    return [float(n) for n in re.findall(rf' {name}="([\d.]+)"', markup)]


def test_it_draws_one_bar_per_row_and_the_same_numbers_in_a_table():
    tree = parsed(bar_chart(ROWS, label="By cluster", of="points"))
    bars = tree.findall(".//rect[@class='chart-bar tone-nc']")
    assert [bar.get("width") for bar in bars] == ["0", "57.14", "0"]
    cells = [[cell.text for cell in row] for row in tree.findall(".//tbody/tr")]
    assert cells == [
        ["Child Labour", "0 of 4", "0%"],
        ["Compensation", "4 of 7", "57%"],
        ["Not assessed", None, "–"],
    ]


def test_a_bar_chart_says_in_words_what_it_shows():
    figure = parsed(bar_chart(ROWS, label="By cluster"))
    assert figure.find("figcaption").text == "By cluster"
    drawn = figure.find("div")
    assert drawn.get("role") == "img"
    assert drawn.get("aria-label") == "By cluster. 3 bars; the highest is Compensation, 57%."


@pytest.mark.parametrize("draw", [lambda: bar_chart([], label="x"), lambda: trend_chart([("1", None)], label="x")])
def test_it_says_so_when_there_is_nothing_to_show(draw):
    assert draw() == '<p class="muted">Nothing to show yet.</p>'


def test_it_takes_tuples_dicts_and_objects_alike():
    class Row:
        label, value, total = "A", 1, 2

    as_tuple, as_dict = ("A", 1, 2), {"label": "A", "value": 1, "total": 2}
    drawn = {bar_chart([row], label="x") for row in (as_tuple, as_dict, Row())}
    assert len(drawn) == 1


@pytest.mark.parametrize("evil", ['<script>alert("1")</script>', '"><img src=x onerror=alert(1)>', "{} {0} %s"])
def test_labels_are_text_never_markup(evil):
    for markup in (
        bar_chart([(evil, 1, 2)], label=evil, of=evil),
        trend_chart([(evil, 5)], label=evil, of=evil),
    ):
        tree = parsed(markup)
        assert not tree.findall(".//script")
        assert not tree.findall(".//img")
        assert evil in "".join(tree.itertext())


def test_it_never_uses_a_style_attribute():
    markup = bar_chart(ROWS, label="x") + trend_chart(POINTS, label="x")
    assert "style" not in markup


def test_values_outside_the_scale_stay_inside_the_drawing():
    assert max(numbers(bar_chart([("a", 9, 3)], label="x"), "width")) == 100
    assert min(numbers(trend_chart([("a", 400), ("b", 50)], label="x"), "cy")) > 0


def test_bars_grow_from_the_right_in_right_to_left_languages():
    with translation.override("ar"):
        markup = bar_chart([("أ", 1, 4)], label="x")
    assert 'x="75" width="25"' in markup


def test_time_runs_from_the_right_in_right_to_left_languages():
    left_to_right = numbers(trend_chart(POINTS, label="x"), "cx")
    with translation.override("ar"):
        right_to_left = numbers(trend_chart(POINTS, label="x"), "cx")
    assert left_to_right == sorted(left_to_right)
    assert right_to_left == sorted(right_to_left, reverse=True)


def test_a_missing_value_leaves_a_gap_in_the_line_and_a_dash_in_the_table():
    tree = parsed(trend_chart(POINTS, label="x"))
    lines = tree.findall(".//polyline")
    assert [len(line.get("points").split()) for line in lines] == [2]
    assert len(tree.findall(".//circle")) == 3
    assert [row.find("td").text for row in tree.findall(".//tbody/tr")] == ["60%", "–", "30%", "26%"]


def test_a_trend_describes_itself():
    tree = parsed(trend_chart(POINTS, label="Over cycles", of="Non-compliance rate"))
    assert tree.find(".//svg/title").text == "Over cycles"
    assert tree.find(".//svg/desc").text == "Non-compliance rate from 1 (60%) to 4 (26%)."


@pytest.mark.parametrize("language", ["km", "fr", "ar"])
def test_numbers_in_attributes_keep_their_point_in_every_language(language):
    with translation.override(language):
        assert not re.search(r'(x|width|cx|points)="[^"]*\d,\d+[^,\d .]', bar_chart(ROWS, label="x"))
        assert "57.14" in bar_chart(ROWS, label="x")


def test_it_is_a_template_tag():
    template = Template('{% load charts %}{% bar_chart rows label="By cluster" table=False %}')
    html = template.render(Context({"rows": ROWS}))
    assert 'role="img"' in html
    assert "<table" not in html


def test_a_bar_for_each_week_with_its_scale_and_the_numbers_in_a_table_mirrored_in_arabic():
    weeks = [(date(2026, 3, day), number) for day, number in ((2, 6), (9, 0), (16, 12))]
    tree = parsed(week_chart(weeks, label="Reads"))
    assert [(bar.get("x"), bar.get("height")) for bar in tree.iter("rect")] == [("2", "30"), ("22", "0"), ("42", "60")]
    assert [text.text for text in tree.iter("span")] == ["20", "0", "2 Mar 2026", "this week"]
    assert [[cell.text for cell in row] for row in tree.findall(".//tbody/tr")][2] == ["16 Mar 2026", "12"]
    with translation.override("ar"):
        mirrored = parsed(week_chart(weeks, label="Reads"))
    assert [bar.get("height") for bar in mirrored.iter("rect")] == ["60", "0", "30"]
    assert parsed(week_chart([(date(2026, 3, 2), 0)], label="Reads")).find("p").text == "No reads in these weeks."
