"""Small random worlds: a seed -> the raw rows of a made-up business and the declared numbers of its configuration.

The rows are as a source would deliver them (text, versions, duplicates, several files, odd time zones). How they are
written to a folder is in `rawfiles`, what they mean in `canonical`; each source is drawn in `worlds_<source>`.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from tests.oracle.worlds_answers import give_roles
from tests.oracle.worlds_draw import MINOR_UNITS, STARTS, ZONES, Draw, Row, Source, World
from tests.oracle.worlds_payments import payments
from tests.oracle.worlds_sources import customers, events, fx_rates, orders
from tests.oracle.worlds_subscriptions import subscriptions, with_period_ends

__all__ = ["MINOR_UNITS", "Row", "Source", "World", "world"]


def world(seed: int) -> World:
    """The world of a seed: the same for ever on one version of this file."""
    dice = random.Random(seed)
    persons = dice.choice((1, 1, 2, 3, 4, 5, 6, 8))
    days = dice.randrange(20, 121) if dice.random() < 0.9 else dice.randrange(380, 440)
    currencies = dice.sample(sorted(MINOR_UNITS), dice.choice((1, 1, 2, 3)))
    ids = [dice.choice(("c{}", "00{}", "C-{}x")).format(n) for n in range(1, persons + 1)]
    draw = Draw(dice, dice.choice(STARTS), days, ids, [f"u{n}" for n in range(1, persons + 1)], currencies)
    reporting = dice.choice(("USD", "EUR", "JPY")) if dice.random() < 0.5 else None
    sources: dict[str, Source] = {}
    for name, share, make in (
        ("orders", 0.8, orders),
        ("subscriptions", 0.75, subscriptions),
        ("events", 0.75, events),
    ):
        if draw.chance(share):
            draw.source_zone = dice.choice(ZONES)
            sources[name] = make(draw)
    if not sources:
        sources["orders"] = orders(draw)
    if draw.chance(0.6):
        sources["customers"] = customers(draw)
    if reporting is not None:
        sources["fx_rates"] = fx_rates(draw, reporting)
    # What came to the worlds later has dice of its own, so that all else of a seed stays as it was.
    later = random.Random(f"later {seed}")
    if "subscriptions" in sources and later.random() < 0.6:
        sources["subscriptions"] = with_period_ends(sources["subscriptions"], later)
    if later.random() < 0.4:
        sources["payments"] = payments(replace(draw, dice=later))
    roles = give_roles(sources, seed)
    return World(
        sources=sources,
        roles=roles,
        seed=seed,
        time_zone=dice.choice(ZONES),
        reporting_currency=reporting,
        industry=later.choice(("saas", "consumer", "ecommerce")),
        orders_window_days=dice.choice((5, 30, 90)),
        usage_window_days=dice.choice((1, 7, 28)),
        grace_days=dice.choice((0, 3, 10, 30)),
        settle_days=dice.choice((0, 0, 0, 0, 2)),
        shards=dice.choice((1, 2, 3)),
        date=draw.first_day + timedelta(days=days - dice.randrange(0, 8)) if dice.random() < 0.5 else None,
    )
