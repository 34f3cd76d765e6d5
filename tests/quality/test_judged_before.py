"""What a release was judged with is not judged again; in doubt everything is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from quality import judged_before, staged
from quality.audit import Audit
from tests.quality.shop import CONFIG, Shop, daily, fails
from warehouse.candidate import Candidate
from warehouse.manifest import Manifest

WEEK = daily(30, 7)


@pytest.fixture
def candidate(tmp_path: Path) -> tuple[Shop, Candidate]:
    shop = Shop(tmp_path / "warehouse")
    return shop, shop.stage(WEEK)


def audited(shop: Shop, candidate: Candidate, **verdict: object) -> Audit:
    """The audit of what the release before was published with, under this verdict."""
    by = judged_before.rules({"orders_daily": shop.catalog["orders_daily"].table}, candidate.manifest)
    head = replace(candidate.manifest, number=1, verdict={"passed": True, "judged_by": by, **verdict})
    audit = Audit(candidate, shop.catalog, CONFIG, shop.store, head)  # type: ignore[arg-type]
    audit.measure()
    assert audit.broken == []
    return audit


def test_what_passed_by_the_same_rules_is_not_judged_again(candidate: tuple[Shop, Candidate]) -> None:
    audit = audited(*candidate)
    assert audit.fresh == {}
    assert audit.frames["orders_daily"].height == 7
    assert not any(map(fails, audit.observations))
    assert {"unique", "not_null"}.isdisjoint(one.check for one in audit.observations)


@pytest.mark.parametrize("verdict", [{"passed": False}, {"passed": 1}, {"judged_by": "older"}, {"judged_by": None}])
def test_in_doubt_everything_is_judged(candidate: tuple[Shop, Candidate], verdict: dict[str, object]) -> None:
    audit = audited(*candidate, **verdict)
    assert audit.fresh["orders_daily"].height == 7
    assert "unique" in {one.check for one in audit.observations}


def test_other_code_other_configuration_or_another_declaration_are_other_rules(
    candidate: tuple[Shop, Candidate],
) -> None:
    shop, one = candidate
    table = shop.catalog["orders_daily"].table
    fewer = replace(table, columns=table.columns[1:])
    manifests: list[Manifest] = [replace(one.manifest, **{name: "x"}) for name in ("code_version", "config_version")]  # type: ignore[arg-type]
    found = {judged_before.rules({"orders_daily": table}, manifest) for manifest in (one.manifest, *manifests)}
    assert len(found | {judged_before.rules({"orders_daily": fewer}, one.manifest)}) == 4


@pytest.mark.parametrize("damage", ["longer", "removed", "another file"])
def test_a_kept_file_has_to_be_the_one_that_was_judged(candidate: tuple[Shop, Candidate], damage: str) -> None:
    shop, one = candidate
    (file,) = one.manifest.published()
    path = one.folder / file.link
    content = path.read_bytes()
    path.unlink()
    if damage == "longer":
        path.write_bytes(content + b"?")
    elif damage == "another file":
        path.write_bytes(content)
    found = staged.observe(one, {"orders_daily": shop.catalog["orders_daily"].table}, shop.store, {file})
    assert "files are those of the candidate" in {one.check for one in found if fails(one)}


def test_a_row_of_another_month_blocks(tmp_path: Path) -> None:
    """Files are judged one by one, so a day may be in one of them only."""
    shop = Shop(tmp_path / "warehouse")
    one = shop.stage(WEEK)
    declared = shop.catalog["orders_daily"].table
    rows = staged.read(one, declared, one.manifest.published())
    wrong = pl.concat([rows, rows.head(1).with_columns(date=pl.date(2026, 5, 31))])
    for frame, number in ((rows, 0), (wrong, 1)):
        file = shop.store.write("metrics", "orders_daily", "month=2026-06", frame, declared.arrow_schema())
        found = staged._file(file, shop.store.path(file), declared)
        assert {one.check: one.observed for one in found}["files hold the days of their month"] == number
