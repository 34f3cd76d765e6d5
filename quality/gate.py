"""The gate: a candidate goes in, a verdict about exactly its content comes out. It fails closed.

Here the decision is put together: what was measured (audit.py) is judged (expectations.py) and bound to the
candidate's digest. A check that raises, or gets no answer, is a critical failure.
"""

from __future__ import annotations

import importlib
import threading
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from quality import accepted, expectations, page
from quality.audit import Audit, failure
from quality.verdict import Result, Verdict
from warehouse.candidate import Candidate
from warehouse.catalog import Catalog
from warehouse.config import Config
from warehouse.errors import UsageError
from warehouse.manifest import Manifest
from warehouse.store import Store


def judge(candidate: Candidate, *, catalog: Catalog, config: Config, store: Store, head: Manifest | None) -> Verdict:
    """Measures the candidate, has Great Expectations judge what was measured, and binds the outcome to its digest; the
    page of it is left beside the candidate.

    Never raises for what it finds, nor for a check that fails: both are results. `head` is the release the candidate
    builds on. Raises StorageError where the page cannot be written.
    """
    loading = prepare()
    audit = Audit(candidate, catalog, config, store, head)
    audit.measure()
    loading.join()
    now = datetime.now(UTC)
    results = _accepted(_without_echoes([*_judged(audit), *audit.broken]), config, now)
    verdict = Verdict.of(candidate.digest, results, now.isoformat(timespec="seconds"))
    candidate.record_page(page.render(verdict, candidate.manifest, audit.charts()))
    return verdict


@cache
def prepare() -> threading.Thread:
    """Begins to import Great Expectations beside the measuring, once: it takes seconds, and no Polars does.

    Not earlier: beside Dagster's work, which imports some of the same packages, one thread can see them half loaded.
    """
    # What both threads may come to import first is imported here: half loaded by one, it fails in the other.
    importlib.import_module("sqlalchemy.orm")
    thread = threading.Thread(target=_load, name="great-expectations", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    try:
        expectations.load()
    except Exception:
        # Tried again where it is needed, and reported there.
        return


def _judged(audit: Audit) -> list[Result]:
    results: list[Result] = []
    try:
        judging = expectations.Judge()
        observations = list(audit.observations)
        for name, frame in audit.frames.items():
            rules, key = audit.rules(name), audit.key(name)
            counted = [rule for rule in rules if expectations.is_counted_first(rule, frame)]
            observations += [expectations.count(rule, frame, key) for rule in counted]
            results += judging.table(frame, [rule for rule in rules if rule not in counted], key)
        return results + judging.observations(observations)
    except Exception as error:
        return [*results, failure("great expectations", "all", error)]


def _accepted(results: list[Result], config: Config, now: datetime) -> list[Result]:
    try:
        acceptances = accepted.read(config.folder)
    except UsageError as error:
        return [*results, failure(accepted.NOTE, "all", error)]
    return accepted.apply(results, acceptances, now.astimezone(ZoneInfo(config.time_zone)).date())


def _without_echoes(results: list[Result]) -> list[Result]:
    """Without warnings that only repeat a critical failure of the same check."""
    blocking = {(one.check, one.table, one.column) for one in results if one.blocks}
    return [one for one in results if one.blocks or (one.check, one.table, one.column) not in blocking]
