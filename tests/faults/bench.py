"""A demo of two months, taken in but for its last day, and that day's files: one is spoilt, delivered, and judged.

Nothing is published and no table computed: what becomes of rows and what the gate says of deliveries and days needs the
sources only. Every trial starts from the same base, so trials do not see each other.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from pipelines import ingest
from pipelines.demo import generate
from pipelines.rates import check_rates
from pipelines.workspace import Workspace
from quality.audit import Audit
from quality.verdict import Observation
from tests.quality.shop import fails
from warehouse import catalog, config, ledger
from warehouse.candidate import Candidate
from warehouse.draft import Draft
from warehouse.errors import HoldfastError
from warehouse.ledger import Line
from warehouse.manifest import Manifest
from warehouse.releases import Releases
from warehouse.store import Store

CUSTOMERS, DAYS, SEED = 1200, 63, 5
DAY, DAY_AFTER = "2026-10-30", "2026-10-31"
FILES = {"orders": ".csv", "subscriptions": ".jsonl.gz", "events": ".parquet"}
EMPTY = Manifest(0, None, "", "", None, "UTC", "", "", "", "run", "", (), {})
Spoil = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Outcome:
    """What became of one delivery: the ledger's line of the file, why rows are in quarantine, by row, what the gate
    says, and the message that stopped the run, if one did."""

    delivered: int
    line: Line | None
    reasons: Mapping[int, str]
    in_lake: int
    failed: tuple[Observation, ...]
    refusal: str = ""

    def checks(self, severity: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.check for one in self.failed if one.severity == severity))


class Bench:
    """Made once; `deliver` as often as one likes."""

    def __init__(self, folder: Path) -> None:
        generate(folder, CUSTOMERS, DAYS, SEED, period="day")
        self.folder = folder
        self._config = config.load(folder / "holdfast.toml")
        self._store = Store(self._config.home)
        self._catalog = catalog.load()
        self._runs = 0
        self.clean: dict[str, bytes] = {}
        for source, ending in FILES.items():
            self.clean[source] = self.file(source).read_bytes()
            for day in (DAY, DAY_AFTER):
                (folder / "inbox" / source / f"{day}{ending}").unlink(missing_ok=True)
        for source in ("customers", "fx_rates"):
            self.clean[source] = self.file(source).read_bytes()
        self._head = replace(self._taken_in(None), number=1, watermark="2026-10-29")
        self._usual = {source: self.deliver(source) for source in self.clean}

    def file(self, source: str) -> Path:
        name = f"{DAY}{FILES[source]}" if source in FILES else "2026.csv"
        return self.folder / "inbox" / source / name

    def rows(self, source: str) -> pl.DataFrame:
        """The rows of the clean file, all text but in events."""
        return decoded(self.file(source).name, self.clean[source])

    def usual(self, source: str) -> Outcome:
        """What becomes of the file as it should be."""
        return self._usual[source]

    def deliver(self, source: str, content: bytes | None = None, also: Mapping[str, bytes] | None = None) -> Outcome:
        """The outcome of the source's file with this content (default: the clean one), and of `also`, more files by
        name beside it. The inbox is put back afterwards."""
        file = self.file(source)
        before = file.read_bytes() if file.exists() else None
        others = {file.with_name(name): more for name, more in (also or {}).items()}
        try:
            for path, more in {file: self.clean[source] if content is None else content, **others}.items():
                path.write_bytes(more)
            return self._outcome(source, file, decoded_rows(file.name, file.read_bytes()))
        finally:
            for path in (file, *others):
                path.unlink(missing_ok=True)
            if before is not None:
                file.write_bytes(before)

    def _outcome(self, source: str, file: Path, delivered: int) -> Outcome:
        try:
            manifest = self._taken_in(self._head)
        except HoldfastError as error:
            return Outcome(delivered, None, {}, 0, (), str(error))
        staged = Candidate(self.folder, manifest)
        audit = Audit(staged, self._catalog, self._config, self._store, self._head)
        found = audit.of_source(self._catalog[source])
        path = file.relative_to(self.folder).as_posix()
        lines = ledger.read(self._store, {one.partition: one for one in manifest.of("ledger", "files")}, source)
        lake = self._store.scan(manifest.of("sources", source)).filter(pl.col("file") == path).select(pl.len())
        aside = manifest.of("quarantine", source)
        bad = self._store.scan(aside).filter(pl.col("file") == path).collect().rows(named=True) if aside else []
        return Outcome(
            delivered,
            lines[path],
            {row["row"]: row["reasons"] for row in bad},
            int(lake.collect().item()),
            tuple(one for one in found if fails(one)),
        )

    def _taken_in(self, head: Manifest | None) -> Manifest:
        self._runs += 1
        draft = Draft.open_or_create(self._config.home, f"run-{self._runs}", head)
        releases = Releases(self._config.home)
        workspace = Workspace(self._config, self._catalog, self._store, draft, releases, lambda _: None)
        for source in self._config.sources:
            ingest.take_in(workspace, source)
        check_rates(workspace)
        return replace(EMPTY, files=draft.all_files(), notes=draft.all_notes(), watermark=DAY)


def decoded(name: str, content: bytes) -> pl.DataFrame:
    if name.endswith(".parquet"):
        return pl.read_parquet(io.BytesIO(content))
    if name.endswith(".csv"):
        return pl.read_csv(io.BytesIO(content), infer_schema=False)
    return pl.DataFrame({"line": gzip.decompress(content).decode().splitlines()})


def decoded_rows(name: str, content: bytes) -> int:
    """How many rows a file has, counted without the product; 0 where it cannot be read."""
    try:
        if name.endswith(".parquet"):
            return pl.read_parquet(io.BytesIO(content)).height
        if name.endswith(".csv"):
            return max(0, sum(bool(line.strip()) for line in content.decode().splitlines()) - 1)
        return len(gzip.decompress(content).decode().splitlines())
    except (pl.exceptions.PolarsError, UnicodeDecodeError, OSError, EOFError):
        return 0


def encoded(name: str, rows: pl.DataFrame) -> bytes:
    if name.endswith(".parquet"):
        buffer = io.BytesIO()
        rows.write_parquet(buffer)
        return buffer.getvalue()
    if name.endswith(".csv"):
        return rows.write_csv().encode()
    return gzip.compress(("\n".join(rows["line"]) + "\n").encode(), mtime=0)
