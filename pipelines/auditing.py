"""The audit as Dagster shows it: blocking checks on every metric table, from one verdict on the run's candidate.

They stop the release inside a run. What decides is the verdict itself, which publishing checks again.
"""

from collections.abc import Iterator, Sequence

import dagster as dg

from pipelines import steps
from pipelines.failures import IO_RETRIES, failing_clearly
from pipelines.resources import Warehouse
from quality import report
from quality.verdict import Result, Verdict
from warehouse.catalog import Catalog

AUDIT = "audit"
SHOWN = 20


def build_audit(tables: Catalog) -> dg.AssetChecksDefinition:
    # A blocking check of a table that others are made from would have to be over before those are made: Dagster would
    # cut the audit into pieces then, and it is about all tables or about none.
    made_from = {name for entry in tables.metrics.values() for name in entry.references}
    specs = [_spec(name, blocking=name not in made_from) for name in tables.metrics] + [
        _spec(name, blocking=False) for name in tables.sources
    ]

    @dg.multi_asset_check(name=AUDIT, specs=specs, can_subset=True, retry_policy=IO_RETRIES)
    def audit(context: dg.AssetCheckExecutionContext, warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
        with failing_clearly(context):
            missing = steps.missing_tables(warehouse.workspace)
            verdict = None if missing else steps.audit(warehouse.workspace, warehouse.asked)
        for key in sorted(context.selected_asset_check_keys):
            name = key.asset_key.to_user_string()
            yield _not_audited(key, missing) if verdict is None else _result(key, verdict, name)

    return audit


def _spec(table: str, *, blocking: bool) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        AUDIT,
        asset=table,
        blocking=blocking,
        description="What the gate found about this table in the run's candidate.",
    )


def _result(key: dg.AssetCheckKey, verdict: Verdict, table: str) -> dg.AssetCheckResult:
    found = [result for result in verdict.results if result.table == table]
    failed = [result for result in found if not result.passed]
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not failed,
        severity=_severity(failed),
        description=failed[0].message if failed else f"{len(found)} checks passed",
        metadata={
            "checks": len(found),
            "failed": len(failed),
            "found": dg.MetadataValue.md(report.markdown(failed[:SHOWN]) or "nothing to report"),
        },
    )


def _severity(failed: Sequence[Result]) -> dg.AssetCheckSeverity:
    blocks = any(result.blocks for result in failed)
    return dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN


def _not_audited(key: dg.AssetCheckKey, missing: Sequence[str]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Not audited: this run left out {', '.join(missing)}. Only a run of all tables is.",
    )
