"""The source rows behind a difference between two releases: what came, changed or went, by file and line.

Which rows a table reads is known by its declaration (sources, look-back) and by the keys of the rows that differ: days,
customer, currency, and who has the segment's value.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl

from pipelines.days import DIMENSION_COLUMNS
from pipelines.diff import changed_rows
from pipelines.parts import catalog_in, scan_rows
from pipelines.show import MOST_ROWS, open_release
from pipelines.text import cell, grid
from warehouse import codes, source_rows
from warehouse.cells import Shape
from warehouse.config import Config
from warehouse.manifest import Manifest
from warehouse.source_rows import KEY, ORIGIN
from warehouse.store import Store
from warehouse.table import DATE, SEGMENT_ALL, Table

ATTRIBUTES, RATES = "customers", "fx_rates"
HEADER = ("change", "source", "file", "row", "day", "id", "what")
_NOT_TOLD = {*ORIGIN, KEY, "is_current", "day", "customer", "user", "customer_shard", "updated_at", "received_at"}


def describe(config: Config, first: int, second: int, table: str, where: str | None, last: int | None) -> str:
    """The source rows that differ between the lakes of two releases and that the differing rows of a table read.

    Raises UsageError.
    """
    compared, found = changed_rows(config, first, second, table, where, last)
    if found.is_empty():
        return f"No cell of {table} that this picks differs between releases {first} and {second}."
    before, after = (open_release(config, number) for number in (first, second))
    declared, store = catalog_in(None)[table].table, Store(config.home)
    lines: list[tuple[object, ...]] = []
    for source in _sources(declared, compared.shape, found):
        files = [release.by_partition("sources", source) for release in (before, after)]
        moved = source_rows.moved(store, source, files[0], files[1])
        read = _read_by(store, declared, source, found, (before, after))
        lines += _told(source, _picked(moved.gone, read), _picked(moved.come, read))
    if not lines:
        return (
            f"No source row behind {found.height:,} rows of {table} came, changed or went: the definition, the "
            "configuration or the days are new. `holdfast show restatements` says which."
        )
    shown = grid(HEADER, lines[:MOST_ROWS], keys=len(HEADER) - 1, widest=100)
    more = f", the first {MOST_ROWS} shown" if len(lines) > MOST_ROWS else ""
    return f"{shown}\n\n{len(lines):,} source rows behind {found.height:,} rows of {table}{more}"


def _sources(declared: Table, shape: Shape, found: pl.DataFrame) -> list[str]:
    """Facts first; attributes where people are told apart by them, rates where amounts are converted."""
    more = [ATTRIBUTES] if shape.is_segmented and (found["segment"] != SEGMENT_ALL).any() else []
    more += [RATES] if "is_converted" in shape.keys and found["is_converted"].any() else []
    return [*declared.sources, *more]


def _read_by(
    store: Store, declared: Table, source: str, found: pl.DataFrame, releases: tuple[Manifest, Manifest]
) -> list[pl.Expr]:
    """Conditions that a row of the source meets if the rows found read it; those that do not apply are left out."""
    schema = catalog_in(None)[source].table.polars_schema()
    conditions = []
    if DATE in found.columns and source != ATTRIBUTES:
        last_day, first_day = found[DATE].max(), found[DATE].min()
        assert isinstance(last_day, date)
        assert isinstance(first_day, date)
        conditions.append(pl.col("day") <= last_day)
        if declared.look_back_days is not None and source != RATES:
            conditions.append(pl.col("day") >= first_day - timedelta(days=declared.look_back_days))
    if "customer_id" in found.columns and "customer_id" in schema:
        conditions.append(pl.col("customer_id").is_in(found["customer_id"].unique().implode()))
    is_plain = "is_converted" not in found.columns or not found["is_converted"].any()
    if "currency" in found.columns and "currency" in schema and is_plain:
        conditions.append(pl.col("currency").is_in(found["currency"].unique().implode()))
    if "segment" in found.columns and (found["segment"] != SEGMENT_ALL).all():
        people = _people(store, found, releases)
        kinds = [kind for kind in ("customer", "user") if f"{kind}_id" in schema]
        if kinds:
            among = (pl.col(f"{kind}_id").is_in(people[kind].implode()) for kind in kinds)
            conditions.append(pl.any_horizontal(among))
    return conditions


def _people(store: Store, found: pl.DataFrame, releases: tuple[Manifest, Manifest]) -> dict[str, pl.Series]:
    """The ids, by kind, of everybody who has one of the segment values in either release, at any time."""
    values, tables, parts = found.select("segment", "segment_value").unique(), catalog_in(None), []
    for release in releases:
        spans, people = (
            scan_rows(store, tables, state, release.of("states", state)) for state in ("segment_spans", "people")
        )
        # Releases of old have the spans of users, too.
        of_customers = pl.col("kind") == "customer" if "kind" in spans.collect_schema() else pl.lit(True)
        customers = spans.filter(of_customers).join(values.lazy(), on=["segment", "segment_value"], how="semi")
        owners = pl.concat(
            [
                customers.select("shard", "person", kind=pl.lit("customer")),
                people.filter(pl.col("kind") == "user", _has_ever(values)).select("shard", "person", "kind"),
            ]
        )
        ids = scan_rows(store, tables, codes.TABLE, release.of("sources", codes.TABLE)).rename({"code": "person"})
        parts.append(ids.join(owners.unique(), on=["kind", "shard", "person"], how="semi").select("kind", "id"))
    everybody = pl.concat(parts).unique().collect()
    return {kind: everybody.filter(kind=kind)["id"] for kind in ("customer", "user")}


def _has_ever(values: pl.DataFrame) -> pl.Expr:
    """Whether a user has one of the segment values at any time: tenure passes through all of its own."""
    kept = {dimension: pl.col(dimension) for dimension in DIMENSION_COLUMNS}
    return pl.any_horizontal(
        kept[segment] == value if segment in kept else pl.lit(segment == "tenure")
        for segment, value in values.iter_rows()
    )


def _picked(rows: pl.DataFrame, conditions: list[pl.Expr]) -> pl.DataFrame:
    return rows.filter(*conditions) if conditions else rows


def _told(source: str, gone: pl.DataFrame, come: pl.DataFrame) -> list[tuple[object, ...]]:
    """One line per id that changed, per row that came and per row that went; by day and place."""
    former = {row[KEY]: row for row in gone.iter_rows(named=True) if row[KEY] is not None}
    lines = []
    for row in come.iter_rows(named=True):
        old = former.pop(row[KEY], None) if row[KEY] is not None else None
        lines.append(_line("added" if old is None else "changed", source, row, old))
    left = [row for row in gone.iter_rows(named=True) if row[KEY] is None or row[KEY] in former]
    lines += [_line("removed", source, row, None) for row in left]
    return sorted(lines, key=lambda line: (str(line[4]), str(line[2]), int(str(line[3])), line[0]))


def _line(change: str, source: str, row: dict[str, object], old: dict[str, object] | None) -> tuple[object, ...]:
    if old is None:
        known = (None, row[KEY], *(row[name] for name in row if isinstance(row[name], datetime)))
        told = {name: value for name, value in row.items() if name not in _NOT_TOLD and value not in known}
        what = ", ".join(f"{name} {cell(value)}" for name, value in told.items())
    else:
        names = [name for name in row if name not in _NOT_TOLD - {"day"} and row[name] != old[name]]
        what = ", ".join(f"{name} {cell(old[name]) or 'nothing'} -> {cell(row[name]) or 'nothing'}" for name in names)
    return change, source, row["file"], row["row"], row["day"], str(row[KEY] or "").replace("\n", " "), what
