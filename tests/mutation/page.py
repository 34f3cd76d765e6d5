"""docs/mutation.md: how many mutants each module has, and why those that survive change nothing.

What was tried is in results.json. The reasons are in equivalent.yaml: for each module, a reason and the names of the
mutants that it is true of.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from tests.mutation import ledger
from tests.mutation.ledger import Judged

Results = Mapping[str, Judged]
Reasons = Mapping[str, Mapping[str, list[str]]]

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "mutation.md"
EQUIVALENT = Path(__file__).with_name("equivalent.yaml")
_HEADING = """# Would a wrong turn be noticed?

A mutant is a module of `assets/` with one small wrong turn: `<` for `<=`, a filter or a sort key left out, another
constant, `max` for `min`, the last for the first. A test is worth something if it fails then. Every mutant is tried
against, until one of them fails:

1. each golden case that its tables are in: the cells that were added up by hand;
2. the tests of a module alone, in tests/metrics and tests/models, of those modules that they import;
3. the kept and the random businesses of `make test` (of the random ones as many as the table says): every cell;
4. a later range of days of each of those, states that go on from a day on, and tables from their own published rows:
   they must say what all of history says.

The rows of every input come in another order than they were written in. What the unchanged product says of the
random businesses is what the oracle says; [correctness](correctness.md) tells how that is held.

```
make mutation                                # all of it: hours
make mutation MODULES=assets.steps           # one module: minutes
make mutation MODULES="--again assets.steps" # only what survived without a reason
python -m tests.mutation --page              # this page, from tests/mutation/results.json
```

What found a mutant out the last time is tried first; `build/mutation` remembers it, and the businesses until any code
changes. A test that finds a mutant out is run on the module as it is as well: where that fails, the module is not
judged. A mutant that uses 20 seconds of CPU time on one test does not end, and is killed like one that raises an error.
The results are kept by module in [results.json](../tests/mutation/results.json), with a digest of the text that was
judged.

It ends with an error where one survives that [equivalent.yaml](../tests/mutation/equivalent.yaml) does not explain.
Descriptions, units, bounds and types are not mutated, nor the contracts of the sources and the models, which have tests
of their own.

## Mutants by module

| module | random businesses | mutants | killed | equivalent | unexplained |
|---|---|---|---|---|---|
"""


def reasons() -> Reasons:
    return yaml.safe_load(EQUIVALENT.read_text()) or {}


@cache
def explained(module: str) -> set[str]:
    """The names of the mutants that have a reason."""
    return {name for names in reasons().get(module, {}).values() for name in names}


def unexplained(results: Results) -> list[tuple[str, str]]:
    """Module and name of each mutant that survived and has no reason."""
    return [
        (module, name)
        for module, judged in results.items()
        for name in judged.survivors
        if name not in explained(module)
    ]


def write(results: Results, modules: Mapping[str, Path]) -> None:
    """The page: what became of the modules that were tried, which changed since, and which were not tried."""
    never, changed = ledger.others(results, modules)
    open_ones = unexplained(results)
    lines, totals = [], [0, 0, 0, 0]
    for module, judged in results.items():
        survived, left = len(judged.survivors), sum(one == module for one, _ in open_ones)
        counts = [judged.mutants, judged.mutants - survived, survived - left, left]
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
        name = f"{module} (changed since)" if module in changed else module
        lines.append(_row(name, str(judged.worlds), counts))
    lines.append(_row("all", "", totals))
    if never:
        lines += ["", "Not judged yet: " + ", ".join(f"`{module}`" for module in never) + "."]
    if changed:
        lines += ["", "A module that changed since is judged as it was then."]
    lines += ["", "## Why the equivalent ones change nothing", ""]
    for module, given in reasons().items():
        survivors = results[module].survivors if module in results else ()
        told = [(why, [name for name in names if name in survivors]) for why, names in given.items()]
        if any(names for _, names in told):
            lines += [f"### {module}", ""]
            lines += [f"- {why}: {'; '.join(f'`{name}`' for name in names)}." for why, names in told if names]
            lines.append("")
    if open_ones:
        lines += ["## Unexplained", ""]
        lines += [f"- {module}: `{name}`" for module, name in open_ones]
        lines.append("")
    PAGE.write_text(_HEADING + "\n".join(lines))


def _row(name: str, worlds: str, counts: list[int]) -> str:
    return f"| {name} | {worlds} | {' | '.join(str(count) for count in counts[:3])} | {counts[3] or ''} |"
