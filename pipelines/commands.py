"""What each command does: calls the few functions it is about and prints what they say.

Everything heavy is imported by the command that needs it: `holdfast run` without news must not load Dagster.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from pipelines.opening import config_of, tell
from warehouse import config as configs
from warehouse.config import Config
from warehouse.errors import UsageError
from warehouse.keys import did_you_mean

if TYPE_CHECKING:
    from pipelines.asked import Asked


def init(options: Namespace) -> None:
    from pipelines.init import start

    file = start(options.folder)
    print(f"Wrote {file}. Put files into {file.parent / 'inbox'}, keep the sources you have, then:")
    print(f"  holdfast run --config {file}")


def demo(options: Namespace) -> None:
    from pipelines.demo import generate

    asked = {name: getattr(options, name) for name in ("customers", "days", "seed")}
    generate(options.folder, **{name: value for name, value in asked.items() if value is not None}, report=tell)
    print(f"Wrote a made-up business to {options.folder}. Next:")
    print(f"  holdfast run --config {options.folder / configs.FILE_NAME}")


def run(options: Namespace) -> None:
    from pipelines.asked import Asked

    config = config_of(options)
    _execute(config, Asked(options.date, retake=options.retake))
    from pipelines.news import held_back

    if held := held_back(config):
        tell(f"held back by a rollback, taken again only with --retake: {', '.join(held)}")


def backfill(options: Namespace) -> None:
    from pipelines.asked import Asked
    from pipelines.clock import today

    config = config_of(options)
    last = options.last or max(options.first, today(config))
    if last < options.first:
        raise UsageError(f"--to {last} lies before --from {options.first}.")
    _execute(config, Asked(again=(options.first, last)))


def _execute(config: Config, asked: Asked) -> None:
    from pipelines.run import run as run_job

    outcome = run_job(config, asked)
    if outcome is None:
        print("nothing new: no new or changed file, and no further day is complete")
    elif not outcome.is_new:
        print(f"nothing new: no table changed, release {outcome.release.number} stands")
    else:
        from pipelines.summary import summarise

        print(summarise(config, outcome.release))


def show(options: Namespace) -> None:
    from pipelines.show import show as show_table

    print(show_table(config_of(options), options.table, options.where, options.last))


def check(options: Namespace) -> None:
    from pipelines import last_audit

    config = config_of(options)
    print(last_audit.page(config) if options.page else last_audit.describe(config))


def accept(options: Namespace) -> None:
    from pipelines.clock import today
    from quality.accepted import Acceptance, add
    from warehouse import catalog

    config = config_of(options)
    known = [entry.table.name for entry in catalog.load()]
    if options.table not in (None, *known):
        raise UsageError(f"There is no table {options.table}.{did_you_mean(options.table, known)}")
    if options.until < today(config):
        raise UsageError(f"--until {options.until} is over: name the last day on which the finding may pass.")
    file = add(config.folder, Acceptance(options.check, options.reason, options.until, options.table, options.column))
    print(f"Wrote it into {file}. What was refused passes with a warning from the next `holdfast run` on.")


def quarantine(options: Namespace) -> None:
    from pipelines.set_aside import describe

    print(describe(config_of(options), options.source))


def doctor(options: Namespace) -> None:
    from pipelines.doctor import examine

    examine(options.config, deep=options.deep, tell=print)


def ui(options: Namespace) -> None:
    """Becomes Dagster's own development server, page and daemon, on this configuration."""
    from pipelines.instance import folder_for

    config = config_of(options)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(folder_for(config)),
        "HOLDFAST_CONFIG": str(config.file),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
    address = ["--host", "127.0.0.1", "--port", str(options.port)]
    arguments = ["-m", "dagster", "dev", "--module-name", "pipelines.definitions", *address]
    os.execve(sys.executable, [sys.executable, *arguments], environment)
