"""The main job from the command line: the very job Dagster's page starts, executed here, without a daemon."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

from pipelines import news
from pipelines.asked import Asked
from pipelines.last_audit import describe_refusal
from quality.verdict import Verdict
from warehouse.config import Config
from warehouse.errors import GateRefused
from warehouse.manifest import Manifest
from warehouse.releases import Releases


@dataclass(frozen=True, slots=True)
class Outcome:
    """`release` is the head after the run; `is_new` whether this run published it."""

    release: Manifest
    is_new: bool


def run(config: Config, asked: Asked | None = None, *, assets_folder: Path | None = None) -> Outcome | None:
    """Runs the job for what is asked (default: whatever is new, up to the last complete day); None if there is nothing.

    Raises HoldfastError as the steps do; nothing is published then.
    """
    asked = asked or Asked()
    found = news.look(config, asked)
    if found is None:
        return None
    before = Releases(config.home).head()
    _execute(config, found, asked, assets_folder)
    after = Releases(config.home).head()
    assert after is not None
    return Outcome(after, before is None or after.number != before.number)


def _execute(config: Config, found: news.News, asked: Asked, assets_folder: Path | None) -> None:
    from pipelines.failures import told
    from pipelines.graph import build
    from pipelines.instance import open_instance
    from pipelines.jobs import DAILY, range_tags
    from pipelines.progress import LOGGER, Progress, build_logger

    progress = Progress()
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
    run_id = str(uuid.uuid4())
    failure: BaseException | None = None
    try:
        with open_instance(config) as instance:
            job.execute_in_process(
                instance=instance,
                run_id=run_id,
                tags=range_tags(found.first_month, found.last_month),
                run_config={"loggers": {LOGGER: {}}, "resources": {"warehouse": {"config": warehouse}}},
            )
    except Exception as error:
        failure = _refusal(config, run_id) or told(error)
    finally:
        progress.close()
    if failure is not None:
        raise failure


def _refusal(config: Config, run_id: str) -> GateRefused | None:
    """What the gate said of this run's candidate, where it refused: the run then ends before the release."""
    refused = Releases(config.home).last_refused()
    if refused is None or refused.manifest.run != run_id:
        return None
    return GateRefused(describe_refusal(Verdict.from_json(refused.verdict() or {})))
