"""Real exports, where they are at hand: read with nothing but configuration."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from tests.ingest.shop import Shop

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
REFERENCE = DATA.parent / "reference"
RETAIL = DATA / "onlineretail" / "onlineretail_asloaded.parquet"
CLICKS = DATA / "retentioneering_ecom" / "ecom.csv.gz"

CLEAN = 'distinct_rows = true\nwhere = "Quantity > 0 AND UnitPrice > 0 AND CustomerID IS NOT NULL"'
RAW = 'where = "CustomerID IS NOT NULL"'


def retail(folder: Path, rule: str, ending: str) -> Shop:
    made = Shop(
        folder,
        f'[sources.orders]\npath = "inbox/*"\ncurrency = "GBP"\nlines = true\n{rule}\n[sources.orders.columns]\n'
        'order_id = "InvoiceNo"\ncustomer_id = "CustomerID"\nordered_at = "InvoiceDate"\n'
        'amount = "Quantity * UnitPrice"\n'
        'country = "Country"\n',
    )
    if ending == "parquet":
        (folder / "inbox").mkdir()
        shutil.copy(RETAIL, folder / "inbox" / "retail.parquet")
    else:
        text = pl.read_parquet(RETAIL).with_columns(pl.col("InvoiceDate").dt.strftime("%-m/%-d/%Y %-H:%M")).write_csv()
        made.deliver("retail.csv", text)
    made.take_in()
    return made


@pytest.mark.skipif(not RETAIL.exists(), reason=f"{RETAIL} is not there")
@pytest.mark.parametrize(("rule", "name"), [(CLEAN, "clean"), (RAW, "raw")])
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_online_retail_gives_the_cohorts_of_its_reference(tmp_path: Path, rule: str, name: str, ending: str) -> None:
    made = retail(tmp_path, rule, ending)
    orders = made.lake("orders").with_columns(month=pl.col("day").dt.truncate("1mo"))
    cells = (
        orders.with_columns(cohort=pl.col("month").min().over("customer_id"))
        .group_by("cohort", "month")
        .agg(customers=pl.col("customer_id").n_unique(), revenue=pl.col("amount").sum())
        .sort("cohort", "month")
    )
    reference = pl.read_csv(
        REFERENCE / f"orders_or_{name}_cohort_triangle.csv", schema_overrides={"revenue": pl.String}
    )
    reference = reference.with_columns(pl.col("revenue").str.to_decimal(scale=2))
    assert cells.height == 91
    assert cells["customers"].to_list() == reference["customers"].to_list()
    assert cells["revenue"].cast(pl.Decimal(38, 2)).to_list() == reference["revenue"].to_list()
    line = next(iter(made.ledger("orders").values()))
    assert line.rows_in == 541_909
    assert line.rows_in == line.taken + line.quarantined + line.excluded_where + line.excluded_distinct + line.merged


@pytest.mark.skipif(not CLICKS.exists(), reason=f"{CLICKS} is not there")
def test_the_clickstream_gives_the_daily_users_of_its_reference(tmp_path: Path) -> None:
    made = Shop(
        tmp_path,
        '[sources.events]\npath = "inbox/*.csv.gz"\n[sources.events.columns]\noccurred_at = "timestamp"\n'
        'event_name = "event"\nchannel = "acquisition_channel"\n',
    )
    (tmp_path / "inbox").mkdir()
    shutil.copy(CLICKS, tmp_path / "inbox" / "ecom.csv.gz")
    made.take_in()
    daily = made.lake("events").group_by("day").agg(users=pl.col("user_id").n_unique()).sort("day")
    reference = pl.read_csv(REFERENCE / "events_retentioneering_ecom_dau.csv", try_parse_dates=True)
    day, users = reference.columns[:2]
    assert daily.rows() == reference.select(day, users).rows()
