"""What Dagster's page shows and starts: the graph, a run of chosen tables or months, the schedule and the sensor."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pytest

from pipelines.failures import told
from pipelines.graph import build
from pipelines.jobs import DAILY, range_tags
from tests.pipelines.toy import Toy
from warehouse.errors import GateRefused
from warehouse.releases import Releases

ROOT = Path(__file__).resolve().parents[2]
ORDER = ["sources", "states", "metrics", "histories", "release"]


def _launch(
    toy: Toy, first: str, last: str, tables: Sequence[str] | None = None
) -> tuple[dg.ExecuteInProcessResult, dg.DagsterInstance]:
    instance = dg.DagsterInstance.ephemeral()
    job = build(toy.config, first_month="2026-01", assets_folder=toy.assets).resolve_job_def(DAILY)
    selected = [dg.AssetKey(name) for name in tables] if tables else None
    result = job.execute_in_process(instance=instance, tags=range_tags(first, last), asset_selection=selected)
    return result, instance


def _run_alone(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "HOLDFAST_CONFIG"}
    environment |= {"PYTHONPATH": str(ROOT), "DAGSTER_DISABLE_TELEMETRY": "1"}
    return subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True)


def test_the_graph_reads_from_sources_to_release_without_a_configuration(tmp_path: Path) -> None:
    script = (
        "from pipelines.definitions import defs\n"
        "graph = defs.resolve_asset_graph()\n"
        "for key in graph.toposorted_asset_keys:\n"
        "    node = graph.get(key)\n"
        "    above = (graph.get(parent).group_name for parent in node.parent_keys)\n"
        "    print(key.to_user_string(), node.group_name, *above)\n"
        "print(*(node.name for node in defs.resolve_job_def('daily').nodes if node.name.startswith('audit')))\n"
    )
    ran = _run_alone(tmp_path, "-c", script)
    assert ran.returncode == 0, ran.stderr
    *lines, audits = [line.split() for line in ran.stdout.splitlines()]
    assert audits == ["audit"], "in pieces it would be about only some of the tables"
    groups = {words[1] for words in lines}
    assert groups == set(ORDER)
    assert [words[0] for words in lines if words[1] == "release"] == ["release"]
    for name, group, *parents in lines:
        assert all(ORDER.index(parent) <= ORDER.index(group) for parent in parents), name
        assert (not parents) == (group == "sources"), name


def test_dg_finds_the_definitions_sound() -> None:
    pytest.importorskip("dagster_dg_cli")
    script = "import sys; from dagster_dg_cli.cli import main; sys.argv = ['dg', 'check', 'defs']; main()"
    ran = _run_alone(ROOT, "-c", script)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_table_has_columns_partitions_and_checks(toy: Toy) -> None:
    graph = build(toy.config, first_month="2026-01", assets_folder=toy.assets).resolve_asset_graph()
    node = graph.get(dg.AssetKey("orders_daily"))
    assert isinstance(node.partitions_def, dg.MonthlyPartitionsDefinition)
    schema = node.metadata["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchema)
    assert [column.name for column in schema.columns] == ["date", "orders"]
    assert {key.asset_key.to_user_string() for key in graph.asset_check_keys} == {"orders", "orders_daily"}


def test_a_run_of_other_months_reaches_the_last_complete_day(toy: Toy) -> None:
    result, instance = _launch(toy, "2026-01", "2026-02")
    assert result.success
    assert "2026-01-01 to 2026-06-04" in toy.made
    assert Releases(toy.config.home).numbers() == [1]
    covered = {f"2026-0{month}" for month in range(1, 7)}
    for name in ("orders", "order_days", "orders_daily", "release"):
        assert instance.get_materialized_partitions(dg.AssetKey(name)) == covered, name


def test_a_run_of_one_table_publishes_nothing(toy: Toy) -> None:
    result, _ = _launch(toy, "2026-03", "2026-06", ["orders_daily"])
    assert result.success
    (evaluation,) = result.get_asset_check_evaluations()
    assert not evaluation.passed
    assert "this run left out" in (evaluation.description or "")
    assert Releases(toy.config.home).numbers() == []


def test_the_release_alone_is_refused(toy: Toy) -> None:
    toy.run()
    toy.rows = 2
    for tables in (["release"], ["orders_daily", "release"]):
        with pytest.raises(dg.Failure) as raised:
            _launch(toy, "2026-03", "2026-06", tables)
        assert isinstance(told(raised.value), GateRefused)
    assert Releases(toy.config.home).numbers() == [1]
