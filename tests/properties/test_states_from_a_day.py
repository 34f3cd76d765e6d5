"""A state that is built from a day on, over the rows it had before, is the state built whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.inputs import WHOLE_HISTORY, part_of, settings_of
from pipelines.parts import EVERYTHING, scan_rows
from pipelines.touched import day_of
from pipelines.workspace import Workspace
from tests.oracle import worlds
from tests.properties.seeds import seeds
from tests.properties.warehouse_runs import run_once
from warehouse import catalog, config
from warehouse.draft import Draft
from warehouse.releases import Releases
from warehouse.store import Store

STATES = [name for name, entry in catalog.load().states.items() if entry.goes_on]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("seed", seeds(8))
def test_rows_from_any_day_on_continue_the_earlier_ones(seed: int, state: str, tmp_path: Path) -> None:
    runs = run_once(tmp_path, worlds.world(seed))
    settings = config.load(tmp_path / "holdfast.toml")
    tables, store = catalog.load().for_sources(settings.sources), Store(settings.home)
    if state not in tables:
        pytest.skip("this world has no source of it")
    draft = Draft.open_or_create(settings.home, "again", runs.head)
    workspace = Workspace(settings, tables, store, draft, Releases(settings.home), lambda _: None)
    entry = tables[state]
    part = part_of(workspace, entry, EVERYTHING, settings_of(workspace, WHOLE_HISTORY))
    frames = {
        parameter: scan_rows(store, catalog.load(), table, part.inputs[parameter])
        for parameter, table in zip(entry.parameters, entry.inputs, strict=True)
    }
    names, day = [column.name for column in entry.table.all_columns], day_of(entry.table)
    whole = entry.computed(frames, part.settings).select(names).collect().sort(names)
    days = [one for one in whole[day].unique().sort() if isinstance(one, date)]
    assert days
    for since in [one + timedelta(days=late) for one in days[:: max(1, len(days) // 5)] for late in (0, 9)]:
        earlier = whole.filter(pl.col(day) <= since)
        later = entry.computed(frames, replace(part.settings, first_day=since)).select(names).collect()
        assert later.filter(pl.col(day) <= since).is_empty()
        assert pl.concat([earlier, later]).sort(names).equals(whole), since
