"""The last audit there is: that of a candidate refused since the newest release, or the release's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from quality.report import headline, render
from quality.verdict import Result, Verdict
from warehouse.candidate import PAGE
from warehouse.config import Config
from warehouse.errors import GateRefused, UsageError
from warehouse.history import folder_of
from warehouse.manifest import Manifest
from warehouse.mirror import bring_page
from warehouse.releases import Releases

SHOWN_BLOCKS = 5


@dataclass(frozen=True, slots=True)
class LastAudit:
    """`manifest` is of what was judged: a published release, or a candidate that was refused; `folder` holds it."""

    manifest: Manifest
    verdict: Verdict
    folder: Path

    @property
    def subject(self) -> str:
        when = self.manifest.published_at[:16].replace("T", " ")
        return f"Release {self.manifest.number}" if self.verdict.passed else f"The candidate refused at {when} UTC"


def last_audit(config: Config) -> LastAudit:
    """Raises UsageError where nothing was audited yet."""
    releases = Releases(config.home)
    refused, head = releases.last_refused(), releases.head()
    if refused is not None:
        return LastAudit(refused.manifest, Verdict.from_json(refused.verdict() or {}), refused.folder)
    if head is None:
        raise UsageError(f"Nothing in {config.home} was audited yet: `holdfast run` first.")
    return LastAudit(head, Verdict.from_json(head.verdict), folder_of(config.home, head.number))


def describe(config: Config) -> str:
    """The whole last audit as text."""
    audit = last_audit(config)
    return f"{audit.subject}, up to {audit.manifest.watermark}\n\n{render(audit.verdict)}"


def refusal(config: Config, run_id: str) -> GateRefused | None:
    """What the gate said of that run's candidate, where it refused: the run then ended before the release."""
    refused = Releases(config.home).last_refused()
    if refused is None or refused.manifest.run != run_id:
        return None
    return GateRefused(describe_refusal(Verdict.from_json(refused.verdict() or {})))


def page(config: Config) -> Path:
    """The page of the last audit. Raises UsageError where it has none."""
    audit = last_audit(config)
    if audit.verdict.passed:
        bring_page(config.home, audit.manifest.number)
    file = audit.folder / PAGE
    if not file.exists():
        raise UsageError(
            f"{file.parent} has no page: it was made by a rollback or by an earlier version. `holdfast check` shows "
            "the audit, and the next release has one."
        )
    return file


def describe_refusal(verdict: Verdict) -> str:
    """What blocked a candidate, in a few lines."""
    blocking = [result for result in verdict.failed if result.blocks]
    lines = [headline(verdict), *(f"  {line(one)}" for one in blocking[:SHOWN_BLOCKS])]
    if len(blocking) > SHOWN_BLOCKS:
        lines.append(f"  and {len(blocking) - SHOWN_BLOCKS} more")
    advice = "`holdfast check` shows the whole audit, `holdfast quarantine` the rows that were set aside."
    return "\n".join([*lines, advice])


def line(result: Result) -> str:
    """One result as a sentence with the first of its places."""
    column = f".{result.column}" if result.column else ""
    places = [place.strip() for place in result.where.split(";") if place.strip()]
    where = f" ({places[0]}{' and others' if len(places) > 1 else ''})" if places else ""
    return f"{result.table}{column}: {result.message}{where}"
