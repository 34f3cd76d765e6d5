"""What a fault is: a name, what should become of it, and how it is put into a clean file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from tests.faults.bench import Bench, Outcome, encoded

Should = Literal["quarantine", "return", "note", "warn", "block", "refuse"]
SEVERITY = {"note": "info", "warn": "warning", "block": "critical"}
SPOILT = 2


@dataclass(frozen=True)
class Found:
    """What really became of it: the same words, and which reason, check or message."""

    does: Should | Literal["nothing"]
    because: str
    rows_are_kept: bool


@dataclass(frozen=True)
class Fault:
    """`inject` delivers the fault to a bench and says what became of it."""

    where: str
    name: str
    should: Should
    try_on: Callable[[Bench], Found]


def in_rows(source: str, name: str, change: Mapping[str, Any], reason: str) -> Fault:
    """Two good rows of the day's file get other values: exactly they go to quarantine, for that reason."""

    def try_on(bench: Bench) -> Found:
        clean, usual = bench.rows(source), bench.usual(source)
        start = 2 if bench.file(source).suffix == ".csv" else 1
        good = [at for at in range(clean.height) if at + start not in usual.reasons][-SPOILT:]
        outcome = bench.deliver(source, encoded(bench.file(source).name, _changed(clean, good, change)))
        assert not outcome.refusal, outcome.refusal
        aside = {row: why for row, why in outcome.reasons.items() if row not in usual.reasons}
        exactly = set(aside) == {at + start for at in good} and all(reason in why for why in aside.values())
        taken = outcome.line is not None and usual.line is not None and usual.line.taken - outcome.line.taken == SPOILT
        why = min(aside.values(), default="")
        return Found("quarantine" if exactly else "nothing", why, taken and _kept(outcome))

    return Fault(source, name, "quarantine", try_on)


def in_file(
    source: str,
    name: str,
    should: Should,
    spoil: Callable[[Bench], bytes],
    also: Callable[[Bench], Mapping[str, bytes]] = lambda _: {},
) -> Fault:
    """The day's file has another content, or other files come with it."""

    def try_on(bench: Bench) -> Found:
        usual = {(one.severity, one.check) for one in bench.usual(source).failed}
        outcome = bench.deliver(source, spoil(bench), also(bench))
        if outcome.refusal:
            return Found("refuse", outcome.refusal, True)
        found = [one for one in outcome.failed if (one.severity, one.check) not in usual]
        for does, severity in (("block", "critical"), ("warn", "warning"), ("note", "info")):
            checks = [one.check for one in found if one.severity == severity]
            if checks:
                return Found(does, checks[0], _kept(outcome))  # type: ignore[arg-type]
        aside = outcome.reasons.keys() - bench.usual(source).reasons.keys()
        why = outcome.reasons[min(aside)] if aside else ""
        return Found("quarantine" if aside else "nothing", why, _kept(outcome))

    return Fault(source, name, should, try_on)


def _kept(outcome: Outcome) -> bool:
    """Every row that came is in exactly one place."""
    line = outcome.line
    if line is None:
        return False
    aside = line.quarantined + line.excluded_where + line.excluded_distinct + line.merged + line.waiting
    counted = outcome.delivered == line.rows_in == line.taken + aside
    return counted and outcome.in_lake == line.taken and len(outcome.reasons) == line.quarantined


def _changed(rows: pl.DataFrame, at: list[int], change: Mapping[str, Any]) -> pl.DataFrame:
    if rows.columns == ["line"]:
        return rows.with_columns(
            line=pl.Series([_line(text, change) if n in at else text for n, text in enumerate(rows["line"])])
        )
    spoilt = pl.int_range(pl.len()).is_in(at)
    return rows.with_columns(
        pl.when(spoilt).then(pl.lit(value, dtype=rows.schema[name])).otherwise(name).alias(name)
        for name, value in change.items()
    )


def _line(text: str, change: Mapping[str, Any]) -> str:
    return json.dumps(json.loads(text) | dict(change))
