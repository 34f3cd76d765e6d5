"""What every drawn source shares: what a source and a world are, the dice, and how rows are split over files."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Row = dict[str, str | None]

ZONES = ("UTC", "UTC", "Europe/London", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata")
STARTS = (
    date(2024, 1, 15),
    date(2024, 3, 15),
    date(2024, 10, 14),
    date(2023, 11, 25),
    date(2024, 2, 5),
    date(2024, 5, 31),
)
CHANNELS = ("ads", "search", "friend", None)
COUNTRIES = ("DE", "FR", "JP", None)
MINOR_UNITS = {"USD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3}
EXTRACTS = {"orders": "order_id", "subscriptions": "subscription_id", "customers": "customer_id"}
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
    gross_margin: str = "0.8"
    industry: str = "saas"
    settle_days: int = 0
    shards: int = 2
    date: date | None = None
    roles: Mapping[str, str] = field(default_factory=dict)


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
        zone = self.dice.choice((UTC, ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")))
        return datetime.fromisoformat(naive).replace(tzinfo=zone).isoformat()

    def updated_at(self) -> str | None:
        return None if self.chance(0.2) else self.stamp(self.day())

    def amount(self, currency: str) -> str:
        if self.chance(0.01):
            return "98765432109.87"
        digits = MINOR_UNITS[currency] if self.chance(0.9) else 4
        return f"{self.dice.randrange(1, 200) * 10 ** self.dice.choice((0, 0, 1)) / 10 ** min(digits, 2):.{digits}f}"


def origin(draw: Draw) -> Row:
    return {"channel": draw.dice.choice(CHANNELS), "country": draw.dice.choice(COUNTRIES)}


def deliver(draw: Draw, name: str, rows: list[Row], optional: tuple[str, ...], **options: str | bool) -> Source:
    """Splits rows over files, in no particular order, and leaves some optional columns out altogether."""
    absent = {column for column in optional if draw.chance(0.15)}
    if name in ("orders", "subscriptions") and len(draw.currencies) == 1 and draw.chance(0.3):
        absent.add("currency")
        options["currency"] = draw.currencies[0]
    columns = tuple(column for column in rows[0] if column not in absent)
    ending = draw.dice.choice(("csv", "csv", "jsonl", "csv.gz", "jsonl.gz", "parquet"))
    if name in EXTRACTS and draw.chance(0.15):
        options["full_extract"] = True
        parts = extracts(draw, rows, EXTRACTS[name])
    else:
        parts = {"b": []}
        for row in draw.dice.sample(rows, len(rows)) if draw.chance(0.5) else rows:
            parts.setdefault(draw.dice.choice("ab") if draw.chance(0.5) else "b", []).append(row)
    files = {f"inbox/{name}/{part}.{ending}": content for part, content in parts.items() if content}
    kept = {
        path: tuple({column: row[column] for column in columns} for row in content) for path, content in files.items()
    }
    return Source(columns, kept, {"time_zone": draw.source_zone, **options})


def extracts(draw: Draw, rows: list[Row], key: str) -> dict[str, list[Row]]:
    """Whole extracts in turn; each misses some ids for good, and those of subscriptions grow with time."""
    moment = "effective_at" if "effective_at" in rows[0] else "started_at" if "started_at" in rows[0] else None
    cuts = sorted(draw.day().isoformat() for _ in range(draw.dice.choice((1, 2))))
    gone: set[str | None] = set()
    parts: dict[str, list[Row]] = {}
    for name, cut in zip("abc", [*cuts, "9999"], strict=False):
        content = [row for row in rows if row[key] not in gone and (moment is None or str(row[moment]) < cut)]
        if content:
            parts[name] = content
            gone |= {row[key] for row in content if draw.chance(0.12)} - newest(content, key, moment)
    return parts


def newest(rows: list[Row], key: str, moment: str | None) -> set[str | None]:
    """The ids with a fact in the last days of an extract: they stay, so that later extracts end later."""
    if moment is None:
        return set()
    last = date.fromisoformat(max(str(row[moment]) for row in rows)[:10]) - timedelta(days=2)
    return {row[key] for row in rows if str(row[moment])[:10] > last.isoformat()}
