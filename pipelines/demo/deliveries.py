"""The facts as their systems deliver them: canonical columns, text as in the files, and the moment of delivery.

Here belong clean rows only: one frame per source, with `delivered` (UTC) saying which file a row is in. Events are in
`event_feed`; broken and repeated rows are added by `dirt`, files are written by `files`.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

import numpy as np
import polars as pl

from pipelines.demo import planted
from pipelines.demo.orders import STATUSES
from pipelines.demo.population import money, numbered
from pipelines.demo.seasons import Calendar, stream
from pipelines.demo.world import World

ISO = "%Y-%m-%dT%H:%M:%S"
CORRECTION_DAYS = 20


def order_rows(world: World) -> pl.DataFrame:
    """Orders with local offsets, a few times without any; money and times as text."""
    rows, chance, calendar = world.orders.versions, stream(world.seed, "order rows"), world.calendar
    customer = rows["customer"].to_numpy()
    offset = pl.Series(planted.COUNTRY_OFFSETS).gather(world.population.country[customer])
    hours = offset.str.slice(0, 3).cast(pl.Int64)
    is_naive = pl.Series(chance.random(rows.height) < planted.NAIVE_ORDER_TIMES)
    at = _moment(calendar, "second")
    local = pl.format("{}{}", (at + pl.duration(hours=pl.lit(hours))).dt.to_string(ISO), pl.lit(offset))
    return rows.select(
        numbered("O", rows["order"].n_unique(), 7).gather(rows["order"]).alias("order_id"),
        world.customer_id.gather(customer).alias("customer_id"),
        pl.when(is_naive).then(at.dt.to_string("%Y-%m-%d %H:%M:%S")).otherwise(local).alias("ordered_at"),
        money("cents").alias("amount"),
        pl.Series(planted.CURRENCIES).gather(world.population.currency[customer]).alias("currency"),
        money("refunded_cents").alias("refunded_amount"),
        pl.Series(STATUSES).gather(rows["status"]).alias("status"),
        (_moment(calendar, "updated").dt.to_string(ISO) + "Z").alias("updated_at"),
        _moment(calendar, "updated").alias("delivered"),
        is_naive.alias("is_naive"),
    )


def change_rows(world: World) -> pl.DataFrame:
    """Subscription changes; a few are recorded days after they took effect, renewals carry a bare date."""
    chance, changes = stream(world.seed, "change rows"), world.contracts.changes
    low, high = planted.LATE_CHANGE_DAYS
    late = np.where(chance.random(changes.height) < planted.LATE_CHANGES, 1, 0)
    late *= chance.integers(low, high + 1, changes.height)
    at, end = pl.col("effective_at"), _end(world.calendar)
    recorded = at + pl.duration(days=pl.lit(pl.Series(late)))
    rows = changes.with_columns(pl.when(recorded < end).then(recorded).otherwise(at).alias("delivered"))
    stamped = at.dt.to_string(ISO) + "Z"
    return rows.with_columns(
        pl.when("is_date_only").then(at.dt.to_string("%Y-%m-%d")).otherwise(stamped).alias("effective_at"),
        (pl.col("delivered").dt.to_string(ISO) + "Z").alias("updated_at"),
        (pl.col("delivered") > at).alias("is_late"),
    )


def customer_rows(world: World) -> pl.DataFrame:
    """Customers in order of sign-up; a few first come without a channel and are corrected weeks later."""
    chance, population, calendar = stream(world.seed, "customer rows"), world.population, world.calendar
    first = population.first_day
    rows = pl.DataFrame(
        {
            "customer_id": world.customer_id,
            "acquisition_channel": pl.Series(planted.CHANNELS).gather(population.channel),
            "country": pl.Series(planted.COUNTRIES).gather(population.country),
            "signed_up_at": pl.Series(first).cast(pl.Int64),
            "is_corrected": (chance.random(len(first)) < planted.CORRECTED_CUSTOMERS)
            & (first + CORRECTION_DAYS < calendar.days),
        }
    ).with_columns((pl.lit(calendar.first) + pl.duration(days="signed_up_at")).alias("signed_up_at"))
    corrections = rows.filter("is_corrected").with_columns(
        (pl.col("signed_up_at") + pl.duration(days=CORRECTION_DAYS)).alias("updated_at")
    )
    blank = pl.when("is_corrected").then(None).otherwise("acquisition_channel").alias("acquisition_channel")
    rows = pl.concat([rows.with_columns(blank, pl.col("signed_up_at").alias("updated_at")), corrections])
    return rows.with_columns(pl.col("updated_at").cast(pl.Datetime("us")).alias("delivered")).sort(
        "updated_at", "customer_id"
    )


def rate_rows(world: World) -> pl.DataFrame:
    """A rate to the reporting currency for each working day, from a week before the first day."""
    chance, calendar = stream(world.seed, "rates"), world.calendar
    days = [calendar.first + timedelta(days=day) for day in range(-7, calendar.days)]
    days = [day for day in days if day.weekday() < 5]
    frames = []
    for currency, start in zip(planted.CURRENCIES[1:], planted.FX_START[1:], strict=True):
        walk = start * np.exp(np.cumsum(chance.normal(0.0, planted.FX_DAILY_SPREAD, len(days))))
        rate = pl.Series(np.rint(walk * 10_000).astype(np.int64))
        text = pl.format("{}.{}", pl.lit(rate // 10_000), pl.lit((rate % 10_000).cast(pl.String).str.zfill(4)))
        frames.append(pl.DataFrame({"date": days}).with_columns(pl.lit(currency).alias("currency"), text.alias("rate")))
    rows = pl.concat(frames).sort("date", "currency")
    return rows.with_columns(pl.col("date").cast(pl.Datetime("us")).alias("delivered"))


def _moment(calendar: Calendar, seconds: str) -> pl.Expr:
    return pl.lit(datetime.combine(calendar.first, time())) + pl.duration(seconds=seconds)


def _end(calendar: Calendar) -> datetime:
    return datetime.combine(calendar.last, time()) + timedelta(days=1)
