"""Who belongs to the customers that bring in most: `high`, `mid` and `low`, set anew on the first of each month.

The thresholds of a month need every customer, so this state is built across all shards.
Source: docs/metrics.md section 7.
"""

from __future__ import annotations

import polars as pl

from assets.calendar import day_number, period_number, period_start, to_date
from assets.conversion import rated
from assets.once import once
from assets.packing import PERSONS, person_number
from assets.steps import closed, overlay, trailing
from warehouse.settings import Settings
from warehouse.table import Column, Table

GOES_ON = True
PERSON = ["shard", "person"]
TRAILING_DAYS = 365
HIGH_SHARE, MID_SHARE = 80, 95
HIGH, MID, LOW = "high", "mid", "low"
TIERS = (LOW, MID, HIGH)
_LOWEST = pl.lit(0, pl.UInt8)
# Room for the number of any month beside a person, and for a tier beside both.
_MONTHS, _TIERS = 1 << 17, 1 << 2

table = Table(
    name="value_tiers",
    description="The value tier of each customer, from the first of each month on which it becomes another.",
    layer="states",
    grain=(
        Column("shard", pl.UInt16, "The shard of the customer.", "shard"),
        Column("person", pl.UInt32, "The customer's code in its shard.", "code"),
        Column("start_day", pl.Date, "The first of the month from which it holds.", "day"),
    ),
    columns=(Column("tier", pl.String, "The tier.", "tier", allowed=(HIGH, MID, LOW)),),
    partitioning="shard",
    sources=("orders", "subscriptions"),
)


