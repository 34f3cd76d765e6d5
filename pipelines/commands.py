"""What each command does: calls the few functions it is about and prints what they say.

Everything heavy is imported by the command that needs it: `holdfast run` without news must not load Dagster.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.opening import open_config
from warehouse import config as configs
from warehouse.config import Config
from warehouse.errors import UsageError
from warehouse.keys import did_you_mean

if TYPE_CHECKING:
    from pipelines.asked import Asked
    from warehouse.manifest import Manifest


def init(options: Namespace) -> None:
    from pipelines.init import start

    file = start(options.folder)
    print(f"Wrote {file}. Put files into {file.parent / 'inbox'}, keep the sources you have, then:")
    print(f"  holdfast run --config {file}")


def demo(options: Namespace) -> None:
    from pipelines.demo import generate

    asked = {name: getattr(options, name) for name in ("customers", "days", "seed")}
    generate(options.folder, **{name: value for name, value in asked.items() if value is not None}, report=_tell)
    print(f"Wrote a made-up business to {options.folder}. Next:")
    print(f"  holdfast run --config {options.folder / configs.FILE_NAME}")


def run(options: Namespace) -> None:
    from pipelines.asked import Asked

    config = _config(options)
    _execute(config, Asked(options.date, retake=options.retake))
    from pipelines.news import held_back

    if held := held_back(config):
        _tell(f"held back by a rollback, taken again only with --retake: {', '.join(held)}")


def backfill(options: Namespace) -> None:
    from pipelines.asked import Asked
    from pipelines.clock import today

    config = _config(options)
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


def releases(options: Namespace) -> None:
    from pipelines.text import grid
    from pipelines.waiting import waiting
    from warehouse.releases import Releases

    known = Releases(_config(options).home)
    found, tags = known.headers(), known.tags()
    header = ["release", "tags", "published", "up to", "reason", "gate", "rows waiting"]
    rows = [
        [
            str(one.number),
            ", ".join(name for name, number in tags.items() if number == one.number),
            one.published_at[:19].replace("T", " "),
            one.watermark,
            one.reason,
            _gate(one.verdict.get("results", [])),
            f"{late.rows:,}" if (late := waiting(one)) else "",
        ]
        for one in found
    ]
    print(grid(header, rows) if rows else "Nothing was published yet.")
    if rows:
        print("\nFiles of tables that changed:", *(f"  {one.number}: {_changed(one)}" for one in found), sep="\n")
    if found and (late := waiting(found[-1])):
        print(f"\n{late.advice}")


def rollback(options: Namespace) -> None:
    from warehouse.releases import Releases

    done = Releases(_config(options).home).rollback(options.release, _tell)
    print(f"Release {done.number} has the content of release {options.release}, up to {done.watermark}.")
    if done.held:
        print(f"Deliveries that came later are held; `holdfast run --retake` takes them again ({len(done.held)}):")
        print("\n".join(f"  {one.path}" for one in done.held))


def diff(options: Namespace) -> None:
    from pipelines import behind
    from pipelines import diff as differences

    config, releases = _config(options), (options.first, options.second)
    if options.table is None:
        if options.rows or options.where or options.last:
            raise UsageError("--where, --last and --rows are about the cells of one table: name it with --table.")
        print(differences.summary(config, *releases))
    else:
        tell = behind.describe if options.rows else differences.of_table
        print(tell(config, *releases, options.table, options.where, options.last))


def path(options: Namespace) -> None:
    from warehouse.releases import Releases

    config = _config(options)
    found = _named_release(options, config)
    if options.files:
        place = config.remote or config.home
        print("\n".join(f"{file.table}\t{place}/{file.path}" for file in found.published()))
    elif config.remote is not None:
        raise UsageError(
            f"Release {found.number} lies in {config.remote}, not in a folder: `holdfast pull DIR` makes one, "
            "`holdfast path --files` prints the addresses of its files."
        )
    else:
        print(Releases(config.home).folder(found.number))


def pull(options: Namespace) -> None:
    from warehouse.pull import pull as pull_release

    config = _config(options)
    found = _named_release(options, config)
    made = pull_release(config.home, found, options.folder, _tell)
    print(f"{made} holds release {found.number}, up to {found.watermark}: {len(found.schemas)} tables.")


def show(options: Namespace) -> None:
    from pipelines.show import show as show_table

    print(show_table(_config(options), options.table, options.where, options.last))


def check(options: Namespace) -> None:
    from pipelines import last_audit

    config = _config(options)
    print(last_audit.page(config) if options.page else last_audit.describe(config))


def accept(options: Namespace) -> None:
    from pipelines.clock import today
    from quality.accepted import Acceptance, add
    from warehouse import catalog

    config = _config(options)
    known = [entry.table.name for entry in catalog.load()]
    if options.table not in (None, *known):
        raise UsageError(f"There is no table {options.table}.{did_you_mean(options.table, known)}")
    if options.until < today(config):
        raise UsageError(f"--until {options.until} is over: name the last day on which the finding may pass.")
    file = add(config.folder, Acceptance(options.check, options.reason, options.until, options.table, options.column))
    print(f"Wrote it into {file}. What was refused passes with a warning from the next `holdfast run` on.")


def quarantine(options: Namespace) -> None:
    from pipelines.set_aside import describe

    print(describe(_config(options), options.source))


def doctor(options: Namespace) -> None:
    from pipelines.doctor import examine

    examine(options.config, deep=options.deep, tell=print)


def ui(options: Namespace) -> None:
    """Becomes Dagster's own development server, page and daemon, on this configuration."""
    from pipelines.instance import folder_for

    config = _config(options)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(folder_for(config)),
        "HOLDFAST_CONFIG": str(config.file),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
    address = ["--host", "127.0.0.1", "--port", str(options.port)]
    arguments = ["-m", "dagster", "dev", "--module-name", "pipelines.definitions", *address]
    os.execve(sys.executable, [sys.executable, *arguments], environment)


def _config(options: Namespace) -> Config:
    named: Path | None = options.config
    return open_config(named, _tell)


def _named_release(options: Namespace, config: Config) -> Manifest:
    if options.as_of is None:
        from pipelines.show import open_release

        return open_release(config, options.release)
    from warehouse.releases import Releases

    found = Releases(config.home).as_of(options.as_of)
    if found is None:
        raise UsageError(f"Nothing was published by {options.as_of}.")
    return found


def _changed(release: Manifest) -> str:
    counts = {name.removeprefix("metrics/"): n for name, n in release.changed.items() if name.startswith("metrics/")}
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def _gate(results: list[dict[str, object]]) -> str:
    warned = sum(one["severity"] == "warning" and not one["passed"] for one in results)
    return f"passed, {warned} warnings" if warned else "passed"


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
