"""What is sorted as one packed number gives what the plain form in several columns gives."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from assets import steps
from assets.calendar import NEVER, day_number, to_date
from assets.daily_counts import events_by_day
from assets.kernels.active_days import active_days
from assets.packing import LONGER_THAN_ANY, day_in, kinds_of, owner_in, packed
from warehouse.timestamps import FIRST_DAY, LAST_DAY

LARGEST_PERSON = (1 << 32) - 1


def random_function(rng: np.random.Generator, value: str) -> pl.LazyFrame:
    """A closed function of 30 persons with several changes on some days, before 1970 too."""
    rows = pl.DataFrame(
        {
            "person": rng.choice([*range(29), LARGEST_PERSON], 300).astype(np.uint32),
            "day": rng.integers(-40, 40, 300).astype(np.int32),
            value: rng.integers(-2, 3, 300),
        }
    )
    return steps.closed(rows.lazy(), ["person"], value)


def overlay_in_columns(functions: list[pl.LazyFrame], owner: list[str]) -> pl.LazyFrame:
    """The plain form: what changes on a day is added up, then a running sum."""
    together = pl.concat(functions, how="diagonal")
    points = together.group_by(*owner, "day").agg(pl.col("now", "then").sum()).sort(*owner, "day")
    running = points.with_columns(pl.col("now", "then").cum_sum(), end=pl.col("day").shift(-1))
    return running.rename({"day": "start"}).filter((pl.col("now") != 0) | (pl.col("then") != 0))


@pytest.mark.parametrize("seed", range(5))
def test_an_overlay_by_number_is_that_of_columns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    functions = [random_function(rng, "now"), steps.delayed(random_function(rng, "then"), 7)]
    plain = overlay_in_columns(functions, ["person"]).sort("person", "start").collect()
    in_columns = [function.with_columns(currency=pl.lit("EUR")) for function in functions]
    assert plain.height > 100
    for owner, given in ((["person"], functions), (["person", "currency"], in_columns)):
        pieces = steps.overlay(given, owner).sort("person", "start").collect().select(plain.columns)
        assert pieces.equals(plain)
        assert pieces.schema == plain.schema


@pytest.mark.parametrize("currencies", [510, 511, 512, 600])
def test_an_overlay_of_more_currencies_than_have_room_is_that_of_columns(currencies: int) -> None:
    rng = np.random.default_rng(currencies)
    named = pl.DataFrame({"kind": range(currencies), "currency": [f"{n:03}" for n in range(currencies)]}).lazy()

    def function(value: str) -> pl.LazyFrame:
        kinds = pl.Series("kind", [*range(currencies), *rng.integers(0, currencies, 3_000 - currencies)])
        rows = pl.DataFrame(
            {
                "person": rng.choice([0, 1, LARGEST_PERSON], 3_000).astype(np.uint32),
                "kind": kinds,
                "day": rng.integers(-40, 40, 3_000).astype(np.int32),
                value: rng.integers(-2, 3, 3_000),
            }
        )
        return steps.closed(rows.lazy().join(named, on="kind"), ["person", "currency"], value)

    functions, owner = [function("now"), steps.delayed(function("then"), 7)], ["person", "currency"]
    plain = overlay_in_columns(functions, owner).sort(*owner, "start").collect()
    pieces = steps.overlay(functions, owner).sort(*owner, "start").collect().select(plain.columns)
    assert plain["currency"].n_unique() == currencies
    assert pieces.equals(plain)


@pytest.mark.parametrize("rows", [1, 50, 1_000])
@pytest.mark.parametrize("seed", range(5))
def test_gaps_are_days_since_the_day_before(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = pl.DataFrame({"person": rng.integers(0, 40, 200), "day": rng.integers(-90, 90, 200)}).unique()
    user_days = drawn.select(pl.col("person").cast(pl.UInt32), to_date(pl.col("day"))).sample(fraction=1, shuffle=True)
    users = user_days.filter(pl.col("person") % 7 > 0).group_by("person").agg(first_day=pl.col("day").min())
    day = day_number(pl.col("day"))
    plain = (
        user_days.sort("person", "day")
        .with_columns(gap=(day - day.shift(1).over("person")).fill_null(LONGER_THAN_ANY))
        .join(users, on="person", maintain_order="left")
        .select("person", day=day, gap="gap", first_day=day_number(pl.col("first_day")))
    )
    active = active_days(user_days.lazy(), users.lazy(), rows)
    persons = active.users["person"].to_numpy()
    found = [
        pl.DataFrame(
            {
                "person": block.on_each_day(persons),
                "day": block.day,
                "gap": block.gap,
                "first_day": block.on_each_day(active.first_days),
            }
        )
        for block in active.blocks
    ]
    assert pl.concat(found).equals(plain)
    assert len(found) > 5 if rows < 200 // 5 else len(found) >= 1


@pytest.mark.parametrize("seed", range(5))
def test_events_are_counted_by_number_as_by_columns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ends = [FIRST_DAY.toordinal(), LAST_DAY.toordinal()]
    days = [date.fromordinal(ends[n]) if n < 2 else date(2024, 1, int(n)) for n in rng.integers(0, 20, 400)]
    rows = pl.DataFrame(
        {"place": rng.choice([0, 3, (1 << 16) - 1], 400), "who": rng.choice([0, 1, LARGEST_PERSON], 400), "day": days},
        schema={"place": pl.UInt16, "who": pl.UInt32, "day": pl.Date},
    )
    plain = rows.group_by(shard="place", person="who", day="day").agg(events=pl.len().cast(pl.Int64))
    found = events_by_day(rows.lazy(), "place", "who").collect()
    assert plain["events"].max() > 1
    assert found.equals(plain.sort("shard", "person", "day"))
    assert events_by_day(rows.clear().lazy(), "place", "who").collect().schema == found.schema


def test_all_owners_and_days_that_have_room_come_out_as_they_went_in() -> None:
    ends = [(owner, day) for owner in (0, (1 << 41) - 1) for day in (-1_048_576, 3_145_727)]
    rows = pl.DataFrame(ends, schema={"owner": pl.Int64, "day": pl.Int32}, orient="row")
    number = packed(pl.col("owner"), pl.col("day"))
    assert rows.select(owner=owner_in(number, pl.Int64), day=day_in(number)).equals(rows)
    assert rows.select(number).to_series().to_list() == [0, (1 << 22) - 1, ((1 << 41) - 1) << 22, (1 << 63) - 1]


def test_the_ends_of_what_fits_come_out_as_they_went_in() -> None:
    first = (date.min - date(1970, 1, 1)).days
    rows = pl.DataFrame(
        {"person": [0, LARGEST_PERSON], "day": [first, NEVER + 730]}, schema={"person": pl.UInt32, "day": pl.Int32}
    )
    number = packed(pl.col("person"), pl.col("day"))
    assert rows.select(person=owner_in(number, pl.UInt32), day=day_in(number)).equals(rows)


def test_more_currencies_than_have_room_are_refused_not_mixed_up() -> None:
    names = pl.Series("currency", [f"{n:03}" for n in range(512)])
    assert kinds_of(names[1:]).categories.to_list() == names[1:].to_list()
    with pytest.raises(ValueError, match="512 values of currency in one shard: 511 can be told apart"):
        kinds_of(names)
