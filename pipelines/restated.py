"""From which day on a change of undated attributes restates the past.

A customer's channel or country is the same on all its days, so a change reaches back to the first of them. What a row
of dated facts touches is its own day, found where the lake is merged.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from warehouse.manifest import Manifest
from warehouse.source_rows import Moved
from warehouse.store import Store

_ATTRIBUTES = ("customer_id", "channel", "country")


def first_day_of_changed_customers(store: Store, base: Manifest, found: Moved) -> date | None:
    """The first day, in the base release, of anybody whose attributes the rows of customers that moved since change."""
    people = base.of("states", "people")
    before, after = (rows.select(_ATTRIBUTES) for rows in (found.gone, found.come))
    differing = [
        one.join(other, on=_ATTRIBUTES, how="anti", nulls_equal=True)
        for one, other in ((before, after), (after, before))
    ]
    ids = pl.concat(differing)["customer_id"].unique()
    if not people or ids.is_empty():
        return None
    known = store.scan(people).filter(pl.col("kind") == "customer", pl.col("id").is_in(ids.implode()))
    day: date | None = known.select(pl.col("first_day").min()).collect().item()
    return day
