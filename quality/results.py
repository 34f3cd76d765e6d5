"""Results from observations: those of one check and table become one, and the worst is shown.

Here belongs how what was judged is told. Which observations failed is decided by the judge (judging.py).
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from quality.verdict import Observation, Result, Severity


def of(observations: Sequence[Observation], failed: Set[int]) -> list[Result]:
    """`failed` are the numbers of the observations outside of their bounds."""
    groups: dict[tuple[str, str, str | None, Severity], list[int]] = {}
    for number, one in enumerate(observations):
        groups.setdefault((one.check, one.table, one.column, one.severity), []).append(number)
    results = []
    for members in groups.values():
        bad = [number for number in members if number in failed]
        worst = observations[max(bad or members, key=lambda number: _excess(observations[number]))]
        observed = _observed(worst)
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
                worst.promise or _bounds(worst),
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


def _observed(one: Observation) -> str:
    if one.observed is None:
        return "not measured"
    if not one.promise:
        return _short(one.observed)
    return f"{one.observed:,.0f} rows break it" if one.observed else "all rows"
