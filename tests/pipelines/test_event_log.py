"""The quicker event log writes what Dagster's own reads."""

from __future__ import annotations

import dagster as dg

from pipelines.instance import folder_for, open_instance
from pipelines.resources import POOL
from tests.pipelines.toy import Toy


def test_dagster_itself_reads_what_a_run_recorded(toy: Toy) -> None:
    toy.run()
    with dg.DagsterInstance.from_config(str(folder_for(toy.config))) as plain:
        assert type(plain.event_log_storage).__name__ == "SqliteEventLogStorage"
        (run,) = plain.get_runs()
        assert run.status == dg.DagsterRunStatus.SUCCESS
        months = {f"2026-0{month}" for month in range(3, 7)}
        assert plain.get_materialized_partitions(dg.AssetKey("orders_daily")) == months
        assert plain.get_materialized_partitions(dg.AssetKey("release")) == months
        check = dg.AssetCheckKey(dg.AssetKey("orders_daily"), "audit")
        assert len(plain.event_log_storage.get_latest_asset_check_execution_by_key([check])) == 1
        executions = plain.event_log_storage.get_asset_check_execution_history(check, limit=10)
        assert [one.status.value for one in executions] == ["SUCCEEDED"], "one for the run, none for a month alone"


def test_what_a_killed_run_claimed_of_the_pool_is_free_for_the_next(toy: Toy) -> None:
    with open_instance(toy.config) as instance:
        instance.event_log_storage.initialize_concurrency_limit_to_default(POOL)
        claimed = instance.event_log_storage.claim_concurrency_slot(POOL, "a killed run", "release")
        assert claimed.is_claimed
    outcome = toy.run()
    assert outcome is not None
    assert outcome.is_new
