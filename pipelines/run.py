"""The main job from the command line: the very job Dagster's page starts, executed here, without a daemon."""

from __future__ import annotations

import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

from pipelines import news, notice
from pipelines.asked import Asked
from pipelines.last_audit import refusal
from warehouse.config import Config
from warehouse.errors import PublishConflict
from warehouse.manifest import Manifest
from warehouse.releases import Releases

ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """`release` is the head after the run; `is_new` whether this run published it."""

    release: Manifest
    is_new: bool


def run(config: Config, asked: Asked | None = None, *, assets_folder: Path | None = None) -> Outcome | None:
    """Runs the job for what is asked (default: whatever is new, up to the last complete day); None if there is nothing.

    Where somebody else published meanwhile, it is computed, staged and audited again from the new release. Raises
    HoldfastError as the steps do, PublishConflict where it lost every time; nothing is published then, and the webhook
    of the configuration is told.
    """
    for attempts_left in range(ATTEMPTS - 1, -1, -1):
        run_id, before = str(uuid.uuid4()), _newest(config)
        try:
            return _run(config, asked or Asked(), assets_folder, run_id)
        except PublishConflict as error:
            Releases(config.home).refresh()
            if not attempts_left or _newest(config) == before:
                notice.send(config, error, run_id, _tell)
                raise
            _tell(f"{error} Computing it again from there.")
        except Exception as error:
            notice.send(config, error, run_id, _tell)
            raise
    raise AssertionError


def _newest(config: Config) -> int | None:
    return max(Releases(config.home).numbers(), default=None)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _run(config: Config, asked: Asked, assets_folder: Path | None, run_id: str) -> Outcome | None:
    found = news.look(config, asked)
    if found is None:
        return None
    before = Releases(config.home).head()
    _execute(config, found, asked, assets_folder, run_id)
    after = Releases(config.home).head()
    assert after is not None
    return Outcome(after, before is None or after.number != before.number)


def _execute(config: Config, found: news.News, asked: Asked, assets_folder: Path | None, run_id: str) -> None:
    from pipelines.failures import told
    from pipelines.graph import build
    from pipelines.instance import open_instance
    from pipelines.jobs import COMMAND_LINE, DAILY, STARTED_BY, range_tags
    from pipelines.progress import LOGGER, Progress, build_logger

    progress = Progress()
    Releases(config.home).complete_head(progress.line)
    definitions = build(
        config,
        first_month=found.earliest_month,
        assets_folder=assets_folder,
        loggers={LOGGER: build_logger(progress)},
    )
    job = definitions.resolve_job_def(DAILY)
    progress.expect(len(job.nodes))
    tables = {"assets_folder": str(assets_folder)} if assets_folder else {}
    warehouse = {"config_file": str(config.file), **tables, **asked.to_config()}
    failure: BaseException | None = None
    try:
        with open_instance(config) as instance:
            job.execute_in_process(
                instance=instance,
                run_id=run_id,
                tags=range_tags(found.first_month, found.last_month) | {STARTED_BY: COMMAND_LINE},
                run_config={"loggers": {LOGGER: {}}, "resources": {"warehouse": {"config": warehouse}}},
            )
    except Exception as error:
        failure = refusal(config, run_id) or told(error)
    finally:
        progress.close()
    if failure is not None:
        raise failure
