"""What the gate found, as plain values: observations, results and the verdict, and their JSON.

Here belongs nothing that judges and nothing that reads a file: a page or a command can show an old verdict without
importing what made it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

Severity = Literal["critical", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Observation:
    """A number that was measured and the bounds it should lie in; not judged yet.

    `low` and `high` are inclusive, None is unbounded. `observed` None means that it could not be measured, which fails.
    `where` is the file, day or key to look at; `message` says what it means and what to do should it fail. `promise` is
    the bound in words, where `observed` counts the rows that break it.
    """

    check: str
    table: str
    observed: float | None
    low: float | None
    high: float | None
    severity: Severity
    message: str
    column: str | None = None
    where: str = ""
    promise: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One judged check. `severity` is what a failure costs: critical blocks, warning publishes and shows."""

    check: str
    table: str
    column: str | None
    severity: Severity
    passed: bool
    observed: str
    bound: str
    message: str
    where: str = ""

    @property
    def subject(self) -> str:
        """What it is about: the table, or a column of it."""
        return self.table if self.column is None else f"{self.table}.{self.column}"

    @property
    def blocks(self) -> bool:
        return self.severity == "critical" and not self.passed


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's decision about exactly one content: the candidate whose content digest is `digest`.

    `judged_by` names the rules it was judged by; two verdicts with the same were judged alike.
    """

    digest: str
    passed: bool
    results: tuple[Result, ...]
    judged_at: str
    judged_by: str = ""

    @classmethod
    def of(cls, digest: str, results: Iterable[Result], judged_at: str, judged_by: str = "") -> Verdict:
        """A verdict that passes when nothing blocks; without a single result there is nothing to trust.

        What passed needs no advice: its message is left out, every release keeps its verdict.
        """
        kept = (replace(one, message="") if one.passed else one for one in results)
        ordered = tuple(sorted(kept, key=_worst_first))
        return cls(digest, bool(ordered) and not any(one.blocks for one in ordered), ordered, judged_at, judged_by)

    @property
    def failed(self) -> tuple[Result, ...]:
        """What did not pass, worst first."""
        return tuple(one for one in self.results if not one.passed)

    def count(self, severity: Severity) -> int:
        """How many checks of that severity failed."""
        return sum(one.severity == severity for one in self.failed)

    def to_json(self) -> dict[str, Any]:
        return {
            "digest": self.digest,
            "passed": self.passed,
            "judged_at": self.judged_at,
            "judged_by": self.judged_by,
            "results": [asdict(one) for one in self.results],
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any] | str) -> Verdict:
        """The verdict of `to_json` or its text; KeyError, TypeError or ValueError where it is not one."""
        read: Mapping[str, Any] = json.loads(saved) if isinstance(saved, str) else saved
        results = tuple(Result(**one) for one in read["results"])
        if any(one.severity not in SEVERITIES for one in results):
            raise ValueError("a result has a severity that does not exist")
        judged_by = str(read.get("judged_by", ""))
        return cls(str(read["digest"]), read["passed"] is True, results, str(read["judged_at"]), judged_by)


def _worst_first(result: Result) -> tuple[bool, int, str, str, str, str]:
    rank = SEVERITIES.index(result.severity)
    return result.passed, rank, result.table, result.check, result.column or "", result.where
