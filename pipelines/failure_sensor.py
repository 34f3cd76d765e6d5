"""Tells the configured webhook of failed runs that Dagster started itself; those of the command line tell it directly.

A sensor and no hook: it hears of runs whose process died, and of failures outside of steps, too.
"""

import dagster as dg

from pipelines import notice
from pipelines.jobs import COMMAND_LINE, STARTED_BY, daily
from pipelines.last_audit import refusal
from warehouse.config import Config
from warehouse.errors import HoldfastError


def build_failure_sensor(config: Config) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="failure_notice",
        monitored_jobs=[daily],
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells the webhook of the configuration that a run failed or was refused.",
    )
    def failure_notice(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        run = context.dagster_run
        if run.tags.get(STARTED_BY) == COMMAND_LINE:
            return dg.SkipReason("The command line tells of its runs itself.")
        error = refusal(config, run.run_id) or HoldfastError(_said(context))
        sent = notice.send(config, error, run.run_id, context.log.warning)
        return None if sent else dg.SkipReason("No notice was sent.")

    return failure_notice


def _said(context: dg.RunFailureSensorContext) -> str:
    """What the failed step said, else what Dagster says of the run."""
    for event in context.get_step_failure_events():
        failed = event.step_failure_data
        if failed.user_failure_data and failed.user_failure_data.description:
            return failed.user_failure_data.description
        if failed.error:
            return failed.error.message.strip()
    return context.failure_event.message or "The run failed."
