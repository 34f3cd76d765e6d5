"""Where a whole first run's time goes: `python -m tests.bench.stages FOLDER [--customers N] [--days N] [--shards N]`.

Prints a row for every table and step; `--page docs/performance.md` puts them there and draws docs/images/stages.svg.
FOLDER is made anew.
"""

from __future__ import annotations

import argparse
import json
from html import escape
from pathlib import Path
from typing import Any

from tests.bench import demo, page

Cost = dict[str, float]
PICTURE = Path("docs/images/stages.svg")
COLOURS = {"sources": "#4477aa", "states": "#228833", "metrics": "#ccbb44", "run": "#aa3377"}
FORMATS = {"events": "Parquet", "subscriptions": "JSON lines, gzipped"}
ROW, LABEL, BAR = 17, 300, 470


def stages(told: dict[str, Any]) -> list[tuple[str, str, Cost]]:
    """Layer, name and cost of every stage, the imports among them, in the order of the layers and then by cost."""
    found = []
    for key, cost in (told["stages"] | {"imports": told["imports"]}).items():
        layer, _, name = key.rpartition(".")
        if layer == "sources":
            name = f"{name} ({FORMATS.get(name, 'CSV')})"
        found.append((layer or "run", name, cost))
    order = list(COLOURS)
    return sorted(found, key=lambda one: (order.index(one[0]), -one[2]["cpu"]))


def table(told: dict[str, Any], title: str) -> str:
    """The stages as Markdown, with a line on the whole."""
    whole = told["total"]["cpu"] + told["imports"]["cpu"]
    rows = [
        f"| {layer} | {name} | {cost['cpu']:.2f} s | {cost['cpu'] / whole:.1%} | {cost['seconds']:.2f} s "
        f"| {cost['bytes'] / 1e6:,.0f} MB |"
        for layer, name, cost in stages(told)
    ]
    seconds = told["total"]["seconds"] + told["imports"]["seconds"]
    ends = f"| | **all** | {whole:.1f} s | 100 % | {seconds:.1f} s | {told['total']['bytes'] / 1e6:,.0f} MB |"
    head = ["| layer | stage | CPU | share | on the clock | read |", "|---|---|---:|---:|---:|---:|"]
    peak = f"Peak memory {told['peak'] / 1e6:,.0f} MB."
    return "\n".join([f"{title} {peak}", "", *head, *rows, ends])


def picture(told: dict[str, Any], title: str) -> str:
    """One bar of CPU for each stage, coloured by layer."""
    found = stages(told)
    longest = max(cost["cpu"] for _, _, cost in found)
    height = ROW * (len(found) + 3)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + BAR + 90}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="8" y="{ROW}" font-weight="bold">{escape(title)}</text>',
    ]
    for place, (layer, name, cost) in enumerate(found):
        y, width = ROW * (place + 2), max(1.0, BAR * cost["cpu"] / longest)
        lines += [
            f'<text x="{LABEL - 8}" y="{y + 12}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{LABEL}" y="{y + 2}" width="{width:.1f}" height="{ROW - 4}" fill="{COLOURS[layer]}"/>',
            f'<text x="{LABEL + width + 5:.1f}" y="{y + 12}">{cost["cpu"]:.2f} s</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])


def main() -> None:
    words = argparse.ArgumentParser(description="Where a whole first run's time goes.")
    words.add_argument("folder", type=Path)
    words.add_argument("--customers", type=int, default=20_000)
    words.add_argument("--days", type=int, default=730)
    words.add_argument("--shards", type=int, default=4)
    words.add_argument("--page", type=Path)
    asked = words.parse_args()
    business = demo.make(asked.folder, asked.customers, asked.days)
    told = business.first_run(asked.shards)
    size = f"{business.events:,} events of {asked.customers:,} customers in {asked.days:,} days, {asked.shards} shards"
    print(json.dumps(told))
    print(table(told, f"A first run over {size}."))
    if asked.page:
        page.replace_part(asked.page, "stages", table(told, f"A first run over {size}."))
        PICTURE.write_text(picture(told, f"CPU seconds of a first run over {size}"))


if __name__ == "__main__":
    main()
