"""Two works on raw events, in the product and in DuckDB, on the same files.

`activity`: from raw files to who was active on which day, in codes, sorted. `merge`: a late file, half of it ids that
are known, into a lake of the whole history. Ours takes files in as a run does: every row is judged by its contract,
and every version of it is kept.
"""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

import polars as pl

from pipelines.build import build_state
from pipelines.workspace import Workspace
from tests.bench.intake import raw
from tests.ingest.shop import Shop
from warehouse import catalog
from warehouse.releases import Releases

SHARDS: Final = 8
TOML: Final = f'[warehouse]\nshards = {SHARDS}\n\n[sources.events]\npath = "inbox/*.parquet"\n'
ENGINES: Final = ("ours", "duckdb")
QUERIES: Final = Path(__file__).parent
BYTES_OF_A_GROUP: Final = 150_000_000
EVENT: Final = ("event_id", "user_id", "customer_id", "occurred_at", "event_name", "value", "received_at")


@dataclass(frozen=True)
class Work:
    """`run` returns what does the work, with all that is not measured done; `answer` reads what it left."""

    name: str
    title: str
    goal: float
    run: dict[str, Callable[[Path, Path], Callable[[], None]]]
    answer: dict[str, Callable[[Path, Path], pl.LazyFrame]]


def prepare(home: Path, events: int, seed: int) -> None:
    """The raw files, and of each engine a lake into which the late file has not come yet."""
    raw.make(home / "inbox", home / "late" / "late.parquet", events, seed)
    shop = Shop(_fresh(home / "ours"), TOML)
    _link(sorted((home / "inbox").iterdir()), shop.folder / "inbox")
    shop.take_in()
    (home / "head.pickle").write_bytes(pickle.dumps(shop.head))
    current = shop.scan_lake("events").select(EVENT)
    for month in sorted(file.stem for file in (home / "inbox").iterdir()):
        folder = _fresh(home / "lake" / f"month={month}")
        # Every day of the years has its month among the files.
        rows = current.filter(pl.col("occurred_at").dt.strftime("%Y-%m") == month).sort("received_at", "event_id")
        rows.sink_parquet(folder / "data.parquet", compression="zstd", compression_level=3)


def _our_activity(home: Path, target: Path) -> Callable[[], None]:
    shop = Shop(_fresh(target), TOML)
    _link(sorted((home / "inbox").iterdir()), shop.folder / "inbox")

    def run() -> None:
        shop.take_in()
        assert shop.draft is not None
        tables = catalog.load().for_sources(shop.config.sources)
        releases = Releases(shop.config.home)
        build_state(Workspace(shop.config, tables, shop.store, shop.draft, releases, _tell_nobody), "user_days")

    return run


def _activity_of_ours(home: Path, target: Path) -> pl.LazyFrame:
    del home
    data = target / "warehouse" / "data"
    days = pl.scan_parquet(data / "states" / "user_days" / "*" / "*" / "*.parquet", hive_partitioning=False)
    codes = pl.scan_parquet(
        data / "sources" / "person_codes" / "*" / "*.parquet", hive_partitioning=True, hive_schema={"shard": pl.UInt16}
    )
    users = codes.filter(kind="user").rename({"code": "person", "id": "user_id"})
    return days.join(users, on=["shard", "person"]).select("user_id", "day", "events")


def _their_activity(home: Path, target: Path) -> Callable[[], None]:
    return _script("activity", inbox=home / "inbox", target=_fresh(target))


def _activity_of_theirs(home: Path, target: Path) -> pl.LazyFrame:
    del home
    days, codes = (pl.scan_parquet(target / f"{name}.parquet") for name in ("activity", "codes"))
    return days.join(codes, on="person").select("user_id", "day", "events")


def _our_merge(home: Path, target: Path) -> Callable[[], None]:
    shop = Shop(home / "ours", TOML)
    shop.head = pickle.loads((home / "head.pickle").read_bytes())
    shutil.rmtree(shop.config.home / "staging", ignore_errors=True)
    _link([home / "late" / "late.parquet"], shop.folder / "inbox")

    def run() -> None:
        shop.take_in()
        _fresh(target)
        (target / "head.pickle").write_bytes(pickle.dumps(shop.head))

    return run


def _lake_of_ours(home: Path, target: Path) -> pl.LazyFrame:
    shop = Shop(home / "ours", TOML)
    shop.head = pickle.loads((target / "head.pickle").read_bytes())
    return shop.scan_lake("events").select(EVENT)


def _their_merge(home: Path, target: Path) -> Callable[[], None]:
    shutil.rmtree(target, ignore_errors=True)
    return _script("merge", lake=home / "lake", late=home / "late" / "late.parquet", target=target)


def _lake_of_theirs(home: Path, target: Path) -> pl.LazyFrame:
    """The months that were written, and the others as they were."""
    written = {folder.name for folder in target.iterdir()}
    kept = [folder for folder in (home / "lake").iterdir() if folder.name not in written]
    files = [file for folder in [*target.iterdir(), *kept] for file in folder.glob("*.parquet")]
    frames = [pl.scan_parquet(file, hive_partitioning=False).select(EVENT) for file in files]
    return pl.concat(frames)


def _script(name: str, **folders: Path) -> Callable[[], None]:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    text = Template((QUERIES / f"{name}.sql").read_text()).substitute(folders)
    return lambda: connection.execute(text) and None


def check_equal(work: Work, home: Path, targets: dict[str, Path]) -> int:
    """How many rows both have; raises ValueError where they are not the same. Looked at by groups of users or ids, so
    that no answer is in memory whole."""
    answers = [work.answer[engine](home, targets[engine]) for engine in ENGINES]
    groups = 1 + sum(file.stat().st_size for file in (home / "inbox").iterdir()) // BYTES_OF_A_GROUP
    return sum(_check_group(work, *(_group(rows, number, groups) for rows in answers)) for number in range(groups))


def _group(rows: pl.LazyFrame, number: int, groups: int) -> pl.DataFrame:
    key, *others = rows.collect_schema().names()
    return rows.filter(pl.col(key).hash() % groups == number).collect(engine="streaming").sort(key, *others[:1])


def _check_group(work: Work, ours: pl.DataFrame, theirs: pl.DataFrame) -> int:
    alike = theirs.select(pl.col(name).cast(dtype) for name, dtype in ours.schema.items())
    if not ours.equals(alike):
        differing = ours.join(alike, on=ours.columns, how="anti", nulls_equal=True)
        sizes = f"{ours.height} rows of ours, {theirs.height} of DuckDB's"
        raise ValueError(f"{work.name}: {sizes}; only ours: {differing}")
    return ours.height


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _link(files: list[Path], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for file in files:
        if not (folder / file.name).exists():
            os.link(file, folder / file.name)


def _tell_nobody(line: str) -> None:
    del line


WORKS: Final = (
    Work(
        "activity",
        "activity from raw events with string ids",
        1.5,
        {"ours": _our_activity, "duckdb": _their_activity},
        {"ours": _activity_of_ours, "duckdb": _activity_of_theirs},
    ),
    Work(
        "merge",
        "ingest with de-duplication over the whole history",
        1.5,
        {"ours": _our_merge, "duckdb": _their_merge},
        {"ours": _lake_of_ours, "duckdb": _lake_of_theirs},
    ),
)


def named(name: str) -> Work:
    """The work of that name; KeyError where there is none."""
    return {work.name: work for work in WORKS}[name]
