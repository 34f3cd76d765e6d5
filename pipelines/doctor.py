"""Looks at everything a run relies on, says what it finds line by line, and repairs what follows from the rest."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import available_timezones

from warehouse import address, mirror, remote_commit
from warehouse import config as configs
from warehouse.config import Config
from warehouse.errors import HoldfastError
from warehouse.releases import Releases
from warehouse.remote import Remote

PACKAGES = ("holdfast", "polars", "pyarrow", "duckdb", "dagster", "great-expectations")
OWN = ("assets", "warehouse", "quality", "pipelines")
LEAST_FREE_BYTES = 1 << 30
Tell = Callable[[str], None]


def examine(file: Path | None, *, deep: bool, tell: Tell) -> None:
    """Tells one line per thing looked at; a line of a problem begins with `!`.

    Raises HoldfastError where a problem is left that a run would end with.
    """
    tell(f"python {platform.python_version()}, " + ", ".join(_versions()))
    config = configs.load(file)
    problems = [*_packages(), *_zones(), *_inbox(config, tell), *_notify(config), *_storage(config, deep, tell)]
    for problem in problems:
        tell(f"! {problem}")
    if problems:
        raise HoldfastError(f"{len(problems)} problem{'s' if len(problems) > 1 else ''} left.")
    tell("all is well")


def _versions() -> Iterator[str]:
    for name in PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} missing"


def _packages() -> Iterator[str]:
    root = Path(__file__).resolve().parent.parent
    for name in OWN:
        spec = find_spec(name)
        where = Path(spec.origin).resolve().parent if spec and spec.origin else None
        if where != root / name:
            yield f"the package {name} is taken from {where}, not from {root}: another package of that name hides it"


def _zones() -> Iterator[str]:
    if "Europe/London" not in available_timezones():
        yield "this Python knows no time zones: install tzdata"


def _inbox(config: Config, tell: Tell) -> Iterator[str]:
    from warehouse.inbox import discover

    tell(f"configuration {config.file}: {', '.join(config.sources)}; days are those of {config.time_zone}")
    for name, source in config.sources.items():
        try:
            files = discover(config, name)
        except HoldfastError as error:
            yield str(error)
            continue
        tell(f"source {name}: {len(files)} files match {source.path}")
        if not files:
            yield f"source {name}: no file under {config.folder} matches {source.path}"


def _notify(config: Config) -> Iterator[str]:
    if config.webhook_env and not os.environ.get(config.webhook_env):
        yield f"notify.webhook_env: the environment variable {config.webhook_env} is not set, so no notice can be sent"


def _storage(config: Config, deep: bool, tell: Tell) -> Iterator[str]:
    root = next(folder for folder in (config.home, *config.home.parents) if folder.exists())
    free = shutil.disk_usage(root).free
    tell(f"storage {config.home}: {free / (1 << 30):.1f} GB free")
    if free < LEAST_FREE_BYTES:
        yield f"only {free / (1 << 20):.0f} MB are free at {root}: a run needs about twice the size of the inbox"
    if not os.access(root, os.W_OK):
        yield f"{root} cannot be written by this user"
    elif config.remote is not None:
        yield from _object_store(config.home, config.remote, deep, tell)
    elif config.home.exists():
        yield from _releases(Releases(config.home), deep, tell)


def _object_store(home: Path, url: str, deep: bool, tell: Tell) -> Iterator[str]:
    there, missing = address.variables(url)
    tell(f"object store {url}: of the environment, {_listed(there)} set and {_listed(missing)} not set")
    try:
        remote_commit.check_honours_create(Remote(url))
        tell("object store: creates an object only where there is none, as publishing needs it")
        mirror.begin(home, url, tell)
        yield from _releases(Releases(home), deep, tell)
    except HoldfastError as error:
        yield str(error)


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "nothing"


def _releases(releases: Releases, deep: bool, tell: Tell) -> Iterator[str]:
    swept = releases.recover()
    if swept.folders:
        tell(f"repaired: removed what {swept.folders} unfinished runs had left, {swept.bytes / (1 << 20):.1f} MB")
    try:
        for mended in releases.mend(deep=deep):
            tell(f"repaired: {mended}")
    except HoldfastError as error:
        yield str(error)
    found = releases.inspect(deep=deep, report=tell)
    tell(
        f"releases: {len(found.whole)} whole of {len(releases.numbers())}"
        + ("" if deep else " by size; --deep reads all")
    )
    for finding in found.findings:
        of = f", of release {', '.join(map(str, finding.releases))}" if finding.releases else ""
        yield f"{finding.path} {finding.problem}{of}"
