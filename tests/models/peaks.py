"""How often a fit of customers of known parameters ends at an edge, and how wrong it is there.

`python -m tests.models.peaks [SAMPLES]` writes the table of docs/quality.md. Every sample has customers who behave
exactly as the model says: whatever ends badly here is no fault of theirs. What is told is held against the planted
parameters.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from assets.models import bg_nbd, gamma_gamma, shifted_beta_geometric
from assets.models.fit import AT_EDGE, FITTED, TOO_FEW, Fit
from tests.models.populations import buyers, contracts, histogram, spenders

SIZES = (100, 200, 500, 1000, 3000)
DAYS, TERMS, AHEAD = 280, 12, 365


@dataclass(frozen=True)
class Kind:
    """Customers of one model: `told` fits a sample, and says what parameters make of all of it."""

    name: str
    model: str
    planted: dict[str, float]
    told: Callable[[int, dict[str, float], int], tuple[Fit, Callable[[Fit], float]]]


def orders(customers: int, planted: dict[str, float], seed: int) -> tuple[Fit, Callable[[Fit], float]]:
    """The orders of the next year."""
    x, t_x, age, number = histogram(*buyers(customers, DAYS, planted, seed))
    found = bg_nbd.fit(x, t_x, age, number)
    return found, lambda model: float(number @ bg_nbd.expected_orders(model, AHEAD, x, t_x, age))


def spending(customers: int, planted: dict[str, float], seed: int) -> tuple[Fit, Callable[[Fit], float]]:
    """An order day of each customer."""
    x, mean = spenders(customers, planted, seed)
    return gamma_gamma.fit(x, mean), lambda model: float(gamma_gamma.expected_amount(model, x, mean).sum())


def staying(customers: int, planted: dict[str, float], seed: int) -> tuple[Fit, Callable[[Fit], float]]:
    """The terms out of the next twelve that those who are there stay through."""
    lost, here = contracts(customers, TERMS, planted, seed)
    terms = np.arange(len(here))
    found = shifted_beta_geometric.fit(lost, here)
    return found, lambda model: float(here @ shifted_beta_geometric.expected_parts(model, terms, 12, 1))


KINDS = (
    Kind("CDNOW", "BG/NBD", {"r": 0.243, "alpha": 30.9, "a": 0.793, "b": 2.426}, orders),
    Kind("the demo's", "BG/NBD", {"r": 3.0, "alpha": 96.0, "a": 2.0, "b": 8.0}, orders),
    Kind("leave alike", "BG/NBD", {"r": 3.0, "alpha": 96.0, "a": 200.0, "b": 800.0}, orders),
    Kind("hardly leave", "BG/NBD", {"r": 1.5, "alpha": 60.0, "a": 0.02, "b": 2.0}, orders),
    Kind("buy alike", "BG/NBD", {"r": 3e3, "alpha": 96e3, "a": 2.0, "b": 8.0}, orders),
    Kind("the paper's", "Gamma-Gamma", {"p": 6.25, "q": 3.74, "v": 15.44}, spending),
    Kind("spend alike", "Gamma-Gamma", {"p": 2.0, "q": 4000.0, "v": 80000.0}, spending),
    Kind("high end", "contracts", {"alpha": 0.668, "beta": 3.806}, staying),
    Kind("leave alike", "contracts", {"alpha": 40.0, "beta": 760.0}, staying),
)


@dataclass(frozen=True)
class Found:
    """Of the samples that are large enough: the share that ended so, and how far off what they tell is on average."""

    peak: float
    edge: float
    none: float
    wrong_at_peak: float
    wrong_at_edge: float


def find(kind: Kind, customers: int, samples: int) -> Found | None:
    """None where most samples have too few customers with a repeat or a loss."""
    ended: dict[str, list[float]] = {}
    for seed in range(samples):
        found, told = kind.told(customers, kind.planted, seed)
        wrong = told(found) / told(Fit(FITTED, kind.planted)) - 1 if found.is_fitted else 0.0
        ended.setdefault(found.status, []).append(wrong)
    enough = samples - len(ended.pop(TOO_FEW, []))
    if enough * 2 < samples:
        return None
    peak, edge = ended.pop(FITTED, []), ended.pop(AT_EDGE, [])
    shares = (len(peak) / enough, len(edge) / enough, sum(map(len, ended.values())) / enough)
    return Found(*shares, _typical(peak), _typical(edge))


def _typical(errors: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(errors)))) if errors else float("nan")


def lines(samples: int) -> Iterator[str]:
    """The table, a line for each kind of customers and size."""
    yield "| model | customers | how many | at a peak | at an edge | no fit | off at a peak | off at an edge |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for kind in KINDS:
        for size in SIZES:
            found = find(kind, size, samples)
            if found is not None:
                shares = (f"{100 * one:.0f} %" for one in (found.peak, found.edge, found.none))
                wrong = (
                    "" if np.isnan(one) else f"{100 * one:.1f} %" for one in (found.wrong_at_peak, found.wrong_at_edge)
                )
                yield "| " + " | ".join([kind.model, kind.name, f"{size:,}", *shares, *wrong]) + " |"


if __name__ == "__main__":
    for line in lines(int((sys.argv[1:] or ["100"])[0])):
        print(line, flush=True)
