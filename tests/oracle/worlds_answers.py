"""Draws what events mean: which names have a role, and the answers they carry, some of them outside of their scale.

The dice are others than those of the rest, so that a world is otherwise as it was without roles.
"""

from __future__ import annotations

import random
from dataclasses import replace

from tests.oracle.worlds_draw import Row, Source

NAMES = {"login": "open", "ticket": "ask", "nps": "rate", "csat": "thank", "ces": "sigh", "referral": "tell"}
VALUES = ("0", "1", "3", "4", "5", "6", "7", "8.5", "9", "10", "11", "-1", None)


def give_roles(sources: dict[str, Source], seed: int) -> dict[str, str]:
    """Roles for most worlds with events, whose events then get names and values anew."""
    dice = random.Random(f"roles {seed}")
    if "events" not in sources or dice.random() < 0.3:
        return {}
    roles = {role: name for role, name in NAMES.items() if dice.random() < 0.8}
    known: dict[tuple[tuple[str, str | None], ...], Row] = {}

    def named(row: Row) -> Row:
        said = {"event_name": dice.choice((*NAMES.values(), "pay")), "value": dice.choice(VALUES)}
        # Rows that are alike stay alike: they may be one event.
        return known.setdefault(tuple(row.items()), {**row, **said})

    given = sources["events"]
    files = {file: tuple(named(row) for row in rows) for file, rows in given.files.items()}
    sources["events"] = replace(given, columns=(*given.columns, "value"), files=files)
    return roles
