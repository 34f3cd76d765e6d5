"""Words that a source never used before: names of events, plans, channels, countries and currencies.

Here belongs only the comparison of new files with what came before. A column that a contract limits to certain values
is not judged here: others are in quarantine.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from quality.bands import HISTORY_DAYS
from quality.profile import Profile, files_since
from quality.verdict import Observation
from warehouse.bounds import Bounds
from warehouse.manifest import Manifest
from warehouse.store import Store

WORDS = ("event_name", "plan", "channel", "country", "currency")
LEAST_ROWS = 20
LEAST_EARLIER = 200
SHOWN = 3
CHECK = "words were used before"


def observe(profile: Profile, candidate: Manifest, store: Store, bounds: Bounds) -> list[Observation]:
    """For each such column the share of the new files' rows whose word no other file used in the eight weeks before."""
    new = profile.new_files.drop_nulls("first_day")
    lake = candidate.of("sources", profile.source)
    if not new.height or not lake:
        return []
    first_day: date = new["first_day"].min()  # type: ignore[assignment]
    since = first_day - timedelta(days=HISTORY_DAYS)
    rows = store.scan(files_since(lake, since)).filter(pl.col("day") >= since)
    words = [name for name in WORDS if name in rows.collect_schema()]
    is_new = pl.col("file").is_in(new["path"].to_list())
    # Read once for all words: few of their combinations occur.
    counts = rows.group_by(words).agg(new=is_new.sum().cast(pl.Int64), earlier=(~is_new).sum().cast(pl.Int64)).collect()
    return [
        one
        for word in words
        for one in _judged(
            profile.source,
            word,
            counts.drop_nulls(word).group_by(word).agg(pl.col("new", "earlier").sum()),
            bounds.new_words,
        )
    ]


def _judged(source: str, word: str, counts: pl.DataFrame, most: float) -> list[Observation]:
    """`counts`: the word, and how many rows of new and of earlier files have it."""
    total = int(counts["new"].sum())
    if total < LEAST_ROWS or int(counts["earlier"].sum()) < LEAST_EARLIER:
        return []
    unknown = counts.filter(pl.col("earlier") == 0, pl.col("new") > 0).sort("new", word, descending=[True, False])
    rows = int(unknown["new"].sum())
    shown = ", ".join(f"{name!r} ({times:,} rows)" for name, times in unknown.select(word, "new").head(SHOWN).rows())
    message = (
        f"{rows:,} of {total:,} new rows of {source} have a {word} nothing had in the eight weeks before: {shown}. "
        "Was something renamed? Segments and roles go by these words."
    )
    return [Observation(CHECK, source, rows / total, None, most, "warning", message, word)]
