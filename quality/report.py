"""A verdict as text, for a terminal or as Markdown: worst first, what and where, and what to do about it.

Here is only wording. Nothing is judged again, and nothing heavy is imported: an old verdict is shown at once.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from quality.verdict import Result, Severity, Verdict

HEADINGS: dict[Severity, str] = {"critical": "Blocked", "warning": "Warned", "info": "Noted"}


def render(verdict: Verdict, width: int = 100) -> str:
    """The whole report, lines of at most `width` characters where words allow it."""
    lines = [headline(verdict), ""]
    for severity, heading in HEADINGS.items():
        failed = [one for one in verdict.failed if one.severity == severity]
        if failed:
            lines += [f"{heading} ({len(failed)})", *_blocks(failed, width)]
    passed = [one for one in verdict.results if one.passed]
    lines += [f"Passed ({len(passed)})", *_passed(passed, width)]
    return "\n".join(lines).rstrip() + "\n"


def headline(verdict: Verdict) -> str:
    """One line: what the gate decided, on how many checks."""
    checks = len(verdict.results)
    warned = verdict.count("warning")
    if verdict.passed:
        return f"The gate passed {checks} checks" + (f" with {_number(warned, 'warning')}." if warned else ".")
    if not checks:
        return "The gate refused: nothing was checked. The last release stands."
    blocked = verdict.count("critical")
    also = f" and {_number(warned, 'warning')}" if warned else ""
    block = "blocks" if blocked == 1 else "block"
    return f"The gate refused: {blocked} of {checks} checks {block}{also}. The last release stands."


def markdown(failed: Iterable[Result]) -> str:
    """Failed checks as a list in Markdown. What may come out of a delivery is text in it: no markup, link or image."""
    told = [(one.severity, f"{one.check} {one.column or ''}: {one.message} ({one.where})") for one in failed]
    return "\n".join(f"- **{severity}** {_inert(text)}" for severity, text in told)


def _inert(text: str) -> str:
    """On one line, with a backslash before all that can be Markdown or HTML."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(_clean(text).split()))


def _blocks(failed: Iterable[Result], width: int) -> list[str]:
    lines = []
    for one in failed:
        lines.append(f"  {one.subject}: {one.check}")
        lines += _wrapped(f"found {one.observed}, should be {one.bound}", width)
        if one.where:
            lines += _wrapped(f"where {_clean(one.where)}", width)
        lines += [*_wrapped(_clean(one.message), width), ""]
    return lines


def _passed(passed: Iterable[Result], width: int) -> list[str]:
    tables: dict[str, int] = {}
    for one in passed:
        tables[one.table] = tables.get(one.table, 0) + 1
    return _wrapped(", ".join(f"{table} {count}" for table, count in sorted(tables.items())), width, "  ")


def _wrapped(text: str, width: int, indent: str = "    ") -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _clean(text: str) -> str:
    """Text that came out of a delivery, without what could drive a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
