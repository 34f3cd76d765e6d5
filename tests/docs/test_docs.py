"""What the pages say must be true: links lead somewhere, generated pages are current, every key is told of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pipelines import dictionary
from warehouse import catalog, config
from warehouse.catalog import Entry

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _links(page: Path) -> Iterator[str]:
    yield from LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8")))


def _anchors(page: Path) -> set[str]:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_to_something_in_the_repository(page: Path) -> None:
    broken = []
    for link in _links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        inside = target.is_relative_to(ROOT) and target.exists()
        if not inside or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert not broken


def test_every_page_is_reached_from_the_readme() -> None:
    reached, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        reached.add(page)
        targets = [(page.parent / link.partition("#")[0]).resolve() for link in _links(page)]
        todo += [target for target in targets if target.suffix == ".md" and target not in reached]
    assert {_name(page) for page in PAGES if page.is_relative_to(ROOT / "docs")} <= {_name(page) for page in reached}


def test_the_tables_page_is_current() -> None:
    written = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert written == dictionary.write(catalog.load()), "`make docs` writes it anew"


@pytest.mark.parametrize("entry", list(catalog.load()), ids=lambda entry: entry.table.name)
def test_everything_declared_is_described(entry: Entry) -> None:
    table = entry.table
    assert table.description.endswith(".")
    assert [column.name for column in table.all_columns if not column.description.endswith(".")] == []
    assert [column.name for column in table.all_columns if not column.unit] == []


def test_every_published_column_is_defined() -> None:
    told = set(re.findall(r"\w+", (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")))
    metrics = [entry.table for entry in catalog.load().metrics.values()]
    columns = {column.name for table in metrics for column in table.columns}
    assert sorted(({table.name for table in metrics} | columns) - told) == []


def test_every_key_of_the_configuration_is_told_of() -> None:
    told = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")))
    keys = {*config._WAREHOUSE_KEYS, *config._ACTIVITY_KEYS, *config._DAYS_KEYS, *config.ROLES, *config._SOURCE_KEYS}
    keys |= {key for extra in config._EXTRA_SOURCE_KEYS.values() for key in extra}
    keys |= {column for columns in (*config.CANONICAL.values(), config.PERIODS) for column in columns}
    assert sorted(keys - told) == []


def test_the_defaults_the_configuration_page_states_are_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / config.FILE_NAME
    file.write_text('[sources.events]\npath = "inbox/*.csv"\n')
    settings = config.load(file)
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    stated = re.findall(r"^\| `([a-z_]+)` \| (?:`([^`]+)`|none) \|", page, re.MULTILINE)
    wrong, checked = [], 0
    for key, default in stated:
        owner = next((one for one in (settings.sources["events"], settings) if hasattr(one, key)), None)
        if owner is None or key in ("root", "time_zone"):
            continue
        checked += 1
        if _as_toml(getattr(owner, key)) != default:
            wrong.append(f"{key}: {default} is stated, {getattr(owner, key)} is the default")
    assert not wrong
    assert checked >= 15


def _as_toml(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return "[]" if value == () else str(value)


def test_pictures_are_well_formed_and_name_no_outside_address() -> None:
    pictures = list((ROOT / "docs").rglob("*.svg"))
    assert pictures
    for picture in pictures:
        text = picture.read_text(encoding="utf-8")
        ElementTree.fromstring(text)
        assert "://" not in text.replace('xmlns="http://www.w3.org/2000/svg"', ""), picture
