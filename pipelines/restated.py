"""From which day on a change of undated attributes restates the past.

A customer's channel or country is the same on all its days, so a change reaches back to the first of them. What a row
of dated facts touches is its own day, found where the lake is merged.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from warehouse.manifest import DataFile, Manifest
from warehouse.store import Store

_ATTRIBUTES = ("customer_id", "channel", "country")


def first_day_of_changed_customers(
    store: Store, base: Manifest | None, changes: Mapping[str, DataFile | None]
) -> date | None:
    """The first day, in the base release, of anybody whose attributes these changed partitions of customers change."""
    people = base.of("states", "people") if base else []
    if base is None or not people or not changes:
        return None
    before = _attributes(store, [file for file in base.of("sources", "customers") if file.partition in changes])
    after = _attributes(store, [file for file in changes.values() if file is not None])
    differing = [
        one.join(other, on=_ATTRIBUTES, how="anti", nulls_equal=True)
        for one, other in ((before, after), (after, before))
    ]
    ids = pl.concat(differing)["customer_id"].unique()
    found = store.scan(people).filter(pl.col("kind") == "customer", pl.col("id").is_in(ids.implode()))
    day: date | None = found.select(pl.col("first_day").min()).collect().item()
    return day


def _attributes(store: Store, files: list[DataFile]) -> pl.DataFrame:
    schema = pl.Schema({**dict.fromkeys(_ATTRIBUTES, pl.String()), "is_current": pl.Boolean()})
    return store.scan(files, schema).filter("is_current").select(_ATTRIBUTES).collect()
