"""One chart as SVG inside a page: the band, the values as a line, the judged days as dots.

Here is only where the ink goes. Texts are escaped; numbers are all that is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from quality.charts import Chart, Point

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 320, 120, 44, 8, 16
CLEAR_OF_VALUES = 2.0


def figure(chart: Chart) -> str:
    """The chart with its caption; what it shows is also said in words."""
    outside = [point for point in chart.points if point.is_judged and point.is_outside]
    said = f"{len(outside)} of the judged days outside of the band" if outside else "all judged days inside of the band"
    known = any(point.high is not None for point in chart.points if point.is_judged)
    caption = (
        f"{chart.metric}: {said}" if known else f"{chart.metric}: no day judged, too few rows or too little history"
    )
    return f"<figure>{_svg(chart, caption)}<figcaption>{escape(caption)}</figcaption></figure>"


def _svg(chart: Chart, title: str) -> str:
    points = chart.points
    top = _top(points)
    parts = [
        *(_band(run, points, top) for run in _runs(points)),
        f'<polyline class="values" points="{_line(points, top)}"/>',
        *(_dot(point, at, points, top) for at, point in enumerate(points) if point.is_judged),
        f'<text class="axis" x="{LEFT - 4}" y="{TOP + 6}" text-anchor="end">{_short(top)}</text>',
        f'<text class="axis" x="{LEFT - 4}" y="{HEIGHT - BOTTOM}" text-anchor="end">0</text>',
        f'<text class="axis" x="{LEFT}" y="{HEIGHT - 4}">{points[0].day}</text>',
        f'<text class="axis" x="{WIDTH}" y="{HEIGHT - 4}" text-anchor="end">{points[-1].day}</text>',
    ]
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{escape(title)}</title>{"".join(parts)}</svg>'


def _top(points: Sequence[Point]) -> float:
    """The top of the scale: a band far above every value is cut off there, so that the line has a shape."""
    highest = max((point.value for point in points if point.value is not None), default=0.0)
    bands = max((point.high for point in points if point.high is not None), default=0.0)
    return max(highest, min(bands, CLEAR_OF_VALUES * highest)) or 1.0


def _runs(points: Sequence[Point]) -> Iterator[list[int]]:
    """The stretches of days that have a band."""
    for has_band, run in groupby(range(len(points)), key=lambda at: points[at].high is not None):
        if has_band:
            yield list(run)


def _band(run: Sequence[int], points: Sequence[Point], top: float) -> str:
    upper = [f"{_x(at, points)},{_y(points[at].high, top)}" for at in run]
    lower = [f"{_x(at, points)},{_y(points[at].low, top)}" for at in reversed(run)]
    return f'<polygon class="band" points="{" ".join([*upper, *lower])}"/>'


def _line(points: Sequence[Point], top: float) -> str:
    known = [(at, point.value) for at, point in enumerate(points) if point.value is not None]
    return " ".join(f"{_x(at, points)},{_y(value, top)}" for at, value in known)


def _dot(point: Point, at: int, points: Sequence[Point], top: float) -> str:
    if point.value is None:
        return ""
    kind = "outside" if point.is_outside else "judged"
    return f'<circle class="{kind}" cx="{_x(at, points)}" cy="{_y(point.value, top)}" r="2.4"/>'


def _x(at: int, points: Sequence[Point]) -> str:
    return f"{LEFT + (WIDTH - LEFT - 4) * at / max(len(points) - 1, 1):.1f}"


def _y(value: float | None, top: float) -> str:
    return f"{HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * min(value or 0.0, top) / top:.1f}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
