"""What each step of the main job does, without Dagster: the same few calls, whoever runs them.

A step reads and writes through the run's draft only, so that it may run again, or in another process.
"""

from __future__ import annotations

import os
from datetime import date

from pipelines import build, ingest, restatements
from pipelines.asked import Asked
from pipelines.clock import today
from pipelines.days import ARE_ASKED_FOR, DayRange, find_range
from pipelines.rates import check_rates
from pipelines.workspace import Workspace
from quality.verdict import Verdict
from warehouse import durable
from warehouse.candidate import Candidate
from warehouse.candidate import read as read_candidate
from warehouse.errors import GateRefused
from warehouse.manifest import HISTORIES, Manifest
from warehouse.table import Table

WHAT_A_RELEASE_TELLS = ("content_digest", "watermark", "config_version", "code_version")
MADE, DAYS, CANDIDATE = "made", "days", "candidate"
WHOLE_RUNS_ONLY = "Nothing in this run was audited: a release is made from one run of all tables, by the job `daily`."


def make(workspace: Workspace, table: Table, asked: Asked, from_day: date) -> int:
    """Takes a source in, builds a state or computes a metric table of the run's days; returns its rows in all.

    `from_day` is the first day of the months the run was launched for.
    """
    if table.layer == "sources":
        _take_in(workspace, table.name, asked)
    elif table.layer == "states":
        build.build_state(workspace, table.name)
    else:
        build.build_metric(workspace, table.name, find_days(workspace, asked, from_day))
        _prepare_to_judge(workspace, table)
    _mark(workspace, table)
    return sum(file.rows for file in workspace.draft.files(table.layer, table.name).values())


def find_days(workspace: Workspace, asked: Asked, from_day: date) -> DayRange:
    """The range of days of this run, found once, from everything that is new, and kept in the draft.

    It begins at the latest on `from_day`, or on the first day that is asked for again.
    """
    plan = workspace.draft.plan() or {}
    if DAYS in plan:
        return DayRange(*map(date.fromisoformat, plan[DAYS]))
    for source in workspace.catalog.sources:
        _take_in(workspace, source, asked)
    check_rates(workspace)
    found = find_range(workspace, asked.last_day, today(workspace.config))
    first_day = min(found.first_day, from_day, *(asked.again or ()))
    # Whole months are computed: one that begins earlier is none that was asked for.
    are_asked_for = asked.again is not None or from_day < found.first_day.replace(day=1)
    told = {DAYS: [first_day.isoformat(), found.last_day.isoformat()], ARE_ASKED_FOR: are_asked_for}
    workspace.draft.set_plan(plan | told)
    return DayRange(first_day, found.last_day)


def days_of(workspace: Workspace) -> DayRange:
    """The range of days this run found; raises GateRefused where it made no metric table."""
    plan = workspace.draft.plan() or {}
    if DAYS not in plan:
        raise GateRefused(WHOLE_RUNS_ONLY)
    return DayRange(*map(date.fromisoformat, plan[DAYS]))


def missing_tables(workspace: Workspace) -> list[str]:
    """The tables this run has not made; without all of them a release would mix two states."""
    made = (entry.table for entry in workspace.catalog if entry.table.layer != HISTORIES)
    return [table.name for table in made if not _is_marked(workspace, table)]


def audit(workspace: Workspace, asked: Asked) -> Verdict:
    """Stages the candidate of this run and judges it; the verdict is kept beside it, whatever it says.

    A candidate with the head's content has the head's verdict.
    """
    days = days_of(workspace)
    restatements.record(workspace, days)
    candidate = workspace.releases.stage(
        workspace.draft,
        tables=workspace.catalog.published,
        watermark=days.last_day,
        first_day=days.first_day,
        config=workspace.config,
        reason=asked.reason,
    )
    verdict = _judge(workspace, candidate)
    candidate.record_verdict(verdict.to_json())
    workspace.draft.set_plan((workspace.draft.plan() or {}) | {CANDIDATE: candidate.folder.name})
    return verdict


def publish(workspace: Workspace) -> Manifest:
    """Publishes what this run staged and had judged; where nothing changed, the head stays and is returned.

    Raises GateRefused without a verdict that passed exactly this candidate, PublishConflict.
    """
    name = (workspace.draft.plan() or {}).get(CANDIDATE)
    if name is None:
        raise GateRefused(WHOLE_RUNS_ONLY)
    candidate = read_candidate(workspace.draft.folder.parent / name)
    head = workspace.draft.base
    if head is not None and _is_same(head, candidate.manifest):
        candidate.discard()
        return head
    return workspace.releases.publish(candidate, candidate.verdict() or {}, workspace.report)


def _judge(workspace: Workspace, candidate: Candidate) -> Verdict:
    head = workspace.draft.base
    if head is not None and _is_same(head, candidate.manifest):
        return Verdict.from_json(head.verdict)
    from quality.gate import judge

    return judge(candidate, catalog=workspace.catalog, config=workspace.config, store=workspace.store, head=head)


def _prepare_to_judge(workspace: Workspace, table: Table) -> None:
    """A table that differs from the head's needs a verdict: where a core is free, what judges is loaded meanwhile."""
    head = workspace.draft.base
    made = workspace.draft.files(table.layer, table.name).values()
    is_new = head is None or {file.sha256 for file in made} != {
        file.sha256 for file in head.of(table.layer, table.name)
    }
    if is_new and len(os.sched_getaffinity(0)) > 1:
        from quality import judging

        judging.start()


def _is_same(head: Manifest, proposed: Manifest) -> bool:
    """Whether there would be nothing to tell: the same content, up to the same day, by the same rules."""
    return all(getattr(head, name) == getattr(proposed, name) for name in WHAT_A_RELEASE_TELLS)


def _take_in(workspace: Workspace, source: str, asked: Asked) -> None:
    table = workspace.catalog[source].table
    if not _is_marked(workspace, table):
        ingest.take_in(workspace, source, retake=asked.retake, again=asked.again)
        _mark(workspace, table)


def _mark(workspace: Workspace, table: Table) -> None:
    durable.make_folder(workspace.draft.folder / MADE)
    durable.write(workspace.draft.folder / MADE / f"{table.layer}.{table.name}", b"")


def _is_marked(workspace: Workspace, table: Table) -> bool:
    return (workspace.draft.folder / MADE / f"{table.layer}.{table.name}").exists()
