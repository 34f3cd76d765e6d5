"""The page of a verdict: worst first, nothing from a delivery is markup, no outside address, a browser reads it."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from quality import page, report
from quality.charts import Chart, Point, charts
from quality.drawing import figure
from quality.verdict import Result, Verdict
from tests.quality.shop import FIRST, Delivery, Shop, daily
from warehouse.bounds import Bounds
from warehouse.manifest import Manifest

HOSTILE = '<script>document.title="owned"</script><img src="http://evil.example/x" onerror=alert(1)>&"\''
MANIFEST = Manifest(3, 2, "", "2026-06-30", "2026-06-01", "UTC", "", "", "", "run", "", (), {})
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VOID = {"meta", "br", "img", "polygon", "polyline", "circle"}


def result(severity: str, check: str, passed: bool = False, text: str = "plain") -> Result:
    return Result(check, text, None, severity, passed, text, text, text, text)  # type: ignore[arg-type]


def verdict(*results: Result) -> Verdict:
    return Verdict.of("d" * 64, results, "2026-07-01T00:00:00+00:00")


class Reading(HTMLParser):
    """Every element with its attributes, all text, and whether each element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile_page() -> str:
    point = Point(date(2026, 6, 30), 1.0, 0.5, 2.0, True)
    found = verdict(*(result(one, HOSTILE, text=HOSTILE) for one in ("critical", "warning", "info")))
    passed = replace(result("critical", HOSTILE, True, HOSTILE), column=HOSTILE)
    judged = Verdict.of("d" * 64, [*found.results, passed], HOSTILE)
    return page.render(judged, replace(MANIFEST, watermark=HOSTILE), [Chart(HOSTILE, HOSTILE, (point,))])


def test_what_came_out_of_a_delivery_is_text_and_nothing_else() -> None:
    read = Reading(hostile_page())
    assert read.open == []
    assert {tag for tag, _ in read.elements} & {"script", "img", "iframe", "link", "object", "a", "form"} == set()
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert read.text.count(HOSTILE) >= 12


def test_in_markdown_too_it_is_text_and_nothing_else() -> None:
    evil = HOSTILE + "![x](http://evil.example) [click](javascript:alert) `code` *strong*\n# head\n- item\n| a | b |"
    made = report.markdown([result("critical", evil, text=evil), result("warning", "late")])
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(made)
    assert {tag for tag, _ in Reading(html).elements} == {"ul", "li", "strong"}
    assert html.count("<strong>") == html.count("<li>") == 2
    assert " ".join(evil.split()) in Reading(html).text


def test_it_names_no_address_and_allows_none() -> None:
    html = hostile_page().replace("http://evil.example", "")
    assert re.findall(r"(?:https?:)?//\w", html) == []
    assert "default-src 'none'" in html
    assert not {name for _, one in Reading(html).elements for name in one} & {"src", "href", "action", "srcset"}


def test_the_worst_comes_first_and_everything_judged_is_there() -> None:
    failed = [result("info", "noted"), result("warning", "late"), result("critical", "empty")]
    html = page.render(verdict(*failed, result("info", "ok", True)), MANIFEST, [])
    assert html.index(": empty<") < html.index(": late<") < html.index(": noted<") < html.index("<td>ok</td>")
    assert "Refused candidate, up to 2026-06-30" in html
    assert "1 of 4 checks blocks" in html


def test_charts_show_the_band_and_the_judged_days(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "warehouse")
    history = daily(2000, 50)
    shop.publish(history)
    next_day = FIRST + timedelta(days=50)
    audit = shop.audit(shop.stage([*history, Delivery(next_day, 9000)]))
    drawn = {one.metric: one for one in charts(audit.profiles["orders"], audit.watermark, Bounds())}
    assert set(drawn) == {"rows", "persons per row", "median amount", "share without channel", "share without country"}
    last = drawn["rows"].points[-1]
    assert (last.day, last.value, last.is_judged, last.is_outside) == (next_day, 9000, True, True)
    assert last.low is not None
    assert last.high is not None
    assert last.low < 2000 < last.high < 9000
    assert [point.is_judged for point in drawn["rows"].points[:-1]] == [False] * 50
    html = page.render(verdict(result("info", "ok", True)), MANIFEST, list(drawn.values()))
    assert html.count("<svg") == len(drawn)
    assert html.count('class="outside"') == 1
    assert "rows: 1 of the judged days outside of the band" in html


