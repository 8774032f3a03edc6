"""Inline SVG charts, drawn by our own code: no script, no style attribute, readable on a phone, mirrored in
right-to-left languages, and always with the same numbers in a table for those who do not see the drawing.

Labels are ordinary text beside each bar, so they wrap in any script; only bars and lines are SVG.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import cycle
from typing import Any, TypeVar

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from portal.core.days import written
from portal.ui.percent import in_percent

register = template.Library()
T = TypeVar("T")

# The drawing area of a trend line, in the SVG's own units.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 360, 170, 34, 26, 26, 30
GRID = (0, 25, 50, 75, 100)
WEEK_WIDTH, GAP = 20, 4  # of the bar of a week with the gap beside it


@dataclass(frozen=True)
class Bar:
    """One bar: its subject, and `value` out of `total`."""

    label: str
    value: float
    total: float

    @property
    def percent(self) -> float | None:
        """The percentage from 0 to 100; None where nothing was counted."""
        return min(100.0, max(0.0, 100 * self.value / self.total)) if self.total else None

    @property
    def shown(self) -> str:
        """The percentage as text, a dash where nothing was counted."""
        return "–" if self.percent is None else in_percent(self.percent)


@dataclass(frozen=True)
class Point:
    """One point of a trend: its label (a cycle, a year), and a value; None leaves a gap."""

    label: str
    value: float | None


def _field(row: object, name: str, position: int) -> Any:
    if isinstance(row, dict):
        return row.get(name)
    if isinstance(row, Sequence):
        return row[position]
    return getattr(row, name)


@register.simple_tag
def bar_chart(rows: Iterable[object], *, label: str, of: str = "", value_label: str = "", table: bool = True) -> str:
    """Return horizontal bars: one per row of (label, value, total), as tuples, dicts or objects.

    `label` is the chart's title, `of` the word after "3 of 12", `value_label` the heading of the table's number
    column; `table=False` only where the page shows the same numbers in a table of its own beside the chart.
    """
    bars = [Bar(str(_field(r, "label", 0)), _field(r, "value", 1), _field(r, "total", 2)) for r in rows]
    if not bars:
        return format_html('<p class="muted">{}</p>', _("Nothing to show yet."))
    return format_html(
        '<figure class="chart"><figcaption>{}</figcaption>'
        '<div class="bars" role="img" aria-label="{}">{}</div>{}</figure>',
        label,
        f"{label}. {_summary(bars)}",
        format_html_join("", "{}", ((_bar(bar, of),) for bar in bars)),
        _bar_table(bars, label, value_label or of) if table else "",
    )


def _summary(bars: Sequence[Bar]) -> str:
    counted = [bar for bar in bars if bar.percent is not None]
    if not counted:
        return _("Nothing was counted.")
    top = max(counted, key=lambda bar: bar.percent or 0)
    return _("%(n)d bars; the highest is %(label)s, %(value)s.") % {
        "n": len(bars),
        "label": top.label,
        "value": top.shown,
    }


def _bar(bar: Bar, of: str) -> str:
    size = bar.percent or 0
    start = 100 - size if get_language_bidi() else 0
    drawn = format_html(
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" focusable="false">'
        '<rect class="chart-track" width="100" height="10"></rect>'
        '<rect class="chart-bar tone-nc" x="{}" width="{}" height="10"></rect></svg>',
        _number(start),
        _number(size),
    )
    return format_html(
        '<div class="bar"><span class="bar-label"><bdi>{}</bdi></span>{}'
        '<span class="bar-value">{} <small><bdi>{}</bdi></small></span></div>',
        bar.label,
        drawn,
        bar.shown,
        _counted(bar, of),
    )


def _counted(bar: Bar, of: str) -> str:
    if not bar.total:
        return ""
    counted = _("%(value)s of %(total)s") % {"value": _number(bar.value), "total": _number(bar.total)}
    return f"{counted} {of}".strip()


def _bar_table(bars: Sequence[Bar], label: str, value_label: str) -> str:
    rows = ((bar.label, _counted(bar, ""), bar.shown) for bar in bars)
    return _data_table((label, value_label or _("Count"), _("Proportion")), rows)


def _data_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return format_html(
        '<details class="chart-data"><summary>{}</summary><div class="table-wrap"><table class="data-table">'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div></details>",
        _("Show these numbers as a table"),
        format_html_join("", '<th scope="col">{}</th>', ((head,) for head in heads)),
        format_html_join("", "<tr>{}</tr>", ((_cells(row),) for row in rows)),
    )


def _cells(row: Sequence[str]) -> str:
    return format_html(
        '<th scope="row">{}</th>{}', row[0], format_html_join("", "<td>{}</td>", ((c,) for c in row[1:]))
    )


@register.simple_tag
def week_chart(weeks: Sequence[tuple[date, int]], *, label: str) -> str:
    """Return a small upright bar for each week of (first day, number), the scale beside them, and a hidden table.

    The last week is the current one.
    """
    most = max(number for _week, number in weeks)
    if not most:
        return format_html(
            '<figure class="chart"><figcaption>{}</figcaption><p class="muted">{}</p></figure>',
            label,
            _("No reads in these weeks."),
        )
    top = _round_number(most)
    bars = [(_week_bar(place, number / top),) for place, (_day, number) in enumerate(_mirrored(weeks))]
    cells = ((written(week), number) for week, number in weeks)
    return format_html(
        '<figure class="chart"><figcaption>{}</figcaption><div class="weeks" aria-hidden="true">'
        '<div class="weeks-scale"><span>{}</span><span>0</span></div>'
        '<svg viewBox="0 0 {} 100" preserveAspectRatio="none" focusable="false">{}</svg>'
        '<div class="weeks-ends"><span>{}</span><span>{}</span></div></div>'
        '<div class="visually-hidden"><table><thead><tr><th scope="col">{}</th><th scope="col">{}</th></tr></thead>'
        "<tbody>{}</tbody></table></div></figure>",
        label,
        number_format(top, force_grouping=True),
        len(weeks) * WEEK_WIDTH,
        format_html_join("", "{}", bars),
        written(weeks[0][0]),
        _("this week"),
        _("Week from"),
        label,
        format_html_join("", '<tr><th scope="row">{}</th><td>{}</td></tr>', cells),
    )


def _mirrored(rows: Sequence[T]) -> Sequence[T]:
    return rows[::-1] if get_language_bidi() else rows


def _week_bar(place: int, share: float) -> str:
    height = 100 * share
    return format_html(
        '<rect class="chart-bar" x="{}" y="{}" width="{}" height="{}"></rect>',
        place * WEEK_WIDTH + GAP // 2,
        _number(100 - height),
        WEEK_WIDTH - GAP,
        _number(height),
    )


def _round_number(most: int) -> int:
    """Return the top of a scale: the first of 5, 10, 20, 50, 100, 200 and so on that is not below `most`."""
    top, steps = 5, cycle((2, 2, 2.5))
    while top < most:
        top = int(top * next(steps))
    return top


@register.simple_tag
def trend_chart(series: Iterable[object], *, label: str, of: str = "") -> str:
    """Return a line over points of (label, value), in the given order, from 0 to 100 per cent.

    A value of None leaves a gap. `of` names what is measured.
    """
    points = [Point(str(_field(row, "label", 0)), _field(row, "value", 1)) for row in series]
    known = [point for point in points if point.value is not None]
    if not known:
        return format_html('<p class="muted">{}</p>', _("Nothing to show yet."))
    first, last = known[0], known[-1]
    description = _("%(what)s from %(first)s (%(from)s) to %(last)s (%(to)s).") % {
        "what": of or label, "first": first.label, "last": last.label,
        "from": _shown(first), "to": _shown(last),
    }  # fmt: skip
    return format_html(
        '<figure class="chart trend"><figcaption>{}</figcaption>'
        '<svg viewBox="0 0 {} {}" role="img" focusable="false"><title>{}</title><desc>{}</desc>{}{}</svg>'
        "{}</figure>",
        label,
        WIDTH,
        HEIGHT,
        label,
        description,
        _grid(),
        _line(points),
        _data_table((_("Cycle"), of or label), ((p.label, _shown(p)) for p in points)),
    )


def _shown(point: Point) -> str:
    return "–" if point.value is None else in_percent(point.value)


def _x(position: float) -> float:
    """Map `position` from 0 (first) to 1 (last) across the drawing, from the right in right-to-left languages."""
    across = LEFT + position * (WIDTH - LEFT - RIGHT)
    return WIDTH - across if get_language_bidi() else across


def _y(value: float) -> float:
    return TOP + (1 - min(100.0, max(0.0, value)) / 100) * (HEIGHT - TOP - BOTTOM)


def _grid() -> str:
    edge = WIDTH if get_language_bidi() else 0
    lines = (
        (_number(_x(0)), _number(_y(g)), _number(_x(1)), _number(_y(g)), edge, _number(_y(g) + 4), in_percent(g))
        for g in GRID
    )
    return format_html_join(
        "",
        '<line class="chart-axis" x1="{}" y1="{}" x2="{}" y2="{}"></line>'
        '<text class="chart-text" x="{}" y="{}" text-anchor="start">{}</text>',
        lines,
    )


def _line(points: Sequence[Point]) -> str:
    step = 1 / max(1, len(points) - 1)
    inset = 0.06  # keeps the first point off the axis labels
    places = [(p, _x(inset + (1 - inset) * (i * step if len(points) > 1 else 0.5))) for i, p in enumerate(points)]
    drawn = [(p, x, _y(p.value)) for p, x in places if p.value is not None]
    path = format_html_join(
        "",
        '<polyline class="chart-line tone-nc" points="{}"></polyline>',
        ((" ".join(f"{_number(x)},{_number(y)}" for _p, x, y in run),) for run in _runs(points, drawn)),
    )
    dots = format_html_join(
        "",
        '<circle class="chart-dot tone-nc" cx="{}" cy="{}" r="4.5"></circle>'
        '<text class="chart-value" x="{}" y="{}" text-anchor="middle">{}</text>',
        ((_number(x), _number(y), _number(x), _number(y - 11), _shown(p)) for p, x, y in drawn),
    )
    names = format_html_join(
        "",
        '<text class="chart-text" x="{}" y="{}" text-anchor="middle">{}</text>',
        ((_number(x), HEIGHT - 8, p.label) for p, x in places),
    )
    return format_html("{}{}{}", path, dots, names)


def _runs(
    points: Sequence[Point], drawn: Sequence[tuple[Point, float, float]]
) -> list[list[tuple[Point, float, float]]]:
    """Return the drawn points in stretches without a gap."""
    places = {id(place[0]): place for place in drawn}
    runs: list[list[tuple[Point, float, float]]] = [[]]
    for point in points:
        if id(point) in places:
            runs[-1].append(places[id(point)])
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]


def _number(value: float) -> str:
    """Return a number without a needless fraction, with a decimal point in every language, because SVG reads it too."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
