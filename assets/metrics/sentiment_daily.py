"""What customers say, day by day: scores, tickets and referrals.

Source: docs/metrics.md section 9.
"""

from __future__ import annotations

import polars as pl

from assets.calendar import NEVER, day_number
from assets.money import UNITS_PER_ONE
from assets.segments import spans_of, split, split_starts
from assets.steps import changes
from warehouse.settings import Settings
from warehouse.table import MONEY, Column, Measure, Ratio, Table

ANSWER_DAYS = 90
PROMOTER, DETRACTOR, SATISFIED = 9, 6, 4


def _stock(name: str, description: str, unit: str = "customers") -> Measure:
    return Measure(name, description=description, unit=unit, kind="stock", minimum=0)


table = Table(
    name="sentiment_daily",
    description="NPS, CSAT and CES by the latest answers of 90 days; tickets and referrals of each day.",
    layer="metrics",
    grain=(Column("date", pl.Date, "The day.", "day"),),
    columns=(
        _stock("responses", "Customers with an NPS answer in the 90 days up to the day."),
        _stock("promoters", "Of these, the latest answer is 9 or 10."),
        _stock("passives", "Of these, the latest answer is above 6 and under 9."),
        _stock("detractors", "Of these, the latest answer is 6 or less."),
        Ratio(
            "nps",
            description="(promoters - detractors) / responses, from -1 to 1.",
            unit="share",
            minimum=-1,
            maximum=1,
            expression=lambda: pl.when(pl.col("responses") > 0).then(
                (pl.col("promoters") - pl.col("detractors")) / pl.col("responses")
            ),
        ),
        _stock("csat_responses", "Customers with a CSAT answer in the 90 days up to the day."),
        _stock("csat_satisfied", "Of these, the latest answer is 4 or 5."),
        Ratio(
            "csat",
            description="csat_satisfied / csat_responses.",
            unit="share",
            numerator="csat_satisfied",
            denominator="csat_responses",
            minimum=0,
            maximum=1,
        ),
        _stock("ces_responses", "Customers with a CES answer in the 90 days up to the day."),
        Measure("ces_points", MONEY, "Sum of their latest answers.", "points", kind="stock", minimum=0),
        Ratio(
            "ces",
            description="ces_points / ces_responses, from 1 to 7.",
            unit="points",
            numerator="ces_points",
            denominator="ces_responses",
            minimum=1,
            maximum=7,
        ),
        Measure("tickets", description="Tickets opened on the day.", unit="tickets", minimum=0),
        _stock("customers_active", "Customers active by usage at the end of the day."),
        Ratio(
            "tickets_per_100_customers",
            description="100 x tickets / customers_active.",
            unit="tickets",
            minimum=0,
            expression=lambda: pl.when(pl.col("customers_active") > 0).then(
                100 * pl.col("tickets") / pl.col("customers_active")
            ),
        ),
        Measure("referrals", description="Referrals of the day.", unit="referrals", minimum=0),
    ),
    segmented=True,
    recalls=(0, ANSWER_DAYS),
    look_back_days=ANSWER_DAYS,
    sources=("events",),
)
KEYS = ["segment", "segment_value"]
STOCKS = [measure.name for measure in table.measures if measure.kind == "stock"]


def measure(
    role_days: pl.LazyFrame,
    activity_spans: pl.LazyFrame,
    people: pl.LazyFrame,
    segment_spans: pl.LazyFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """Changes of the stocks and the counts of each day by segment; nothing where no role is configured."""
    segments = spans_of(segment_spans, ["usage"])
    pieces = split(pl.concat([*_answers(role_days), _active(activity_spans)], how="diagonal"), segments)
    stocks = {name: pl.col(name).fill_null(0) for name in STOCKS}
    first_use = people.filter(pl.col("kind") == "customer").select("person", day="first_usage_day")
    parts = [
        changes(pieces, KEYS, stocks, settings.first_day, settings.last_day),
        _counts(role_days, segments, settings),
        split_starts(first_use, segments, [], settings),
    ]
    rows = pl.concat(parts, how="diagonal")
    return rows if settings.roles else rows.clear()


def counted(role_days: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """The days with an answer, a ticket or a referral: most days of most customers have a login alone."""
    del settings
    return role_days.filter(pl.col("role") != "login")


READS = {"role_days": counted}


def _answers(role_days: pl.LazyFrame) -> list[pl.LazyFrame]:
    """Days on which an answer is the latest of its customer in 90 days, and what it counts for."""
    until_next = pl.col("start").shift(-1).over("person", "role")
    answers = (
        role_days.filter(pl.col("score").is_not_null())
        .select("person", "role", "score", start=day_number(pl.col("day")))
        .sort("start")
        .with_columns(end=pl.min_horizontal(until_next, pl.col("start") + ANSWER_DAYS))
    )
    is_promoter, is_detractor = _score() >= PROMOTER, _score() <= DETRACTOR
    counted = {
        "nps": {
            "responses": pl.lit(1),
            "promoters": is_promoter,
            "passives": ~is_promoter & ~is_detractor,
            "detractors": is_detractor,
        },
        "csat": {"csat_responses": pl.lit(1), "csat_satisfied": _score() >= SATISFIED},
        "ces": {"ces_responses": pl.lit(1), "ces_points": pl.col("score")},
    }
    return [
        answers.filter(pl.col("role") == role).select(
            "person", "start", "end", **{name: value.cast(pl.Int64) for name, value in counts.items()}
        )
        for role, counts in counted.items()
    ]


def _score() -> pl.Expr:
    return pl.col("score") / UNITS_PER_ONE


def _active(activity_spans: pl.LazyFrame) -> pl.LazyFrame:
    return activity_spans.filter(pl.col("basis") == "usage").select(
        "person",
        start=day_number(pl.col("start_day")),
        end=day_number(pl.col("end_day")).fill_null(NEVER),
        customers_active=pl.lit(1, pl.Int64),
    )


def _counts(role_days: pl.LazyFrame, segments: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Tickets and referrals of each day, in the segment of its end."""
    start = day_number(pl.col("day"))
    days = role_days.filter(
        pl.col("day").is_between(settings.first_day, settings.last_day), pl.col("role").is_in(["ticket", "referral"])
    ).with_columns(start=start, end=start + 1)
    events = {name: pl.col("events").filter(pl.col("role") == role).sum() for name, role in _FLOWS.items()}
    return split(days, segments).group_by(*KEYS, date="day").agg(**events)


_FLOWS = {"tickets": "ticket", "referrals": "referral"}
