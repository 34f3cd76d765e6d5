"""What the gate counts of the newest rows of a source: of each day, of the words they use, of usage by subscribers.

Each month is read once for all of that, one after the other, and none of its rows is kept. Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from assets.once import once
from assets.packing import person_number
from assets.states.order_days import HAPPENED
from quality.bands import HISTORY_DAYS
from warehouse import codes
from warehouse.catalog import Entry
from warehouse.manifest import DataFile, Manifest
from warehouse.names import may_have_days_from, month_in
from warehouse.store import Store

AMOUNT: Final = "amount"
OPTIONAL: Final = ("channel", "country")
WORDS: Final = ("event_name", "plan", "channel", "country", "currency")
DAYS: Final = pl.Schema(
    {
        "day": pl.Date,
        "rows": pl.Int64,
        "facts": pl.Int64,
        "persons": pl.Int64,
        **{f"no_{name}": pl.Int64 for name in OPTIONAL},
        AMOUNT: pl.Float64,
    }
)
_USED: Final = pl.Schema({"new": pl.Int64, "earlier": pl.Int64})
_USAGE: Final = pl.Schema({"day": pl.Date, "events": pl.Int64, "before": pl.Int64})
_BEGINS: Final = pl.Schema({"customer": pl.UInt32, "day": pl.Date, "is_current": pl.Boolean})
_CUSTOMER: Final = person_number("customer_shard", "customer")


@dataclass(frozen=True, slots=True)
class _Question:
    """What is made of the rows of a month, and the columns that this takes besides `day` and `shard`."""

    columns: tuple[str, ...]
    ask: Callable[[pl.LazyFrame], pl.LazyFrame]


@dataclass(frozen=True, slots=True)
class Counts:
    """`days`: as Profile has them. `words`: those of WORDS that the source has, with how many rows of `new` and of
    `earlier` files of a month use them together, to be added up. `usage`: of each judged day the `events` of customers
    who ever subscribe, and how many of these lie `before` their first subscription began; `unread` is why that could
    not be told, where the subscriptions are damaged."""

    days: pl.DataFrame
    words: pl.DataFrame
    usage: pl.DataFrame
    unread: Exception | None = None


def count(
    entry: Entry, candidate: Manifest, store: Store, files: pl.DataFrame, judged: tuple[date, ...], watermark: date
) -> Counts:
    """Of `judged` days, up to the watermark, and the weeks before them. `files` are the ledger's lines, with `is_new`.

    Raises StorageError or a Polars error where a file of the lake cannot be read.
    """
    since = (judged[0] if judged else watermark) - timedelta(days=HISTORY_DAYS)
    lake = files_since(candidate.of("sources", entry.table.name), since)
    asked, unread = {"days": _of_days(entry, since, watermark), "words": _of_words(entry, files)}, None
    try:
        asked["usage"] = _of_usage(entry, candidate, store, judged)
    except Exception as error:
        unread = error
    questions = {name: question for name, question in asked.items() if question is not None}
    found = {"days": [pl.DataFrame(schema=DAYS)], "words": [pl.DataFrame(schema=_USED)]}
    found["usage"] = [pl.DataFrame(schema=_USAGE)]
    columns = {name for question in questions.values() for name in question.columns}
    for rows in _by_month(entry, lake, store, since, columns) if questions else ():
        answered = pl.collect_all([question.ask(rows) for question in questions.values()])
        for name, answer in zip(questions, answered, strict=True):
            found[name].append(answer)
    answers = {name: pl.concat(parts, how="diagonal") for name, parts in found.items()}
    return Counts(answers["days"].sort("day"), answers["words"], answers["usage"].sort("day"), unread)


def files_since(files: Sequence[DataFile], day: date) -> list[DataFile]:
    """The files that may hold that day or a later one, by the month in their partition."""
    return [file for file in files if may_have_days_from(file.partition, day)]


def first_before(candidate: Manifest, store: Store, day: date) -> str:
    """The lowest id of the customers with usage on a day before their first subscription began."""
    events = store.scan(files_since(candidate.of("sources", "events"), day))
    of_day = events.filter("is_current", pl.col("day") == day).select("customer_id", "day", owner=_CUSTOMER)
    early = of_day.join(_begins(candidate, store), on="owner").filter(pl.col("day") < pl.col("begins"))
    lowest: str = early.select(pl.col("customer_id").min()).collect().item()
    return lowest


def _by_month(
    entry: Entry, files: Sequence[DataFile], store: Store, since: date, columns: Set[str]
) -> Iterator[pl.LazyFrame]:
    """The rows of each month: these columns, the day and the `shard`."""
    schema = entry.table.polars_schema()
    names = [name for name in schema if name in {*columns, "day"}]
    for month in sorted({month_in(file.partition) or "" for file in files}):
        own = [file for file in files if (month_in(file.partition) or "") == month]
        rows = codes.scan_with_shard(store, own, schema).select(*names, "shard")
        yield rows.filter(pl.col("day") >= since)


def _of_days(entry: Entry, since: date, watermark: date) -> _Question | None:
    person: str | None = getattr(entry.module, "PERSON", None)
    if person is None:
        return None
    columns = entry.table.polars_schema()
    counts = {
        "rows": pl.len(),
        "facts": _facts(entry),
        "persons": person_number("shard", person.removesuffix("_id")).n_unique(),
        **{f"no_{name}": pl.col(name).is_null().sum() for name in OPTIONAL if name in columns},
    }
    told = [one.cast(pl.Int64).alias(name) for name, one in counts.items()]
    told += [pl.col(AMOUNT).cast(pl.Float64).median()] if AMOUNT in columns else []

    def ask(rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.filter("is_current", pl.col("day").is_between(since, watermark)).group_by("day").agg(told)

    return _Question(("is_current", *_columns_of(told)), ask)


def _columns_of(expressions: Iterable[pl.Expr]) -> list[str]:
    return [name for one in expressions for name in one.meta.root_names()]


def _facts(entry: Entry) -> pl.Expr:
    """How many rows are facts: an order that was cancelled or is pending never happened."""
    return pl.col("status").is_in(HAPPENED).sum() if entry.table.name == "orders" else pl.len()


def _of_words(entry: Entry, files: pl.DataFrame) -> _Question | None:
    """None where no file is new, or all are."""
    new = files.filter("is_new").drop_nulls("first_day")
    words = [name for name in WORDS if name in entry.table.polars_schema()]
    if not words or not new.height or files["is_new"].all():
        return None
    first_day: date = new["first_day"].min()  # type: ignore[assignment]
    since = first_day - timedelta(days=HISTORY_DAYS)
    is_new = pl.col("file").is_in(new["path"].to_list())
    told = {"new": is_new.sum().cast(pl.Int64), "earlier": (~is_new).sum().cast(pl.Int64)}
    # Read once for all words: few of their combinations occur.
    return _Question(("file", *words), lambda rows: rows.filter(pl.col("day") >= since).group_by(words).agg(**told))


def _of_usage(entry: Entry, candidate: Manifest, store: Store, judged: tuple[date, ...]) -> _Question | None:
    if entry.table.name != "events" or not judged or not candidate.of("sources", "subscriptions"):
        return None
    begins = once(_begins(candidate, store))
    told = {"events": pl.len(), "before": (pl.col("day") < pl.col("begins")).sum()}

    def ask(rows: pl.LazyFrame) -> pl.LazyFrame:
        events = rows.filter("is_current", pl.col("day").is_between(judged[0], judged[-1]))
        by_subscribers = events.select("day", owner=_CUSTOMER).join(begins, on="owner")
        return by_subscribers.group_by("day").agg(one.cast(pl.Int64).alias(name) for name, one in told.items())

    return _Question(("is_current", *_columns_of([_CUSTOMER])), ask)


def _begins(candidate: Manifest, store: Store) -> pl.LazyFrame:
    """Of each customer who ever subscribes the number, as `owner`, and the day on which the first one `begins`."""
    rows = codes.scan_with_shard(store, candidate.of("sources", "subscriptions"), _BEGINS).filter("is_current")
    return rows.group_by(owner=person_number("shard", "customer")).agg(begins=pl.col("day").min())
