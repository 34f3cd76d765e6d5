"""The demo business as a bench has it come in: whole months, then the files of a few last days one by one.

A day of the demo brings late rows, refunds and other attributes too, which are about days before it. So its files can
come in two parts: the rows of the day itself, and the others.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from pipelines.demo.generate import generate

LAST_DAY = date(2026, 10, 31)
STREAMS = ("orders", "subscriptions", "events")


class Business:
    """The demo in `folder`; what is not delivered yet waits outside the inbox."""

    def __init__(self, folder: Path, customers: int, days: int, seed: int, new_days: int) -> None:
        self.folder, self.config = folder, folder / "holdfast.toml"
        self.new_days = [LAST_DAY - timedelta(days=number) for number in reversed(range(new_days))]
        self._waiting = folder.with_name(f"{folder.name}.waiting")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self._waiting, ignore_errors=True)
        generate(folder, customers, days, seed, period="month")
        generate(self._waiting, customers, days, seed, period="day")
        month = f"{LAST_DAY:%Y-%m}"
        for source in STREAMS:
            for file in (folder / "inbox" / source).glob(f"{month}*"):
                file.unlink()
            for file in sorted((self._waiting / "inbox" / source).glob(f"{month}*")):
                if file.name < f"{self.new_days[0]}":
                    shutil.move(file, folder / "inbox" / source / file.name)
        self._customers_without(*self.new_days)

    def deliver(self, day: date) -> None:
        """All that the files of the day still have."""
        for source in STREAMS:
            for file in sorted((self._waiting / "inbox" / source).glob(f"{day}*")):
                shutil.move(file, self.folder / "inbox" / source / file.name)
        self._customers_without(*self._after(day))

    def deliver_own(self, day: date) -> None:
        """Of the files of the day only the rows of that day: of customers those who came on it. A file of which nothing
        else is left does not come any more."""
        for source, divide in _DIVIDE.items():
            for file in sorted((self._waiting / "inbox" / source).glob(f"{day}*")):
                if not divide(file, self.folder / "inbox" / source / f"own-{file.name}", day):
                    file.unlink()
        self._customers_without(*self._after(day), changed=day)

    def _after(self, day: date) -> list[date]:
        return [later for later in self.new_days if later > day]

    def _customers_without(self, *days: date, changed: date | None = None) -> None:
        """The file of the year comes again each day, with what is new by then; with or without what `changed` on it."""
        yearly = Path("inbox", "customers", f"{LAST_DAY.year}.csv")
        lines = (self._waiting / yearly).read_text().splitlines(keepends=True)
        kept = [line for line in lines if not any(f",{day}" in line for day in days)]
        if changed is not None:
            kept = [line for line in kept if not line.endswith(f",{changed}\n") or f",{changed}," in line]
        (self.folder / yearly).write_text("".join(kept))

    def discard(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self._waiting, ignore_errors=True)


def _divide_orders(file: Path, own: Path, day: date) -> bool:
    """Moves the orders of the day to `own`; whether others are left."""
    header, *lines = file.read_text().splitlines(keepends=True)
    when = header.rstrip().split(",").index("ordered_at")
    mine = [_is_of(line.rstrip().split(",")[when], day) for line in lines]
    for path, wanted in ((own, True), (file, False)):
        path.write_text(
            "".join([header, *(line for line, is_own in zip(lines, mine, strict=True) if is_own is wanted)])
        )
    return not all(mine)


def _divide_changes(file: Path, own: Path, day: date) -> bool:
    """The same of changes of subscriptions."""
    lines = gzip.decompress(file.read_bytes()).decode().splitlines(keepends=True)
    mine = [json.loads(line).get("effective_at", "").startswith(f"{day}") for line in lines]
    for path, wanted in ((own, True), (file, False)):
        some = "".join(line for line, is_own in zip(lines, mine, strict=True) if is_own is wanted)
        path.write_bytes(gzip.compress(some.encode(), mtime=0))
    return not all(mine)


def _divide_events(file: Path, own: Path, day: date) -> bool:
    """The same of events."""
    rows = pl.read_parquet(file)
    is_own = (pl.col("occurred_at").dt.date() == day).fill_null(False)
    rows.filter(is_own).write_parquet(own)
    others = rows.filter(~is_own)
    others.write_parquet(file)
    return others.height > 0


def _is_of(when: str, day: date) -> bool:
    """Whether a time as it is written is of the day in UTC; what is no time is of none."""
    try:
        moment = datetime.fromisoformat(when)
    except ValueError:
        return False
    return (moment.astimezone(UTC) if moment.tzinfo else moment).date() == day


_DIVIDE: dict[str, Callable[[Path, Path, date], bool]] = {
    "orders": _divide_orders,
    "subscriptions": _divide_changes,
    "events": _divide_events,
}
