"""When the job starts by itself: every day in the reporting time zone, or when the inbox has something new.

Both are stopped until somebody turns them on, and both ask for nothing where there is nothing to do.
"""

from zoneinfo import ZoneInfo

import dagster as dg

from pipelines import news
from pipelines.jobs import DAILY, UP_TO, range_tags
from warehouse.config import Config

EVERY_DAY = "30 4 * * *"
SENSOR_SECONDS = 300
NOTHING_NEW = "Nothing new in the inbox, and no further day is complete."


def build_schedule(config: Config) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="every_day",
        job_name=DAILY,
        cron_schedule=EVERY_DAY,
        execution_timezone=config.time_zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="The last complete day, and whatever earlier days new files touch.",
    )
    def every_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        # The tick's own day, not the clock's: a tick that is made up for later still asks for its day.
        found = news.look(config, on=context.scheduled_execution_time.astimezone(ZoneInfo(config.time_zone)).date())
        return _request(found) if found else dg.SkipReason(NOTHING_NEW)

    return every_day


def build_sensor(config: Config) -> dg.SensorDefinition:
    @dg.sensor(
        name="new_files",
        job_name=DAILY,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Files in the inbox that no release has taken in yet.",
    )
    def new_files(_context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        found = news.look(config)
        if not found or not found.files:
            return dg.SkipReason(NOTHING_NEW)
        return _request(found, run_key=found.key)

    return new_files


def _request(found: news.News, run_key: str | None = None) -> dg.RunRequest:
    tags = range_tags(found.first_month, found.last_month) | {UP_TO: found.last_day.isoformat()}
    return dg.RunRequest(run_key=run_key, tags=tags)
