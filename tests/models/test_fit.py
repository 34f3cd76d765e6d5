"""What a fit refuses to have found."""

from __future__ import annotations

import numpy as np
import pytest

from assets.models.fit import FITTED, NOT_CONVERGED, Floats, greatest

CUSTOMERS = 100.0


@pytest.mark.parametrize(("curvature", "status"), [(1.0, FITTED), (1e-7, NOT_CONVERGED)])
def test_a_peak_too_flat_to_tell_where_it_is_gives_no_number(curvature: float, status: str) -> None:
    """With 100 customers: known within 1 / sqrt(1 x 100), that is 0.1, or within 1 / sqrt(1e-7 x 100) > 300."""

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        log = np.log(parameters)
        return float(-(log**2).sum() * curvature / 2), -log * curvature

    found = greatest(likelihood, {"p": 1.2}, CUSTOMERS)
    assert found.status == status
    assert bool(found.parameters) is (status == FITTED)
