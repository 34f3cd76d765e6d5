"""Great Expectations: the only module that imports it, and only inside functions, for the import costs seconds.

What it judges is small: the numbers that Polars counted, each with its bounds. Whatever raises, or is not answered,
raises here; what is made of that is for the gate.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core import ExpectationValidationResult as Answer
    from great_expectations.expectations import Expectation

NAME = "great_expectations"
_BELOW, _ABOVE, _MEASURED, _COUNTED = "below", "above", "measured", "counted"
# A number and its inclusive bounds; None is unbounded, or could not be measured.
Bounded = tuple[float | None, float | None, float | None]


class NotJudgedError(Exception):
    """There is no answer that could be trusted."""


def load() -> None:
    """Imports the library once, without analytics."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations.expectations  # noqa: F401


@dataclass(slots=True)
class Judge:
    """One use of Great Expectations: an in-memory context that judges frames and forgets them."""

    _source: Any = field(init=False)

    def __post_init__(self) -> None:
        load()
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        self._source = context.data_sources.add_pandas("candidate")

    def failed(self, bounded: Sequence[Bounded]) -> set[int]:
        """The places of the numbers that are missing or outside of their bounds. Raises NotJudgedError."""
        import great_expectations.expectations as gxe
        import pandas as pd

        frame = pd.DataFrame(bounded, columns=["observed", "low", "high"], dtype="float64")
        frame["number"] = range(len(bounded))
        ignore = {"ignore_row_if": "either_value_is_missing"}
        answers = self._validate(
            frame,
            [
                gxe.ExpectTableRowCountToEqual(value=len(bounded), meta={"name": _COUNTED}),
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
                raise NotJudgedError(_reason(answer))
            if not answer.success:
                found = answer.result.get("unexpected_index_list")
                if not found:
                    raise NotJudgedError(f"{name} failed without saying where")
                failed |= {int(row["number"]) for row in found}
        return failed

    def _validate(self, frame: pd.DataFrame, expectations: Sequence[Expectation]) -> dict[str, Answer]:
        """Answers by the name in each expectation's meta: results come back in another order."""
        import great_expectations as gx

        unique = f"observations-{len(self._source.assets)}"
        asset = self._source.add_dataframe_asset(unique)
        batch = asset.add_batch_definition_whole_dataframe(unique).get_batch(batch_parameters={"dataframe": frame})
        suite = gx.ExpectationSuite(name=unique, expectations=list(expectations))
        wanted: Any = {"result_format": "COMPLETE", "unexpected_index_column_names": ["number"]}
        validated = batch.validate(suite, result_format=wanted)
        return {answer.expectation_config.meta["name"]: answer for answer in validated.results}


def serve() -> None:
    """Answers what is asked on standard input until it ends, a line of JSON each.

    What the library prints is kept apart.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    judge: Judge | None = None
    with contextlib.suppress(Exception):
        # Tried again when something is asked, and told then.
        load()
    for line in sys.stdin:
        try:
            judge = judge or Judge()
            bounded = json.loads(line)
            answer: dict[str, Any] = {"judged": len(bounded), "failed": sorted(judge.failed(bounded))}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _raised(answer: Answer) -> bool:
    infos: list[Any] = list((answer.exception_info or {}).values())
    nested = [one.get("raised_exception") for one in infos if isinstance(one, dict)]
    return bool((answer.exception_info or {}).get("raised_exception")) or any(nested)


def _reason(answer: Answer | None) -> str:
    if answer is None:
        return "Great Expectations gave no answer"
    text = str(answer.exception_info)
    return text[text.find("exception_message") :][:300]
