"""Puts what a bench measured into a page of docs/, between its two marks."""

from __future__ import annotations

from pathlib import Path


def replace_part(page: Path, name: str, text: str) -> None:
    """Replaces what stands between `<!-- bench NAME -->` and `<!-- end NAME -->`. ValueError without the marks."""
    before, begin, rest = page.read_text().partition(f"<!-- bench {name} -->\n")
    _, end, after = rest.partition(f"<!-- end {name} -->\n")
    if not begin or not end:
        raise ValueError(f"{page} has no marks of the bench {name}")
    page.write_text(f"{before}{begin}\n{text}\n\n{end}{after}")
