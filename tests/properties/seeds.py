"""How many worlds a property tries."""

from __future__ import annotations

import os

FIRST = int(os.environ.get("HOLDFAST_WORLDS_FROM", "0"))
WORLDS = os.environ.get("HOLDFAST_WORLDS")


def seeds(usual: int) -> range:
    """The seeds of the worlds to try: HOLDFAST_WORLDS says how many, else as many as are usual in this test."""
    return range(FIRST, FIRST + int(WORLDS or usual))