def build(
    all_people: pl.LazyFrame,
    all_order_days: pl.LazyFrame,
    all_mrr_changes: pl.LazyFrame,
    all_fx_rates: pl.LazyFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """One row per customer and first of a month after `first_day` on which its tier changes, its first such month
    included; before the first row of all it is unknown. `all_people` are their `first_months` (READS)."""
    if "orders" in settings.sources:
        worth, last_month = _trailing_revenue(all_order_days, all_fx_rates, settings), pl.lit(None, pl.Int32)
    else:
        horizon = once(_horizon(all_mrr_changes, all_fx_rates))
        worth = _opening_mrr(all_mrr_changes, horizon, all_fx_rates, settings)
        last = horizon.select(period_number(to_date(pl.col("horizon")), "month")).collect().item()
        last_month = pl.lit(last, pl.Int32)
    changes = _changes(all_people, _ranked(worth), _month_of(settings), last_month)
    number, month = pl.col("at") // _MONTHS, (pl.col("at") % _MONTHS).cast(pl.Int32)
    return changes.select(
        shard=(number // PERSONS).cast(pl.UInt16),
        person=(number % PERSONS).cast(pl.UInt32),
        start_day=period_start(month, "month"),
        tier=pl.col("tier").replace_strict(range(len(TIERS)), TIERS),
    )


def _month_of(settings: Settings) -> pl.Expr:
    """The number of the month of `first_day`: who was ranked on its first may be so no more a month later."""
    return period_number(pl.lit(settings.first_day), "month")


def _trailing_revenue(order_days: pl.LazyFrame, fx_rates: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Revenue of the 365 days before each first of a month, where there is any: person, month, worth."""
    worth = pl.col("revenue") * pl.col("rate")
    begins = period_start(_month_of(settings), "month").dt.offset_by(f"-{TRAILING_DAYS}d")
    earned = rated(order_days.filter(pl.col("day") >= begins), fx_rates, pl.col("day"), settings).select(
        *PERSON, day=day_number(pl.col("day")), worth=worth
    )
    return _on_firsts(overlay([trailing(earned, TRAILING_DAYS, ["worth"])], PERSON), settings)


def _opening_mrr(
    mrr_changes: pl.LazyFrame, horizon: pl.LazyFrame, fx_rates: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """MRR of the day before each first of a month up to the horizon: person, month, worth."""
    owner = [*PERSON, "currency"]
    change = pl.col("after") - pl.col("before")
    steps = closed(mrr_changes.select(*owner, day=day_number(pl.col("day")), mrr=change), owner, "mrr")
    pieces = overlay([steps], owner).join(horizon, how="cross").with_columns(end=pl.min_horizontal("end", "horizon"))
    on_firsts = _on_firsts(pieces, settings)
    day_before = period_start(pl.col("month"), "month").dt.offset_by("-1d")
    return (
        rated(on_firsts, fx_rates, day_before, settings)
        .group_by(*PERSON, "month")
        .agg(worth=(pl.col("mrr") * pl.col("rate")).sum())
    )


def _horizon(mrr_changes: pl.LazyFrame, fx_rates: pl.LazyFrame) -> pl.LazyFrame:
    """A month after the last change of anybody's MRR and of the rates: from then on tiers stay."""
    return pl.concat([mrr_changes.select("day"), fx_rates.select("day")]).select(
        horizon=day_number(pl.col("day").max()) + 31
    )


def _on_firsts(pieces: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """The pieces that cover the day before a first of a month, once for each such `month`, from that of `first_day`."""
    first = pl.max_horizontal(period_number(to_date(pl.col("start")), "month") + 1, _month_of(settings))
    last = period_number(to_date(pl.col("end")), "month")
    return pieces.with_columns(month=pl.int_ranges(first, last + 1, dtype=pl.Int32)).explode(
        "month", empty_as_null=False
    )


def _ranked(worth: pl.LazyFrame) -> pl.LazyFrame:
    """The tier of everybody with positive revenue, as its place in TIERS, by the share of it that is before them;
    equals share a tier."""
    positive = once(worth.filter(pl.col("worth") > 0).select(*PERSON, "month", "worth"))
    # Of equals the first has the least before it, and all are worth what it is.
    before = pl.col("worth").cum_sum().over("month") - pl.col("worth")
    least = {
        name: pl.col("worth").filter(100 * pl.col("before") < share * pl.col("worth").sum()).min()
        for name, share in (("high", HIGH_SHARE), ("mid", MID_SHARE))
    }
    ladder = positive.select("month", "worth").sort("worth", descending=True).with_columns(before=before)
    thresholds = ladder.group_by("month").agg(**least)
    tier = pl.sum_horizontal((pl.col("worth") >= pl.col(name)).cast(pl.UInt8) for name in least)
    return positive.join(thresholds, on="month").select(*PERSON, "month", tier=tier.cast(pl.UInt8))


def first_months(people: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """The month after each customer's first fact: from then on it has a tier."""
    del settings
    return people.filter(pl.col("kind") == "customer").select(
        *PERSON, month=period_number(pl.col("first_day"), "month") + 1
    )


def ranking_mrr(mrr_changes: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Changes of MRR, by which customers are ranked where there are no orders."""
    return mrr_changes.clear() if "orders" in settings.sources else mrr_changes


READS = {"all_people": first_months, "all_mrr_changes": ranking_mrr}


def _changes(first: pl.LazyFrame, ranked: pl.LazyFrame, begins: pl.Expr, last_month: pl.Expr) -> pl.LazyFrame:
    """The months after `begins` on which a tier becomes another than that of before: `at`, with the person in it, and
    `tier` as its place in TIERS. After a month with a rank it is the lowest again, unless the next one has a rank too;
    what follows the last month, if there is one, stays as it is: nobody's first fact is later than that."""
    at, tier, month = pl.col("at"), pl.col("tier"), (pl.col("at") % _MONTHS).cast(pl.Int32)
    number = person_number("shard", "person").cast(pl.Int64) * _MONTHS + pl.col("month")
    both = pl.concat([ranked.select(at=number * _TIERS + tier), first.select(at=number * _TIERS)])
    # The month after the first fact may have a rank, which stands for it: the last of a month is the highest.
    months = once(
        both.sort("at").select(at // _TIERS, tier=(at % _TIERS).cast(pl.UInt8)).filter(at.ne_missing(at.shift(-1)))
    )
    is_of_one, follows = at // _MONTHS == at.shift(1) // _MONTHS, at == at.shift(1) + 1
    is_same = is_of_one & (tier == pl.when(follows).then(tier.shift(1)).otherwise(_LOWEST))
    falls = (tier > _LOWEST) & (at + 1).ne_missing(at.shift(-1)) & (month < last_month).fill_null(True)
    return pl.concat(
        [
            months.filter(month > begins, ~is_same.fill_null(False)),
            months.filter(falls).select(at + 1, tier=_LOWEST),
        ]
    )
