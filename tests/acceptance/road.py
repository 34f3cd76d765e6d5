"""A small business on the whole road, by the command line: what it delivers and what is published of it."""

from __future__ import annotations

from pathlib import Path

from pipelines.cli import main
from warehouse.manifest import DataFile
from warehouse.releases import Releases

USUAL_ORDERS = 60


def make(folder: Path) -> Path:
    """The configuration of a demo of 300 customers, in one shard; nothing is run."""
    assert main(["demo", str(folder), "--customers", "300", "--days", "120", "--seed", "5"]) == 0
    config = folder / "holdfast.toml"
    config.write_text(config.read_text().replace("shards = 4", "shards = 2"))
    return config


def run(config: Path) -> int:
    return main(["run", "--config", str(config)])


def deliver_orders(config: Path, name: str, day: str) -> None:
    """A file of orders of one day."""
    rows = (f"{name}-{n},new-{n},{day}T{n % 24:02}:00:00Z,{10 + n}.50,USD\n" for n in range(USUAL_ORDERS))
    path = config.parent / "inbox" / "orders" / f"{name}.csv"
    path.write_text("order_id,customer_id,ordered_at,amount,currency\n" + "".join(rows))


def published(config: Path) -> dict[str, DataFile]:
    """The metric tables' files of the newest release, by table and partition."""
    head = Releases(config.parent / "warehouse").head()
    assert head is not None
    return {f"{one.table}/{one.partition}": one for one in head.files if one.layer == "metrics"}


def hashes(config: Path) -> dict[str, str]:
    return {place: file.sha256 for place, file in published(config).items()}
