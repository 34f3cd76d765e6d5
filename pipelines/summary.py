"""What a person wants to read after a run: the few numbers, what the gate said, where the files are.

Every number is read from the published tables; a line whose table or history is not there is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from assets.benchmarks import BANDS
from pipelines.last_audit import line
from pipelines.show import scan
from pipelines.text import cell
from pipelines.waiting import waiting
from quality.report import headline
from quality.verdict import Verdict
from warehouse.config import Config
from warehouse.manifest import Manifest
from warehouse.table import SEGMENT_ALL

BASES = {"subscription": "paying customers", "orders": "customers with orders", "usage": "customers by usage"}
RETENTION_AGE, RETENTION_COHORTS = 7, 28
EXAMPLES = ("mrr_daily", "customer_retention_daily", "user_activity_daily")
SHOWN_WARNINGS = 3
Line = tuple[str, str]


def summarise(config: Config, release: Manifest) -> str:
    """The summary of a release, ready to print."""
    facts = [*_customers(config, release), *_revenue(config, release), *_users(config, release)]
    width = max((len(name) for name, _ in facts), default=0)
    return "\n".join(
        [
            f"Release {release.number}, up to {release.watermark} ({release.time_zone})",
            "",
            *(f"  {name:<{width}}  {value}" for name, value in facts),
            "",
            *_gate(release),
            *_waiting(release),
            "",
            *_files(config, release),
        ]
    )


def _customers(config: Config, release: Manifest) -> Iterator[Line]:
    """Per basis, the paying ones first: how many there are, the churn of 30 days, the retention of a year."""
    rows = _last_day(config, release, "customer_retention_daily", pl.col("window_days").is_in([30, 365]))
    for at, basis in enumerate(name for name in BASES if rows.height and name in rows["basis"]):
        month, year = (rows.row(by_predicate=_is(basis, days), named=True) for days in (30, 365))
        yield BASES[basis].capitalize(), cell(month["customers_at_end"])
        if month["customer_churn_rate"] is not None:
            lost = f"{cell(month['customers_lost'])} of {cell(month['customers_at_start'])}"
            yield "  churn in 30 days", f"{_percent(month['customer_churn_rate'])}   {lost}"
        if year["customer_retention_rate"] is not None:
            band = "" if at else _band(config)
            yield "  retention over 365 days", f"{_percent(year['customer_retention_rate'])}{band}"


def _revenue(config: Config, release: Manifest) -> Iterator[Line]:
    """MRR and its retention, in the reporting currency where there is one, else per currency."""
    is_wanted = pl.col("is_converted") == pl.lit(config.reporting_currency is not None)
    for row in _last_day(config, release, "mrr_daily", is_wanted).iter_rows(named=True):
        yield f"MRR {row['currency']}", cell(row["mrr_closing"])
    wanted = (is_wanted, pl.col("basis") == "subscription", pl.col("window_days").is_in([30, 365]))
    for row in _last_day(config, release, "revenue_retention_daily", *wanted).iter_rows(named=True):
        if row["net_revenue_retention"] is not None:
            net, gross = _percent(row["net_revenue_retention"]), _percent(row["gross_revenue_retention"])
            yield f"  {row['window_days']} days, {row['currency']}", f"net {net}   gross {gross}   revenue retention"


def _users(config: Config, release: Manifest) -> Iterator[Line]:
    """Of the users first seen in the last four weeks for which it is known, those who came on the seventh day after."""
    if "user_retention_daily" not in release.schemas:
        return
    since = date.fromisoformat(release.watermark) - timedelta(days=RETENTION_COHORTS)
    rows = scan(config, release, "user_retention_daily").filter(
        pl.col("segment") == SEGMENT_ALL, pl.col("age_days") == RETENTION_AGE, pl.col("date") > since
    )
    cohorts, retained = rows.select(pl.col("users_in_cohort", "users_retained").sum()).collect().row(0)
    if cohorts:
        seen = f"{cell(retained)} of {cell(cohorts)} new users of {RETENTION_COHORTS} days"
        yield "Day-7 retention", f"{_percent(retained / cohorts)}   {seen}"


def _last_day(config: Config, release: Manifest, table: str, *wanted: pl.Expr) -> pl.DataFrame:
    if table not in release.schemas:
        return pl.DataFrame()
    day = date.fromisoformat(release.watermark)
    rows = scan(config, release, table).filter(pl.col("date") == day, pl.col("segment") == SEGMENT_ALL, *wanted)
    return rows.collect().sort(pl.all())


def _is(basis: str, window_days: int) -> pl.Expr:
    return (pl.col("basis") == basis) & (pl.col("window_days") == window_days)


def _percent(rate: float) -> str:
    return f"{rate:.1%}"


def _band(config: Config) -> str:
    band = BANDS[config.industry]
    return f"   usual for {band.label}: {band.low:.0%} to {band.high:.0%}"


def _gate(release: Manifest) -> Iterator[str]:
    verdict = Verdict.from_json(release.verdict)
    warnings = [result for result in verdict.failed if result.severity == "warning"]
    yield headline(verdict)
    for warning in warnings[:SHOWN_WARNINGS]:
        yield f"  {line(warning)}"
    if len(warnings) > SHOWN_WARNINGS:
        yield f"  and {len(warnings) - SHOWN_WARNINGS} more: holdfast check"


def _waiting(release: Manifest) -> Iterator[str]:
    found = waiting(release)
    if found:
        yield found.advice


def _files(config: Config, release: Manifest) -> Iterator[str]:
    if config.remote is not None:
        yield f"Tables: {config.remote}, as Parquet"
        yield "  holdfast pull DIR      makes a folder of them, with a database"
        yield "  holdfast path --files  prints their addresses"
        return
    folder = _short(config.home / "releases" / f"{release.number:08d}")
    table = next((name for name in (*EXAMPLES, *release.schemas) if name in release.schemas), "TABLE")
    yield f"Tables: {folder}"
    yield f'  DuckDB  duckdb.connect("{folder}/warehouse.duckdb", read_only=True).sql("from {table}")'
    yield f'  Polars  pl.read_parquet("{folder}/{table}/**/*.parquet")'
    yield f'  pandas  pd.read_parquet("{folder}/{table}")'


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