def test_a_day_that_is_not_judged_is_not_drawn_as_outside(tmp_path: Path) -> None:
    """Ten rows a day are too few to judge: a day without any is no alarm, so it is no red dot either."""
    shop = Shop(tmp_path / "warehouse")
    history = daily(10, 50)
    shop.publish(history)
    audit = shop.audit(shop.stage([*history, Delivery(FIRST + timedelta(days=50), 1)]))
    drawn = charts(audit.profiles["orders"], audit.watermark, Bounds())
    assert not [one for one in audit.observations if one.table == "orders" and one.check == "rows of the day"]
    assert not any(point.is_judged for one in drawn for point in one.points)
    html = page.render(verdict(result("info", "ok", True)), MANIFEST, drawn)
    assert 'class="outside"' not in html
    assert "rows: no day judged, too few rows or too little history" in html


def test_a_band_far_above_the_values_does_not_flatten_them() -> None:
    """Values of 100 and a band up to 10,000: the scale ends at 200, and the line is in the middle of it."""
    days = [FIRST + timedelta(days=back) for back in range(3)]
    svg = figure(Chart("orders", "rows", tuple(Point(day, 100.0, 1.0, 10_000.0, False) for day in days)))
    assert ">200</text>" in svg
    heights = {float(pair.split(",")[1]) for pair in svg.split('class="values" points="')[1].split('"')[0].split()}
    assert heights == {8 + (120 - 16 - 8) / 2}


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: the page is read by html.parser only")
def test_a_browser_reads_it_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "quality.html"
    file.write_text(hostile_page(), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    options.append(f"--user-data-dir={tmp_path / 'profile'}")
    done = subprocess.run(
        [str(CHROMIUM), *options, "--dump-dom", file.as_uri()], capture_output=True, text=True, timeout=120
    )
    read = Reading(done.stdout.replace("<br>", ""))
    assert "<title>Refused candidate: quality</title>" in done.stdout
    tags = [tag for tag, _ in read.elements]
    assert tags.count("svg") == 1
    assert "script" not in tags
    assert "img" not in tags
    assert sum(attributes.get("class", "") in ("finding critical", "finding warning", "finding info")
               for _, attributes in read.elements) == 3  # fmt: skip


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: the page is read by html.parser only")
def test_on_a_phone_nothing_is_wider_than_the_screen(tmp_path: Path) -> None:
    """A window of 360 points, as a frame: what a browser says of the page's width, and of its parts."""
    long_name = "inbox/orders/" + "a_very_long_file_name_without_any_space" * 6
    failed = [replace(result("warning", "rows of the day"), where=long_name), result("info", long_name, True)]
    points = tuple(Point(FIRST + timedelta(days=back), 100.0, 50.0, 200.0, back > 50) for back in range(56))
    html = page.render(verdict(*failed), MANIFEST, [Chart("orders", f"metric {n}", points) for n in range(5)])
    (tmp_path / "quality.html").write_text(html.replace("<details>", "<details open>"), encoding="utf-8")
    (tmp_path / "frame.html").write_text(
        '<iframe id="phone" src="quality.html" width="360" height="800"></iframe><p id="told"></p><script>'
        "onload = () => { const page = document.getElementById('phone').contentDocument;"
        "const widest = Math.max(...[...page.querySelectorAll('*')].map(one => one.getBoundingClientRect().right));"
        "document.getElementById('told').textContent = `width ${Math.ceil(widest)} of 360`; }</script>",
        encoding="utf-8",
    )
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    options += [f"--user-data-dir={tmp_path / 'profile'}", "--allow-file-access-from-files"]
    file = (tmp_path / "frame.html").as_uri()
    done = subprocess.run([str(CHROMIUM), *options, "--dump-dom", file], capture_output=True, text=True, timeout=120)
    found = re.search(r">width (\d+) of 360<", done.stdout)
    assert found, done.stdout[-500:]
    assert 200 < int(found.group(1)) <= 360
