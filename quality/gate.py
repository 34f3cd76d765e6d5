"""The gate: a candidate goes in, a verdict about exactly its content comes out. It fails closed.

Here the decision is put together: what was measured (audit.py) is judged (judging.py) and bound to the
candidate's digest. A check that raises, or gets no answer, is a critical failure.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from quality import accepted, judging, page, results
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
    judging.start()
    audit = Audit(candidate, catalog, config, store, head)
    audit.measure()
    now = datetime.now(UTC)
    found = _accepted(_without_echoes([*_judged(audit), *audit.broken]), config, now)
    verdict = Verdict.of(candidate.digest, found, now.isoformat(timespec="seconds"), audit.judged_by)
    candidate.record_page(page.render(verdict, candidate.manifest, audit.charts()))
    return verdict


def _judged(audit: Audit) -> list[Result]:
    try:
        observations = audit.observations
        failed = judging.failed([(one.observed, one.low, one.high) for one in observations])
        return results.of(observations, failed)
    except Exception as error:
        return [failure("great expectations", "all", error)]


def _accepted(found: list[Result], config: Config, now: datetime) -> list[Result]:
    try:
        acceptances = accepted.read(config.folder)
    except UsageError as error:
        return [*found, failure(accepted.NOTE, "all", error)]
    return accepted.apply(found, acceptances, now.astimezone(ZoneInfo(config.time_zone)).date())


def _without_echoes(found: list[Result]) -> list[Result]:
    """Without warnings that only repeat a critical failure of the same check."""
    blocking = {(one.check, one.table, one.column) for one in found if one.blocks}
    return [one for one in found if one.blocks or (one.check, one.table, one.column) not in blocking]
