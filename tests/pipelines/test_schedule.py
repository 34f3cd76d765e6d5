"""When the job starts by itself: the schedule's ticks, also where the clocks change, and the sensor's runs."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from pipelines.graph import build
from pipelines.jobs import DAILY, UP_TO, range_tags
from pipelines.schedules import build_schedule, build_sensor
from tests.pipelines.toy import NewFiles, Toy
from warehouse.releases import Releases

NEVER_THE_LIMIT = date(2030, 1, 1)


def _requests(answer: object) -> list[dg.RunRequest]:
    return [answer] if isinstance(answer, dg.RunRequest) else []


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/London", date(2026, 3, 29)),
        ("Europe/London", date(2026, 10, 25)),
        ("America/New_York", date(2026, 3, 8)),
        ("America/New_York", date(2026, 11, 1)),
    ],
)
def test_ticks_around_a_change_of_the_clocks_ask_for_each_day_once(toy: Toy, zone: str, change: date) -> None:
    file = toy.root / "holdfast.toml"
    file.write_text(file.read_text().replace("Europe/London", zone))
    toy.inbox = NewFiles(last=NEVER_THE_LIMIT)
    schedule = build_schedule(toy.config)
    start = datetime(change.year, change.month, change.day, tzinfo=UTC) - timedelta(days=2)
    ticks = schedule_execution_time_iterator(start.timestamp(), schedule.cron_schedule, schedule.execution_timezone)
    asked = []
    for tick in islice(ticks, 5):
        (request,) = _requests(schedule(dg.build_schedule_context(scheduled_execution_time=tick)))
        asked.append(request.tags[UP_TO])
        assert request.tags.items() >= range_tags("2026-03", request.tags[UP_TO][:7]).items()
    assert asked == [f"{change + timedelta(days=days)}" for days in range(-3, 2)]


def test_after_a_missed_week_one_tick_asks_for_all_of_it_and_the_run_computes_it(toy: Toy) -> None:
    toy.run()
    toy.inbox = NewFiles(("inbox/week.csv",), date(2026, 6, 5), date(2026, 6, 11))
    tick = datetime(2026, 6, 12, 3, 30, tzinfo=UTC)
    (request,) = _requests(build_schedule(toy.config)(dg.build_schedule_context(scheduled_execution_time=tick)))
    assert request.tags == range_tags("2026-06", "2026-06") | {UP_TO: "2026-06-11"}
    job = build(toy.config, first_month="2026-01", assets_folder=toy.assets).resolve_job_def(DAILY)
    assert job.execute_in_process(instance=dg.DagsterInstance.ephemeral(), tags=request.tags).success
    assert "2026-06-01 to 2026-06-04" not in toy.made
    head = Releases(toy.config.home).head()
    assert head is not None
    assert head.number == 1  # the toy's tables came out the same: nothing to publish


def test_both_are_stopped_at_first_and_ask_for_nothing_where_there_is_nothing(toy: Toy) -> None:
    schedule, sensor = build_schedule(toy.config), build_sensor(toy.config)
    assert schedule.execution_timezone == "Europe/London"
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
    toy.days = toy.days.__class__(date(2026, 3, 5), date(2026, 6, 5))
    toy.run()
    toy.inbox = NewFiles((), None, None)
    tick = datetime(2026, 6, 6, 3, 30, tzinfo=UTC)
    assert isinstance(schedule(dg.build_schedule_context(scheduled_execution_time=tick)), dg.SkipReason)
    assert isinstance(sensor(dg.build_sensor_context()), dg.SkipReason)


def test_the_sensor_asks_once_for_the_same_files(toy: Toy) -> None:
    """Dagster starts one run for a run key, however often the sensor asks."""
    sensor = build_sensor(toy.config)
    (first,), (again,) = (_requests(sensor(dg.build_sensor_context())) for _ in range(2))
    toy.inbox = NewFiles(("inbox/a.csv", "inbox/b.csv"))
    (other,) = _requests(sensor(dg.build_sensor_context()))
    assert first.run_key == again.run_key != other.run_key


def test_a_file_that_came_again_with_other_bytes_is_new_to_the_sensor(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    toy.config.home.mkdir()
    file = toy.root / "inbox" / "a.csv"
    file.parent.mkdir()
    keys = []
    for amount in ("1", "1", "12"):
        text = f"order_id,customer_id,ordered_at,amount\n1,a,2026-01-05,{amount}\n"
        file.write_text(text)
        os.utime(file, ns=(len(text) * 10**9, len(text) * 10**9))
        (request,) = _requests(build_sensor(toy.config)(dg.build_sensor_context()))
        keys.append(request.run_key)
    assert keys[0] == keys[1] != keys[2]
