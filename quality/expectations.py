"""Great Expectations: the only module that imports it, and only inside functions, for the import costs seconds.

Suites are made from what a table declares (rules.py) and from observations with their bounds. It judges small frames;
a table above `DIRECT_ROWS` is counted by Polars first and the counts are judged. An expectation that raises, or that
is not answered, is a critical failure.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from quality.rules import Rule, locate
from quality.verdict import Observation, Result, Severity

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core import ExpectationValidationResult as Answer
    from great_expectations.expectations import Expectation

DIRECT_ROWS = 200_000
_BELOW, _ABOVE, _MEASURED, _COUNTED = "below", "above", "measured", "counted"


def load() -> None:
    """Imports the library once, without analytics; may run in a thread while something else computes."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations.expectations  # noqa: F401


@dataclass(slots=True)
class Judge:
    """One gate's use of Great Expectations: an in-memory context that judges frames and forgets them."""

    _source: Any = field(init=False)

    def __post_init__(self) -> None:
        load()
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        self._source = context.data_sources.add_pandas("candidate")

    def table(self, frame: pl.DataFrame, rules: Sequence[Rule], key: tuple[str, ...]) -> list[Result]:
        """Rules of one table judged on its rows; `key` are the columns that name a row."""
        if not rules:
            return []
        expectations = [_expectation(rule, name=str(number)) for number, rule in enumerate(rules)]
        answers = self._validate(rules[0].table, _plain(frame), expectations)
        return [_rule_result(rule, answers.get(str(number)), frame, key) for number, rule in enumerate(rules)]

    def observations(self, observations: Sequence[Observation]) -> list[Result]:
        """Each observation against its own bounds; those of one check and table become one result, the worst shown."""
        import great_expectations.expectations as gxe

        frame = pl.DataFrame(
            {
                "observed": [one.observed for one in observations],
                "low": [one.low for one in observations],
                "high": [one.high for one in observations],
                "number": range(len(observations)),
            },
            schema={"observed": pl.Float64, "low": pl.Float64, "high": pl.Float64, "number": pl.Int64},
        )
        ignore = {"ignore_row_if": "either_value_is_missing"}
        answers = self._validate(
            "observations",
            frame.to_pandas(),
            [
                gxe.ExpectTableRowCountToEqual(value=len(observations), meta={"name": _COUNTED}),
                gxe.ExpectColumnValuesToNotBeNull(column="observed", meta={"name": _MEASURED}),
                gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                    column_A="observed", column_B="low", or_equal=True, meta={"name": _BELOW}, **ignore
                ),
                gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                    column_A="high", column_B="observed", or_equal=True, meta={"name": _ABOVE}, **ignore
                ),
            ],
        )
        failed: set[int] = set()
        for name in (_COUNTED, _MEASURED, _BELOW, _ABOVE):
            answer = answers.get(name)
            if answer is None or _raised(answer):
                return [_broken_check("observations", "all", _reason(answer))]
            if not answer.success:
                found = answer.result.get("unexpected_index_list")
                if not found:
                    return [_broken_check("observations", "all", f"{name} failed without saying where")]
                failed |= {int(row["number"]) for row in found}
        return _grouped(observations, failed)

    def _validate(self, name: str, frame: pd.DataFrame, expectations: Sequence[Expectation]) -> dict[str, Answer]:
        """Answers by the name in each expectation's meta: results come back in another order."""
        import great_expectations as gx

        unique = f"{name}-{len(self._source.assets)}"
        asset = self._source.add_dataframe_asset(unique)
        batch = asset.add_batch_definition_whole_dataframe(unique).get_batch(batch_parameters={"dataframe": frame})
        suite = gx.ExpectationSuite(name=unique, expectations=list(expectations))
        wanted: Any = {"result_format": "BASIC"}
        if "number" in frame.columns:
            wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": ["number"]}
        validated = batch.validate(suite, result_format=wanted)
        return {answer.expectation_config.meta["name"]: answer for answer in validated.results}


def is_counted_first(rule: Rule, frame: pl.DataFrame) -> bool:
    """Whether Polars counts and only the count is judged: large tables, and what pandas cannot tell from null."""
    return frame.height > DIRECT_ROWS or rule.kind == "finite"


def count(rule: Rule, frame: pl.DataFrame, key: tuple[str, ...]) -> Observation:
    """The rule measured by Polars: how many rows break it (for `rows`: how many there are)."""
    if rule.kind == "rows":
        return Observation("rows", rule.table, frame.height, 1, None, "critical", _advice(rule))
    broken = frame.select(rule.broken().sum()).item() or 0
    where = locate(frame, rule.broken(), key) if broken else ""
    return Observation(rule.kind, rule.table, broken, 0, 0, "critical", _advice(rule), rule.column, where)


