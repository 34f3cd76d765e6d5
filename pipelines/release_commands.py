"""The commands about releases: listing, going back, comparing, finding and taking one away. Which ones stay is in
keeping.py.
"""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from pipelines.opening import config_of, tell
from warehouse.config import Config
from warehouse.errors import UsageError

if TYPE_CHECKING:
    from warehouse.manifest import Manifest


def releases(options: Namespace) -> None:
    from pipelines.text import grid
    from pipelines.waiting import waiting
    from warehouse.releases import Releases

    known = Releases(config_of(options).home)
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

    done = Releases(config_of(options).home).rollback(options.release, tell)
    print(f"Release {done.number} has the content of release {options.release}, up to {done.watermark}.")
    if done.held:
        print(f"Deliveries that came later are held; `holdfast run --retake` takes them again ({len(done.held)}):")
        print("\n".join(f"  {one.path}" for one in done.held))


def diff(options: Namespace) -> None:
    from pipelines import behind
    from pipelines import diff as differences

    config, releases = config_of(options), (options.first, options.second)
    if options.table is None:
        if options.rows or options.where or options.last:
            raise UsageError("--where, --last and --rows are about the cells of one table: name it with --table.")
        print(differences.summary(config, *releases))
    else:
        describe = behind.describe if options.rows else differences.of_table
        print(describe(config, *releases, options.table, options.where, options.last))


def path(options: Namespace) -> None:
    from warehouse.releases import Releases

    config = config_of(options)
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

    config = config_of(options)
    found = _named_release(options, config)
    made = pull_release(config.home, found, options.folder, tell)
    print(f"{made} holds release {found.number}, up to {found.watermark}: {len(found.schemas)} tables.")


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
