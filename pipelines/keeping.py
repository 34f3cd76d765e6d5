"""The commands that say which releases stay: naming them, taking a name away, collecting what nobody needs."""

from __future__ import annotations

from argparse import Namespace

from pipelines.opening import config_of
from warehouse.collect import Keep
from warehouse.errors import UsageError
from warehouse.releases import Releases


def tag(options: Namespace) -> None:
    known = _releases(options)
    head = max(known.numbers(), default=None)
    if head is None:
        raise UsageError("Nothing was published yet: there is no release to name.")
    number = head if options.release is None else options.release
    known.tag(options.name, number)
    print(f"Release {number} is called {options.name}; it is kept until `holdfast untag {options.name}`.")


def untag(options: Namespace) -> None:
    _releases(options).untag(options.name)
    print(f"No release is called {options.name} any more.")


def collect(options: Namespace) -> None:
    keep = Keep(releases=options.keep, days=options.days, trees=options.folders)
    done = _releases(options).collect(keep)
    print(
        f"Kept: the newest {keep.releases} releases, those of the last {keep.days} days, and tagged ones.\n"
        f"Out of sight, removed by a collection {keep.grace_hours} hours from now or later: {_listed(done.expired)}.\n"
        f"Removed for good: {_listed(done.removed)}, and {done.swept.files:,} data files of "
        f"{done.swept.bytes / 1_000_000:,.1f} MB that no other release has.\n"
        f"Folders of links dropped, made again by `holdfast path`: {_listed(done.trees)}."
    )


def _listed(numbers: tuple[int, ...]) -> str:
    return f"release{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}" if numbers else "none"


def _releases(options: Namespace) -> Releases:
    return Releases(config_of(options).home)
