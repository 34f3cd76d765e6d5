"""How a run is conducted: in which order, over which days, what ends it, and what is left afterwards."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from pipelines.asked import Asked
from pipelines.days import DayRange
from pipelines.run import run
from quality.verdict import Result
from tests.pipelines.toy import NewFiles, Toy
from warehouse.errors import GateRefused, PublishConflict, SourceError, StorageError, UsageError
from warehouse.locks import RunLock
from warehouse.releases import Releases

BLOCK = Result("rows", "orders_daily", None, "critical", False, "0", ">= 1", "It is empty.", "2026-03-05")


def test_a_run_goes_from_sources_to_a_release(toy: Toy) -> None:
    outcome = toy.run()
    assert outcome is not None
    assert outcome.is_new
    # The month of the first new day is the partition: it is computed from its first day.
    assert toy.made == ["orders", "order_days", "2026-03-01 to 2026-06-04", "orders_daily", "audit"]
    head = Releases(toy.config.home).head()
    assert head is not None
    assert (head.number, head.watermark, head.verdict["passed"]) == (1, "2026-06-04", True)
    assert not list((toy.config.home / "staging").iterdir())


def test_without_news_nothing_runs(toy: Toy) -> None:
    toy.run()
    toy.made.clear()
    toy.inbox = NewFiles((), None, None)
    toy.days = DayRange(date(2026, 6, 4), date(2026, 6, 5))
    further = toy.run()  # the fifth of June is complete by now, even if no table changed
    assert further is not None
    assert further.release.watermark == "2026-06-05"
    toy.made.clear()
    assert toy.run() is None
    assert toy.made == []


def test_news_that_change_nothing_make_no_release(toy: Toy) -> None:
    toy.run()
    again = toy.run()
    assert again is not None
    assert (again.is_new, again.release.number) == (False, 1)


def test_news_that_change_a_table_make_the_next_release(toy: Toy) -> None:
    toy.run()
    toy.rows = 2
    again = toy.run()
    assert again is not None
    assert (again.is_new, again.release.number, again.release.changed) == (True, 2, {"metrics/orders_daily": 1})


def test_a_block_publishes_nothing_and_says_what_and_where(toy: Toy) -> None:
    toy.run()
    toy.rows, toy.results = 2, [BLOCK]
    for _ in range(2):
        with pytest.raises(GateRefused, match=r"orders_daily: It is empty. \(2026-03-05\)"):
            toy.run()
    releases = Releases(toy.config.home)
    assert releases.numbers() == [1]
    refused = releases.last_refused()
    assert refused is not None
    assert refused.base == 1


def test_a_block_that_names_no_metric_table_stops_the_release_too(toy: Toy) -> None:
    toy.results = [Result("reads", "all", None, "critical", False, "", "", "Nothing could be read.")]
    with pytest.raises(GateRefused):
        toy.run()
    assert Releases(toy.config.home).numbers() == []


def test_the_error_of_a_step_reaches_the_caller_as_it_is(toy: Toy) -> None:
    def fail(table: str) -> None:
        raise SourceError(f"inbox/{table}.csv is not UTF-8")

    toy.fail = fail
    with pytest.raises(SourceError, match=r"inbox/orders\.csv is not UTF-8"):
        toy.run()
    assert toy.made == ["orders"]


def test_a_disturbance_of_input_or_output_is_tried_again(toy: Toy) -> None:
    def fail(table: str) -> None:
        if toy.made == ["orders"]:
            raise OSError(errno.EIO, "Input/output error")

    toy.fail = fail
    assert toy.run() is not None
    assert toy.made[:2] == ["orders", "orders"]


def test_a_second_run_on_one_root_is_told_who_holds_it(toy: Toy) -> None:
    with RunLock(toy.config.home), pytest.raises(PublishConflict, match="pid"):
        toy.run()
    assert toy.made == []


def test_a_day_before_the_current_release_is_refused(toy: Toy) -> None:
    toy.run()
    with pytest.raises(UsageError, match="2026-06-04"):
        toy.run(date(2026, 6, 1))


def test_an_empty_inbox_at_the_start_says_where_files_are_looked_for(toy: Toy) -> None:
    toy.inbox = NewFiles((), None, None)
    with pytest.raises(SourceError, match=r"inbox/\*\.csv"):
        toy.run()


def test_a_backfill_restates_from_its_first_day_in_one_run(toy: Toy) -> None:
    toy.run()
    toy.inbox = NewFiles((), None, None)
    toy.days = DayRange(date(2026, 6, 4), date(2026, 6, 5))
    toy.rows = 2
    toy.made.clear()
    again = run(toy.config, Asked(again=(date(2026, 4, 10), date(2026, 4, 20))), assets_folder=toy.assets)
    assert again is not None
    assert toy.made == ["orders", "order_days", "2026-04-01 to 2026-06-05", "orders_daily", "audit"]
    assert again.release.reason == "backfill 2026-04-10 to 2026-04-20"


def test_what_is_asked_survives_the_configuration_of_a_run() -> None:
    asked = Asked(date(2026, 4, 1), (date(2026, 1, 2), date(2026, 1, 3)), retake=True)
    for one in (asked, Asked()):
        assert Asked.of(**one.to_config()) == one  # type: ignore[arg-type]


def test_a_retyped_column_is_published_once_its_migration_is_declared(toy: Toy) -> None:
    toy.run()
    text = (toy.assets / "metrics" / "daily.py").read_text()
    retyped = text.replace("(Measure(", "(Column(").replace('"orders", description=', '"orders", pl.Float64, ')
    declared = retyped.replace(
        "sources=",
        'migrations=(Migration("now a mean", {"orders": "int64"}, {"orders": "double"}),), sources=',
    ).replace("import Column", "import Column, Migration")
    for name, content in (("retyped", retyped), ("declared", declared)):
        shutil.copytree(toy.assets, toy.root / name)
        (toy.root / name / "metrics" / "daily.py").write_text(content)
    with pytest.raises(StorageError, match=r"orders \(int64\) becomes double"):
        run(toy.config, Asked(), assets_folder=toy.root / "retyped")
    assert Releases(toy.config.home).numbers() == [1]
    outcome = run(toy.config, Asked(), assets_folder=toy.root / "declared")
    assert outcome is not None
    assert outcome.release.schemas["orders_daily"][1]["type"] == "double"
    assert (
        pl.read_parquet(Releases(toy.config.home).folder(2) / "orders_daily/**/*.parquet")["orders"].dtype == pl.Float64
    )


def rolled_back_meanwhile(toy: Toy, times: int) -> Callable[[str], None]:
    """Something to do while tables are made: another publisher makes release after release, so many times in all."""
    releases, left = Releases(toy.config.home), [2 - n % 2 for n in range(1, times + 1)]

    def publish(table: str) -> None:
        if table == "orders_daily" and left:
            releases.rollback(left.pop(0))

    return publish


def test_who_lost_the_race_computes_and_audits_again_from_the_new_release(toy: Toy) -> None:
    toy.run()
    toy.rows = 2
    toy.run()
    toy.rows, toy.fail = 3, rolled_back_meanwhile(toy, 1)
    toy.made.clear()
    outcome = toy.run()
    assert outcome is not None
    assert (outcome.is_new, outcome.release.number, outcome.release.base) == (True, 4, 3)
    assert toy.made.count("audit") == 2
    releases = Releases(toy.config.home)
    assert [releases.get(n).of("metrics")[0].rows for n in releases.numbers()] == [1, 2, 1, 3]
    assert not list((toy.config.home / "staging").iterdir())


def test_who_lost_every_race_says_so_and_ends_with_4(toy: Toy) -> None:
    toy.run()
    toy.rows = 2
    toy.run()
    toy.rows, toy.fail = 3, rolled_back_meanwhile(toy, 9)
    with pytest.raises(PublishConflict, match="Release 5 was published while this run worked on release 4") as lost:
        toy.run()
    assert lost.value.exit_code == 4
    releases = Releases(toy.config.home)
    assert [releases.get(n).of("metrics")[0].rows for n in releases.numbers()] == [1, 2, 1, 2, 1]
    toy.fail = lambda table: None
    again = toy.run()
    assert again is not None
    assert again.release.of("metrics")[0].rows == 3
