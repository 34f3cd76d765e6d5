"""Small random worlds: a seed -> the raw rows of a made-up business, and the few declared numbers of its configuration.

The rows are as a source would deliver them (text, versions, duplicates, several files, odd time zones). How they are
written to a folder is in `rawfiles`, what they mean in `canonical`; the subscriptions are drawn in `worlds_subscriptions`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

Row = dict[str, str | None]

ZONES = ("UTC", "UTC", "Europe/London", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata")
STARTS = (date(2024, 1, 15), date(2024, 3, 15), date(2024, 10, 14), date(2023, 11, 25), date(2024, 2, 5), date(2024, 5, 31))
CHANNELS = ("ads", "search", "friend", None)
COUNTRIES = ("DE", "FR", "JP", None)
MINOR_UNITS = {"USD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3}
CLOCKS = ("00:00:00", "00:30:00", "01:30:00", "02:30:00", "09:15:00", "12:00:00", "23:30:00", "23:59:59")


@dataclass(frozen=True)
class Source:
    """One source: its raw rows by file, in file order (row 1 is the first)."""

    columns: tuple[str, ...]
    files: Mapping[str, tuple[Row, ...]]
    options: Mapping[str, str | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """A business to measure. `date` is the --date asked for, None for the default watermark."""

    sources: Mapping[str, Source]
    seed: int = 0
    time_zone: str = "UTC"
    reporting_currency: str | None = None
    orders_window_days: int = 90
    usage_window_days: int = 28
    grace_days: int = 30
    shards: int = 2
    date: date | None = None


@dataclass
class Draw:
    """The dice of one world, and what its sources have in common."""

    dice: random.Random
    first_day: date
    days: int
    customers: list[str]
    users: list[str]
    currencies: list[str]
    source_zone: str = "UTC"

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def day(self, earliest: int = 0) -> date:
        return self.first_day + timedelta(days=self.dice.randrange(min(earliest, self.days - 1), self.days))

    def stamp(self, day: date) -> str:
        """A moment of that wall-clock day: mostly naive, sometimes with an offset, sometimes the date alone."""
        style = self.dice.random()
        if style < 0.12:
            return day.isoformat()
        naive = f"{day.isoformat()} {self.dice.choice(CLOCKS)}"
        if style < 0.8:
            return naive
        zone = self.dice.choice((timezone.utc, ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")))
        return datetime.fromisoformat(naive).replace(tzinfo=zone).isoformat()

    def updated_at(self) -> str | None:
        return None if self.chance(0.2) else self.stamp(self.day())

    def amount(self, currency: str) -> str:
        digits = MINOR_UNITS[currency] if self.chance(0.9) else 4
        return f"{self.dice.randrange(1, 200) * 10 ** self.dice.choice((0, 0, 1)) / 10 ** min(digits, 2):.{digits}f}"


def world(seed: int) -> World:
    """The world of a seed: the same for ever on one version of this file."""
    from tests.oracle.worlds_subscriptions import subscriptions

    dice = random.Random(seed)
    persons = dice.choice((1, 1, 2, 3, 4, 5, 6, 8))
    days = dice.randrange(20, 121) if dice.random() < 0.9 else dice.randrange(380, 440)
    currencies = dice.sample(sorted(MINOR_UNITS), dice.choice((1, 1, 2, 3)))
    ids = [dice.choice(("c{}", "00{}", "C-{}x")).format(n) for n in range(1, persons + 1)]
    draw = Draw(dice, dice.choice(STARTS), days, ids, [f"u{n}" for n in range(1, persons + 1)], currencies)
    reporting = dice.choice(("USD", "EUR", "JPY")) if dice.random() < 0.5 else None
    sources: dict[str, Source] = {}
    for name, share, make in (("orders", 0.8, orders), ("subscriptions", 0.75, subscriptions), ("events", 0.75, events)):
        if draw.chance(share):
            draw.source_zone = dice.choice(ZONES)
            sources[name] = make(draw)
    if not sources:
        sources["orders"] = orders(draw)
    if draw.chance(0.6):
        sources["customers"] = customers(draw)
    if reporting is not None:
        sources["fx_rates"] = fx_rates(draw, reporting)
    return World(
        sources=sources,
        seed=seed,
        time_zone=dice.choice(ZONES),
        reporting_currency=reporting,
        orders_window_days=dice.choice((5, 30, 90)),
        usage_window_days=dice.choice((1, 7, 28)),
        grace_days=dice.choice((0, 3, 10, 30)),
        shards=dice.choice((1, 2, 3)),
        date=draw.first_day + timedelta(days=days - dice.randrange(0, 8)) if dice.random() < 0.5 else None,
    )


def orders(draw: Draw) -> Source:
    rows: list[Row] = []
    for customer in draw.customers:
        favourite = [draw.day() for _ in range(3)]
        for _ in range(draw.dice.choice((0, 1, 1, 3, 6, 12))):
            day = draw.dice.choice(favourite) if draw.chance(0.3) else draw.day()
            rows.append(order(draw, f"o{len(rows) + 1}", customer, day))
    if not rows:
        rows.append(order(draw, "o1", draw.customers[0], draw.day()))
    rows += [version(draw, row) for row in rows if draw.chance(0.2)]
    if draw.chance(0.2):
        rows.append({**order(draw, "lost", draw.customers[0], draw.day()), "customer_id": None})
    return deliver(draw, "orders", rows, optional=("refunded_amount", "status", "channel", "country", "updated_at"))


def order(draw: Draw, order_id: str, customer: str, day: date) -> Row:
    currency = draw.dice.choice(draw.currencies)
    amount = draw.amount(currency)
    roll = draw.dice.random()
    if roll < 0.06:
        amount = "0"
    elif roll < 0.12:
        amount = "-" + amount
    status = draw.dice.choice((None, "paid", "paid", "paid", "paid", "refunded", "pending", "cancelled"))
    refunded = draw.dice.choice((None, None, None, amount, "1")) if not amount.startswith(("-", "0")) else None
    if refunded == "1" and float(amount) < 1:
        refunded = None
    return {
        "order_id": order_id, "customer_id": customer, "ordered_at": draw.stamp(day), "amount": amount,
        "currency": currency, "refunded_amount": refunded, "status": status, **origin(draw), "updated_at": draw.updated_at(),
    }  # fmt: skip


def version(draw: Draw, row: Row) -> Row:
    """The same order as another delivery tells it: a refund, a correction, another day or customer, or a plain repeat."""
    if draw.chance(0.25):
        return dict(row)
    again = order(draw, str(row["order_id"]), str(row["customer_id"]), draw.day())
    kept = draw.dice.sample(sorted(row), draw.dice.randrange(0, len(row)))
    changed: Row = {**again, **{name: row[name] for name in kept if name != "updated_at"}}
    if draw.chance(0.1):
        changed["customer_id"] = draw.dice.choice(draw.customers)
    changed["refunded_amount"] = None if changed["amount"] != row["amount"] else changed["refunded_amount"]
    return changed


def events(draw: Draw) -> Source:
    rows: list[Row] = []
    for number, user in enumerate(draw.users):
        owner = draw.dice.choice((draw.customers[number], draw.customers[number], draw.dice.choice(draw.customers), None))
        busy = draw.day()
        for _ in range(draw.dice.choice((0, 1, 2, 5, 12, 30))):
            day = busy if draw.chance(0.1) else draw.day()
            rows.append({
                "event_id": f"e{len(rows) + 1}", "user_id": user, "customer_id": owner if draw.chance(0.9) else None,
                "occurred_at": draw.stamp(day), "event_name": draw.dice.choice(("open", "pay")), **origin(draw),
                "received_at": draw.updated_at(),
            })  # fmt: skip
    if not rows:
        rows.append({"event_id": "e1", "user_id": "u1", "customer_id": None, "occurred_at": draw.stamp(draw.day()),
                     "event_name": "open", **origin(draw), "received_at": None})  # fmt: skip
    for row in [row for row in rows if draw.chance(0.1)]:
        moved = row if draw.chance(0.4) else {**row, "occurred_at": draw.stamp(draw.day()), "received_at": draw.updated_at()}
        rows.append(dict(moved))
    optional = ("event_id", "customer_id", "channel", "country", "received_at")
    return deliver(draw, "events", rows, optional)


def customers(draw: Draw) -> Source:
    rows: list[Row] = [{"customer_id": name, **origin(draw), "updated_at": draw.updated_at()}
                       for name in draw.customers + draw.users[:1] if draw.chance(0.7)]  # fmt: skip
    rows += [{**row, **origin(draw), "updated_at": draw.updated_at()} for row in rows if draw.chance(0.2)]
    return deliver(draw, "customers", rows or [{"customer_id": "nobody", **origin(draw), "updated_at": None}],
                   optional=("channel", "country", "updated_at"))  # fmt: skip


def fx_rates(draw: Draw, reporting: str) -> Source:
    """Rates with days missing, so that some are carried forward; every currency has one before the first fact."""
    rows: list[Row] = []
    for currency in draw.currencies:
        known = {draw.first_day - timedelta(days=40)} | {draw.day() for _ in range(draw.dice.randrange(0, 9))}
        rows += [{"date": day.isoformat(), "currency": currency, "rate": f"{draw.dice.randrange(1, 40000) / 10000:.4f}"}
                 for day in sorted(known) if currency != reporting]  # fmt: skip
    rows = rows or [{"date": draw.first_day.isoformat(), "currency": "CHF", "rate": "1.1"}]
    return deliver(draw, "fx_rates", rows, optional=())


def origin(draw: Draw) -> Row:
    return {"channel": draw.dice.choice(CHANNELS), "country": draw.dice.choice(COUNTRIES)}


def deliver(draw: Draw, name: str, rows: list[Row], optional: tuple[str, ...], **options: str | bool) -> Source:
    """Splits rows over files, in no particular order, and leaves some optional columns out altogether."""
    absent = {column for column in optional if draw.chance(0.15)}
    if name in ("orders", "subscriptions") and len(draw.currencies) == 1 and draw.chance(0.3):
        absent.add("currency")
        options["currency"] = draw.currencies[0]
    columns = tuple(column for column in rows[0] if column not in absent)
    ending = draw.dice.choice(("csv", "csv", "jsonl"))
    files: dict[str, list[Row]] = {}
    for row in draw.dice.sample(rows, len(rows)) if draw.chance(0.5) else rows:
        path = f"inbox/{name}/{draw.dice.choice('ab')}.{ending}" if draw.chance(0.5) else f"inbox/{name}/b.{ending}"
        files.setdefault(path, []).append({column: row[column] for column in columns})
    settings: dict[str, str | bool] = {"time_zone": draw.source_zone, **options}
    return Source(columns, {path: tuple(content) for path, content in files.items()}, settings)
