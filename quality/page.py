"""A verdict as one static page: what failed, worst first, what was judged, and each source's days with their bands.

Here is only writing HTML: everything that may come out of a delivery is escaped, and the page names no address outside
of itself, so that it reads the same on any machine, on a phone and on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

from quality import drawing
from quality.charts import Chart
from quality.report import HEADINGS, headline
from quality.verdict import Result, Verdict
from warehouse.manifest import Manifest

STYLE = """
:root { color-scheme: light dark; --line: #8886; --bad: #b3261e; --warn: #9a6700; --good: #1a7f37; --info: #57606a; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { margin-top: 2.2rem; } h3 { margin: 0; font-size: 1rem; }
h2, h3 { break-after: avoid; } .charts + h3 { margin-top: 1.2rem; }
.finding { border-left: .35rem solid var(--info); padding: .3rem 0 .3rem .9rem; margin: 1rem 0; break-inside: avoid; }
.critical { border-color: var(--bad); } .warning { border-color: var(--warn); }
.finding p { margin: .2rem 0; } .where { font-family: ui-monospace, monospace; font-size: .85rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem; }
figure { margin: 0; break-inside: avoid; } figcaption { font-size: .85rem; } svg { width: 100%; height: auto; }
.band { fill: #4a90d940; } .values { fill: none; stroke: currentColor; stroke-width: 1.2; }
.judged { fill: var(--good); } .outside { fill: var(--bad); } .axis { font-size: 9px; fill: currentColor; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .25rem .5rem;
border-bottom: 1px solid var(--line); } .number { text-align: right; } .verdict { font-size: 1.15rem; }
@media print { body { max-width: none; font-size: 10pt; color-scheme: light; } }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(verdict: Verdict, manifest: Manifest, charts: Sequence[Chart]) -> str:
    """The whole page."""
    title = f"Release {manifest.number}" if verdict.passed else "Refused candidate"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}: quality</title><style>{STYLE}</style></head><body>",
            f"<h1>{title}, up to {escape(manifest.watermark)}</h1>",
            f'<p class="verdict">{escape(headline(verdict))}</p>',
            f"<p>{_told(manifest, verdict)}</p>",
            *_failed(verdict),
            *_drawn(charts),
            *_judged(verdict),
            "</body></html>\n",
        ]
    )


def _told(manifest: Manifest, verdict: Verdict) -> str:
    since = f" Computed from {manifest.first_day} on." if manifest.first_day else ""
    text = (
        f"Judged at {verdict.judged_at}; days are those of {manifest.time_zone}.{since} "
        f"Content digest {verdict.digest[:16]}."
    )
    return escape(text)


def _failed(verdict: Verdict) -> Iterable[str]:
    if not verdict.failed:
        yield "<h2>What failed</h2><p>Nothing.</p>"
    for severity, found in groupby(verdict.failed, key=lambda one: one.severity):
        results = list(found)
        yield f"<h2>{HEADINGS[severity]} ({len(results)})</h2>"
        yield from map(_finding, results)


def _finding(one: Result) -> str:
    where = f'<p class="where">{escape(one.where)}</p>' if one.where else ""
    return (
        f'<div class="finding {one.severity}"><h3>{escape(one.subject)}: {escape(one.check)}</h3>'
        f"<p>Found {escape(one.observed)}; should be {escape(one.bound)}.</p>"
        f"<p>{escape(one.message)}</p>{where}</div>"
    )


def _drawn(charts: Sequence[Chart]) -> Iterable[str]:
    if charts:
        yield "<h2>The days of each source</h2>"
        yield "<p>The band is what the same weekday of the weeks before lets expect; dots are the days judged now.</p>"
    for source, found in groupby(charts, key=lambda one: one.source):
        yield f'<h3>{escape(source)}</h3><div class="charts">'
        yield from map(drawing.figure, found)
        yield "</div>"


def _judged(verdict: Verdict) -> Iterable[str]:
    yield "<h2>What was judged</h2>"
    yield '<table><tr><th>table</th><th class="number">checks</th><th class="number">failed</th></tr>'
    ordered = sorted(verdict.results, key=lambda one: one.table)
    tables = {table: list(found) for table, found in groupby(ordered, key=lambda one: one.table)}
    for table, results in tables.items():
        failed = sum(not one.passed for one in results)
        yield f'<tr><td>{escape(table)}</td><td class="number">{len(results)}</td><td class="number">{failed}</td></tr>'
    yield "</table><details><summary>Every check that passed</summary><table>"
    yield "<tr><th>table</th><th>check</th><th>found</th><th>should be</th></tr>"
    for one in (one for results in tables.values() for one in results if one.passed):
        cells = (one.subject, one.check, one.observed, one.bound)
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
    yield "</table></details>"
