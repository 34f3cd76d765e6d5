"""Words that a source never used before: names of events, plans, channels, countries and currencies.

Here belongs only the comparison of new files with what came before. A column that a contract limits to certain values
is not judged here: others are in quarantine.
"""

from __future__ import annotations

import polars as pl

from quality.profile import Profile
from quality.verdict import Observation
from warehouse.bounds import Bounds

LEAST_ROWS = 20
LEAST_EARLIER = 200
SHOWN = 3
CHECK = "words were used before"


def observe(profile: Profile, bounds: Bounds) -> list[Observation]:
    """For each such column the share of the new files' rows whose word no other file used in the eight weeks before."""
    counts = profile.counts.words
    return [
        one
        for word in counts.drop("new", "earlier").columns
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
