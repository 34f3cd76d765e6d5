"""The runs of every work as one table: medians of ours, and what the other engines take of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from tests.bench.kernels.works import DECODING, ENGINES, OURS, Work

Runs = Mapping[str, Sequence[Mapping[str, float]]]


def table(measured: Mapping[str, Runs], works: Sequence[Work], title: str) -> Iterator[str]:
    """One row for each work. The ratios are theirs by ours: above 1, ours is cheaper."""
    yield title
    yield ""
    engines = list(ENGINES)
    heads = [f"{engine}: CPU (goal) | wall" for engine in engines]
    yield f"| work | ours: CPU | wall | {' | '.join(heads)} | peak MB: ours | {' | '.join(engines)} |"
    yield f"|---|{'---:|' * (3 + 3 * len(engines))}"
    for work in works:
        runs = measured[work.name]
        if work.like:
            continue
        ours = {kind: typical(runs[OURS], kind) for kind in ("cpu", "wall", "peak")}
        cells = [work.title, f"{ours['cpu']:.2f} s", f"{ours['wall']:.2f} s"]
        for engine in engines:
            cells += _ratios(runs.get(engine), ours, work.goals.get(engine))
        cells += [f"{typical(runs[name], 'peak'):,.0f}" if runs.get(name) else "" for name in (OURS, *engines)]
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield from _of_decoding(measured, works)
    yield from _by_segment(measured, works)


def typical(runs: Sequence[Mapping[str, float]], kind: str) -> float:
    return median(run[kind] for run in runs)


def _ratios(theirs: Sequence[Mapping[str, float]] | None, ours: Mapping[str, float], goal: float | None) -> list[str]:
    if not theirs:
        return ["", ""]
    cpu, wall = (typical(theirs, kind) / ours[kind] for kind in ("cpu", "wall"))
    wanted = f" ({goal:g})" if goal else ""
    return [f"{cpu:.2f}x{wanted}", f"{wall:.2f}x"]


def _of_decoding(measured: Mapping[str, Runs], works: Sequence[Work]) -> Iterator[str]:
    for work in works:
        runs = measured[work.name]
        if DECODING in runs:
            decoding, ours = typical(runs[DECODING], "cpu"), typical(runs[OURS], "cpu")
            times = ours / decoding
            yield f"Reading the rows of {work.title} alone takes {decoding:.2f} s; all of it {times:.1f} times that."


def _by_segment(measured: Mapping[str, Runs], works: Sequence[Work]) -> Iterator[str]:
    """What five dimensions cost against `all` alone, of the works that were measured both ways."""
    for work in works:
        if work.like in measured:
            alone, split = (measured[name][OURS] for name in (work.like, work.name))
            times = typical(split, "cpu") / typical(alone, "cpu")
            peak = f"{typical(split, 'peak'):,.0f} MB against {typical(alone, 'peak'):,.0f} MB"
            yield f"{work.title} by five dimensions: {times:.1f} times the CPU of `all` alone (goal 2.5), {peak}."
