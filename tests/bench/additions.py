"""What the tables of value, health and words cost beside the core.

    python -m tests.bench.additions FOLDER [--customers N] [--days N] [--shards N] [--page PAGE]

One first run is taken apart by table and step, so that both sides see the same machine, files and memory. To the
additions go their tables, the source and the states that only they read, and of the audit and the publish the share of
the cells they publish. The core is all else, imports included. FOLDER is made anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from tests.bench import demo, page
from warehouse import catalog
from warehouse.catalog import Catalog

ADDED: Final = frozenset(
    {
        "renewals_daily",
        "upcoming_renewals",
        "payments_daily",
        "churn_reasons_daily",
        "customer_value",
        "ltv_daily",
        "survival_curves",
        "customer_health",
        "sentiment_daily",
        "metric_trends",
    }
)
SHARED: Final = ("audit", "publish")
MOST: Final = 0.4


def only_for(tables: Catalog, added: Set[str]) -> frozenset[str]:
    """The added tables, and the sources and states that nothing else reads; a published table of the core stays one."""
    mine = set(added)
    readers: dict[str, set[str]] = {}
    for entry in tables:
        for name in (*entry.inputs, *entry.references):
            readers.setdefault(name, set()).add(entry.table.name)
    while True:
        more = {name for name, by in readers.items() if by <= mine} - mine - tables.metrics.keys()
        if not more:
            return frozenset(mine)
        mine |= more


def cells(release: Path) -> dict[str, int]:
    """How many cells each published table has."""
    found: dict[str, int] = {}
    for file in release.rglob("*.parquet"):
        known = pq.read_metadata(file)
        name = file.relative_to(release).parts[0]
        found[name] = found.get(name, 0) + known.num_rows * known.num_columns
    return found


def costs(told: Mapping[str, Any], mine: Set[str], share: float) -> list[tuple[str, float]]:
    """What the additions cost, stage by stage, dearest first; of what all share, their part."""
    stages = {key.rpartition(".")[2]: cost["cpu"] for key, cost in told["stages"].items()}
    own = [(name, cpu) for name, cpu in stages.items() if name in mine]
    shared = [(f"{name}, {share:.0%} of it", stages[name] * share) for name in SHARED if name in stages]
    return sorted(own + shared, key=lambda one: -one[1])


def table(told: Mapping[str, Any], mine: Set[str], share: float, title: str) -> str:
    found = costs(told, mine, share)
    added = sum(cpu for _, cpu in found)
    core = told["total"]["cpu"] + told["imports"]["cpu"] - added
    rows = [f"| {name} | {cpu:.2f} s | {cpu / core:.1%} |" for name, cpu in found]
    ends = f"| **all of it** (bound {MOST:.0%}) | {added:.1f} s | {added / core:.1%} |"
    return "\n".join(
        [f"{title} The core cost {core:.1f} s.", "", "| addition | CPU | of the core |", "|---|---:|---:|", *rows, ends]
    )


def main() -> None:
    words = argparse.ArgumentParser(description="What the added tables cost beside the core.")
    words.add_argument("folder", type=Path)
    words.add_argument("--customers", type=int, default=42_000)
    words.add_argument("--days", type=int, default=730)
    words.add_argument("--shards", type=int, default=8)
    words.add_argument("--page", type=Path)
    asked = words.parse_args()
    business = demo.make(asked.folder, asked.customers, asked.days)
    told = business.first_run(asked.shards)
    counted = cells((asked.folder / "warehouse" / "current").resolve())
    share = sum(number for name, number in counted.items() if name in ADDED) / sum(counted.values())
    size = f"{business.events:,} events of {asked.customers:,} customers in {asked.days:,} days, {asked.shards} shards."
    text = table(told, only_for(catalog.load(), ADDED), share, f"A first run over {size}")
    print(text)
    if asked.page:
        page.replace_part(asked.page, "additions", text)


if __name__ == "__main__":
    main()