def _expectation(rule: Rule, name: str) -> Expectation:
    import great_expectations.expectations as gxe

    meta = {"name": name}
    if rule.kind == "rows":
        return gxe.ExpectTableRowCountToBeBetween(min_value=1, meta=meta)
    if rule.kind == "unique":
        if len(rule.columns) == 1:
            return gxe.ExpectColumnValuesToBeUnique(column=rule.columns[0], meta=meta)
        return gxe.ExpectCompoundColumnsToBeUnique(column_list=list(rule.columns), meta=meta)
    column = rule.columns[0]
    if rule.kind == "not_null":
        return gxe.ExpectColumnValuesToNotBeNull(column=column, meta=meta)
    if rule.kind == "allowed":
        return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(rule.allowed), meta=meta)
    return gxe.ExpectColumnValuesToBeBetween(column=column, min_value=rule.minimum, max_value=rule.maximum, meta=meta)


def _plain(frame: pl.DataFrame) -> pd.DataFrame:
    """As pandas, decimals as floats: bounds need no more, and decimal objects are slow."""
    return frame.with_columns(pl.col(pl.Decimal).cast(pl.Float64)).to_pandas()


def _rule_result(rule: Rule, answer: Answer | None, frame: pl.DataFrame, key: tuple[str, ...]) -> Result:
    if answer is None or _raised(answer):
        return _broken_check(rule.kind, rule.table, _reason(answer), rule.column)
    passed = bool(answer.success)
    if rule.kind == "rows":
        observed, where = f"{frame.height} rows", ""
    else:
        rows = int(answer.result.get("unexpected_count", 0))
        observed = "all rows" if passed else f"{rows} of {frame.height} rows break it"
        where = "" if passed else locate(frame, rule.broken(), key)
    return Result(rule.kind, rule.table, rule.column, "critical", passed, observed, rule.bound, _advice(rule), where)


def _grouped(observations: Sequence[Observation], failed: set[int]) -> list[Result]:
    groups: dict[tuple[str, str, str | None, Severity], list[int]] = {}
    for number, one in enumerate(observations):
        groups.setdefault((one.check, one.table, one.column, one.severity), []).append(number)
    results = []
    for members in groups.values():
        bad = [number for number in members if number in failed]
        worst = observations[max(bad or members, key=lambda number: _excess(observations[number]))]
        observed = "not measured" if worst.observed is None else _short(worst.observed)
        if len(bad) > 1:
            observed += f" (the worst of {len(bad)})"
        results.append(
            Result(
                worst.check,
                worst.table,
                worst.column,
                worst.severity,
                not bad,
                observed,
                _bounds(worst),
                worst.message,
                worst.where if bad else "",
            )
        )
    return results


def _excess(one: Observation) -> float:
    """How far outside of its bounds, relative to them: only to say which is worst."""
    if one.observed is None:
        return float("inf")
    below = (one.low - one.observed) / (abs(one.low) or 1) if one.low is not None else 0.0
    above = (one.observed - one.high) / (abs(one.high) or 1) if one.high is not None else 0.0
    return max(below, above)


def _bounds(one: Observation) -> str:
    if one.low is None and one.high is None:
        return "any"
    if one.low == one.high and one.low is not None:
        return f"exactly {_short(one.low)}"
    if one.low is None or one.high is None:
        return f"at least {_short(one.low)}" if one.low is not None else f"at most {_short(one.high or 0)}"
    return f"{_short(one.low)} to {_short(one.high)}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:.4g}"


def _advice(rule: Rule) -> str:
    if rule.kind == "rows":
        return "The table is empty although its inputs are not: a defect or damage, nothing a delivery can cause."
    return f"The declaration of {rule.table} promises {rule.bound}: a defect of the table's code, or a damaged file."


def _broken_check(check: str, table: str, reason: str, column: str | None = None) -> Result:
    return Result(
        check, table, column, "critical", False, "not judged", "an answer", f"The check itself failed: {reason}"
    )


def _raised(answer: Answer) -> bool:
    infos: Iterable[Any] = (answer.exception_info or {}).values()
    nested = [one.get("raised_exception") for one in infos if isinstance(one, dict)]
    return bool((answer.exception_info or {}).get("raised_exception")) or any(nested)


def _reason(answer: Answer | None) -> str:
    if answer is None:
        return "Great Expectations gave no answer"
    text = str(answer.exception_info)
    return text[text.find("exception_message") :][:300]
