"""Every command on a published warehouse: what it says, and what it ends with."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

from pipelines.cli import main
from warehouse import config
from warehouse.manifest import Manifest
from warehouse.releases import Releases

Capture = pytest.CaptureFixture[str]


def _said(capsys: Capture, *words: str | Path) -> str:
    capsys.readouterr()
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


def test_a_second_run_finds_nothing_new(business: Path, capsys: Capture) -> None:
    assert "nothing new" in _said(capsys, "run", "--config", business)
    assert Releases(config.load(business).home).numbers() == [1]


def test_the_summary_tells_the_published_numbers(business: Path) -> None:
    from pipelines.summary import summarise

    settings = config.load(business)
    release = Releases(settings.home).get(1)
    text = summarise(settings, release)
    last = pl.scan_parquet(settings.home / "releases/00000001/mrr_daily/**/*.parquet").filter(
        pl.col("date") == pl.col("date").max(), pl.col("segment") == "all", pl.col("is_converted")
    )
    closing, paying = last.select("mrr_closing", "customers_paying").collect().row(0)
    assert f"{closing:,.2f}" in text
    assert re.search(rf"Paying customers +{paying:,}\n", text)
    assert f"up to {release.watermark}" in text
    for wanted in ("churn in 30 days", "net ", "gross ", "Day-7 retention", "The gate passed"):
        assert wanted in text


def test_the_lines_of_the_summary_that_read_the_tables_work(business: Path) -> None:
    from pipelines.summary import summarise

    settings = config.load(business)
    lines = summarise(settings, Releases(settings.home).get(1)).splitlines()
    tools = {"duckdb": duckdb, "pl": pl, "pd": pd}
    sizes = [
        len(eval(line.split(maxsplit=1)[1], tools))
        for line in lines
        if line.strip().startswith(("DuckDB", "Polars", "pandas"))
    ]
    assert len(sizes) == 3
    assert sizes[0] > 0
    assert len(set(sizes)) == 1


def test_releases_lists_what_was_published(business: Path, capsys: Capture) -> None:
    said = _said(capsys, "releases", "--config", business).splitlines()
    assert said[0].split()[0] == "release"
    assert said[1].split()[0] == "1"


def test_a_tagged_release_is_named_in_the_list_until_it_is_untagged(business: Path, capsys: Capture) -> None:
    words = ("--config", business)
    assert "Release 1 is called board" in _said(capsys, "tag", "board", *words)
    listed = _said(capsys, "releases", *words)
    assert "board" in listed.splitlines()[1]
    assert re.search(r"\n  1: .*orders_daily \d+, ", listed)
    assert main(["tag", "../board", "--config", str(business)]) == 1
    assert main(["tag", "other", "9", "--config", str(business)]) == 2
    _said(capsys, "untag", "board", *words)
    assert "board" not in _said(capsys, "releases", *words)
    assert main(["untag", "board", "--config", str(business)]) == 2


def test_collect_says_what_it_keeps_and_removes(business: Path, capsys: Capture) -> None:
    said = _said(capsys, "collect", "--keep", "1", "--days", "7", "--config", business)
    assert "the newest 1 releases, those of the last 7 days" in said
    assert "Removed for good: none, and 0 data files" in said
    assert Releases(config.load(business).home).numbers() == [1]


def test_path_names_the_folder_of_a_release(business: Path, capsys: Capture) -> None:
    folder = config.load(business).home / "releases" / "00000001"
    assert _said(capsys, "path", "--config", business).strip() == str(folder)
    assert _said(capsys, "path", "--release", "1", "--config", business).strip() == str(folder)
    assert _said(capsys, "path", "--as-of", "2999-01-01", "--config", business).strip() == str(folder)


@pytest.mark.parametrize("words", [["--release", "9"], ["--as-of", "2001-01-01"], ["--as-of", "soon"]])
def test_a_release_that_is_not_there_is_a_usage_error(business: Path, words: list[str], capsys: Capture) -> None:
    assert main(["path", "--config", str(business), *words]) == 2
    assert capsys.readouterr().err.startswith("holdfast: ")


def test_show_prints_the_newest_day(business: Path, capsys: Capture) -> None:
    said = _said(capsys, "show", "user_activity_daily", "--config", business)
    assert "2026-10-31" in said
    assert "2026-10-30" not in said
    assert "3 rows of release 1" in said


def test_show_picks_rows_and_days(business: Path, capsys: Capture) -> None:
    where = "segment = 'country' and period_days = 7"
    said = _said(capsys, "show", "user_activity_daily", "--where", where, "--last", "2", "--config", business)
    assert "2026-10-30" in said
    assert "country" in said
    assert "  all  " not in said


@pytest.mark.parametrize(
    "words", [["nosuchtable"], ["mrr_daily", "--where", "nosuch = 1"], ["mrr_daily", "--where", "(("]]
)
def test_show_says_what_there_is(business: Path, words: list[str], capsys: Capture) -> None:
    assert main(["show", *words, "--config", str(business)]) == 2
    assert "mrr_daily" in (said := capsys.readouterr().err) or "mrr_closing" in said


def test_check_and_quarantine_tell_of_the_release(business: Path, capsys: Capture) -> None:
    assert "The gate passed" in _said(capsys, "check", "--config", business)
    said = _said(capsys, "quarantine", "--config", business)
    assert "inbox/" in said
    assert "is missing" in said
    assert main(["quarantine", "nosuch", "--config", str(business)]) == 2


def test_doctor_finds_all_well_and_says_what_it_looked_at(business: Path, capsys: Capture) -> None:
    said = _said(capsys, "doctor", "--deep", "--config", business)
    assert "releases: 1 whole of 1" in said
    assert said.rstrip().endswith("all is well")


def test_doctor_names_a_damaged_file(business: Path, tmp_path: Path, capsys: Capture) -> None:
    shutil.copytree(business.parent, tmp_path / "copy", symlinks=True)
    settings = config.load(tmp_path / "copy" / "holdfast.toml")
    damaged = settings.home / Releases(settings.home).get(1).published()[0].path
    damaged.chmod(0o644)
    damaged.write_bytes(b"\0" * damaged.stat().st_size)
    capsys.readouterr()
    assert main(["doctor", "--deep", "--config", str(settings.file)]) == 1
    assert f"! {damaged} was altered" in capsys.readouterr().out


def test_doctor_mends_the_link_to_the_newest_release(business: Path, tmp_path: Path, capsys: Capture) -> None:
    shutil.copytree(business.parent, tmp_path / "copy", symlinks=True)
    settings = config.load(tmp_path / "copy" / "holdfast.toml")
    (settings.home / "current").unlink()
    main(["doctor", "--config", str(settings.file)])
    assert (settings.home / "current").resolve() == settings.home / "releases" / "00000001"


def test_a_rollback_holds_later_deliveries_until_they_are_retaken(
    business: Path, tmp_path: Path, capsys: Capture
) -> None:
    shutil.copytree(business.parent, tmp_path / "copy", symlinks=True)
    settings = config.load(tmp_path / "copy" / "holdfast.toml")
    words, releases = ("--config", settings.file), Releases(settings.home)
    newest = max((settings.root / "inbox" / "orders").iterdir())
    later = newest.with_name("later.csv")
    later.write_text("".join(newest.read_text().splitlines(keepends=True)[:2]).replace("O0", "LATER"))
    assert "Release 2" in _said(capsys, "run", *words)
    told = _said(capsys, "rollback", "1", *words)
    assert "Release 3 has the content of release 1" in told
    assert "inbox/orders/later.csv" in told
    assert _contents(releases.get(3)) == _contents(releases.get(1))
    capsys.readouterr()
    assert main(["run", "--config", str(settings.file)]) == 0
    told = capsys.readouterr()
    assert "nothing new" in told.out
    assert "later.csv" in told.err
    _said(capsys, "run", "--retake", *words)
    assert _contents(releases.get(4)) == _contents(releases.get(2)) != _contents(releases.get(1))


def test_a_backfill_of_unchanged_files_changes_nothing(business: Path, tmp_path: Path, capsys: Capture) -> None:
    shutil.copytree(business.parent, tmp_path / "copy", symlinks=True)
    file = tmp_path / "copy" / "holdfast.toml"
    assert "no table changed, release 1 stands" in _said(capsys, "backfill", "--from", "2026-09-10", "--config", file)
    assert Releases(config.load(file).home).numbers() == [1]


def test_rows_that_came_too_late_are_told_of_with_the_backfill_that_takes_them(
    business: Path,
) -> None:
    from pipelines.summary import summarise

    settings = config.load(business)
    release = Releases(settings.home).get(1)
    assert "too late" not in summarise(settings, release)
    orders = release.notes["orders"] | {"waiting": {"rows": 1200, "from": "2026-07-24"}}
    late = replace(release, notes={**release.notes, "orders": orders})
    told = "1,200 rows came too late and wait for a backfill: holdfast backfill --from 2026-07-24"
    assert told in summarise(settings, late).splitlines()


def _contents(release: Manifest) -> list[tuple[str, str]]:
    """All but the histories, which every release continues."""
    return [(file.link, file.sha256) for file in release.published() if file.layer != "histories"]
