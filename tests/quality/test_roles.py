"""A role that no event plays is said with the names that it was given."""

from __future__ import annotations

from quality import roles

GIVEN = {"login": ("login",), "nps": ("nps_anwsered", "nps_given")}


def test_a_misspelt_event_name_is_said() -> None:
    (found,) = roles.observe(GIVEN, {"login"})
    assert (found.observed, found.severity) == (1, "info")
    assert found.where == "nps = nps_anwsered, nps_given"


def test_roles_that_are_played_are_quiet() -> None:
    (found,) = roles.observe(GIVEN, {"login", "nps", "ticket"})
    assert (found.observed, found.where) == (0, "")


def test_without_roles_there_is_nothing_to_say() -> None:
    assert roles.observe({}, set()) == []
