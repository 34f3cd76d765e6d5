"""How long the models take to fit a million customers: `python -m tests.bench.models`.

A measurement, not a test: nothing here fails. The populations are drawn from planted parameters.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from assets.models import bg_nbd, gamma_gamma
from assets.models.fit import Fit
from tests.models.populations import buyers, histogram, spenders

CUSTOMERS = 1_000_000
BUYING = {"r": 0.6, "alpha": 60.0, "a": 0.7, "b": 2.5}
SPENDING = {"p": 6.25, "q": 3.74, "v": 15.44}


def main() -> None:
    x, t_x, age = buyers(CUSTOMERS, 1_095, BUYING, 1)
    rows = histogram(x, t_x, age)
    print(f"{CUSTOMERS:,} customers, {len(rows[0]):,} distinct (x, t_x, T)")
    model = _timed("BG/NBD: fit", lambda: bg_nbd.fit(*rows))
    print({name: round(value, 4) for name, value in model.parameters.items()})
    print("again, to the last digit:", bg_nbd.fit(*rows) == model)
    start = time.perf_counter()
    for days in (90, 365):
        bg_nbd.expected_orders(model, days, *rows[:3])
    print(f"expected orders of all, two horizons: {time.perf_counter() - start:.1f} s")
    amounts = spenders(CUSTOMERS, SPENDING, 1)
    spending = _timed("Gamma-Gamma: fit", lambda: gamma_gamma.fit(*amounts))
    print({name: round(value, 4) for name, value in spending.parameters.items()})


def _timed(name: str, fit: Callable[[], Fit]) -> Fit:
    start, cpu = time.perf_counter(), time.process_time()
    model = fit()
    print(f"{name}: {time.perf_counter() - start:.1f} s, {time.process_time() - cpu:.1f} s of CPU, {model.status}")
    return model


if __name__ == "__main__":
    main()
