"""Dagster's blocking checks gate only inside one run. Whatever goes past them must still publish nothing.

Each way past is tried after the gate refused, with what it refused still in the warehouse.
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg
import pytest

from pipelines import graph
from pipelines.failures import told
from pipelines.graph import build
from pipelines.jobs import DAILY, range_tags
from quality.verdict import Result
from tests.pipelines.toy import Toy
from warehouse.catalog import Catalog
from warehouse.errors import GateRefused
from warehouse.releases import Releases

BLOCK = Result("rows", "orders_daily", None, "critical", False, "0", ">= 1", "It is empty.", "2026-03-05")
TABLES = ["orders", "order_days", "orders_daily"]


@pytest.fixture
def refused(toy: Toy) -> Toy:
    """A warehouse with one release, and a candidate on top of it that the gate refuses."""
    toy.run()
    toy.rows, toy.results = 2, [BLOCK]
    with pytest.raises(GateRefused):
        toy.run()
    return toy


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def _definitions(toy: Toy) -> dg.Definitions:
    return build(toy.config, first_month="2026-01", assets_folder=toy.assets)


def _launch(
    toy: Toy, instance: dg.DagsterInstance, months: tuple[str, str], tables: Sequence[str] | None = None
) -> dg.ExecuteInProcessResult:
    job = _definitions(toy).resolve_job_def(DAILY)
    selected = [dg.AssetKey(name) for name in tables] if tables else None
    return job.execute_in_process(
        instance=instance, tags=range_tags(*months), asset_selection=selected, raise_on_error=False
    )


def _nothing_was_published(toy: Toy) -> bool:
    releases = Releases(toy.config.home)
    head = releases.head()
    return releases.numbers() == [1] and head is not None and sum(file.rows for file in head.published()) == 1


def test_no_selection_of_months_or_tables_publishes_what_was_refused(
    refused: Toy, instance: dg.DagsterInstance
) -> None:
    """The release alone, with some tables, in a middle month; middle months; a whole run; and, as a backfill by the
    daemon would launch them, the tables first and then the release in other months."""
    whole = ("2026-03", "2026-06")
    ways: list[tuple[tuple[str, str], list[str] | None]] = [
        (whole, ["release"]),
        (("2026-04", "2026-04"), ["release"]),
        (("2026-04", "2026-04"), ["orders_daily", "release"]),
        (("2026-04", "2026-05"), None),
        (whole, None),
        (whole, TABLES),
        (("2026-01", "2026-02"), ["release"]),
    ]
    for months, tables in ways:
        assert not _launch(refused, instance, months, tables).success, (months, tables)
        assert _nothing_was_published(refused), (months, tables)


def test_neither_a_job_without_checks_nor_a_check_that_says_nothing(
    refused: Toy, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = dg.define_asset_job("bare", selection=dg.AssetSelection.all().without_checks())
    definitions = dg.Definitions.merge(_definitions(refused), dg.Definitions(jobs=[bare]))
    with pytest.raises(dg.Failure) as raised:
        definitions.resolve_job_def("bare").execute_in_process(instance=instance, tags=range_tags("2026-03", "2026-06"))
    assert isinstance(told(raised.value), GateRefused)
    assert _nothing_was_published(refused)
    monkeypatch.setattr(graph, "build_audit", _silent)
    assert not _launch(refused, instance, ("2026-03", "2026-06")).success
    assert _nothing_was_published(refused)


def _silent(tables: Catalog) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name="audit",
        specs=[dg.AssetCheckSpec("audit", asset=name, blocking=True) for name in tables.metrics],
        can_subset=True,
    )
    def audit() -> None:
        return None

    return audit


@pytest.mark.filterwarnings("ignore::dagster.PreviewWarning")
def test_an_automation_that_does_not_wait_for_checks(refused: Toy, instance: dg.DagsterInstance) -> None:
    definitions = _definitions(refused)
    eager = definitions.map_resolved_asset_specs(
        func=lambda spec: spec.replace_attributes(automation_condition=dg.AutomationCondition.eager()),
        selection=dg.AssetSelection.assets("release"),
    )
    first = dg.evaluate_automation_conditions(defs=eager, instance=instance)
    assert not _launch(refused, instance, ("2026-03", "2026-06")).success
    latest = _latest_month(eager)
    for name in TABLES:
        instance.report_runless_asset_event(dg.AssetMaterialization(name, partition=latest))
    asked = dg.evaluate_automation_conditions(defs=eager, instance=instance, cursor=first.cursor)
    assert asked.total_requested == 1  # Dagster would start the release
    assert not _launch(refused, instance, (latest, latest), ["release"]).success
    assert _nothing_was_published(refused)


def _latest_month(definitions: dg.Definitions) -> str:
    partitions = definitions.resolve_asset_graph().get(dg.AssetKey("release")).partitions_def
    assert partitions is not None
    latest = partitions.get_last_partition_key()
    assert latest is not None
    return latest
