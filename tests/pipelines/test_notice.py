"""A webhook hears of a run that failed or was refused, from the command line and from Dagster alike."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines import notice
from pipelines.graph import build
from pipelines.jobs import COMMAND_LINE, DAILY, STARTED_BY, range_tags
from quality.verdict import Result
from tests.pipelines.toy import Toy
from warehouse.errors import GateRefused, SourceError, UsageError

SECRET = "s3cret-path"
VARIABLE = "HOLDFAST_TEST_WEBHOOK"
BLOCK = Result("rows", "orders_daily", None, "critical", False, "0", ">= 1", "It is empty.", "2026-03-05")


class Webhook(HTTPServer):
    """Keeps what it is sent; answers with `status` after `delay` seconds."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: list[dict[str, Any]] = []
        self.status, self.delay = 200, 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/{SECRET}"


class _Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.server.delay)
        self.server.heard.append(json.loads(content) | {"path": self.path, "type": self.headers["Content-Type"]})
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def webhook(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    server = Webhook()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv(VARIABLE, server.url)
    file = toy.root / "holdfast.toml"
    file.write_text(f'{file.read_text()}[notify]\nwebhook_env = "{VARIABLE}"\n')
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _fail(table: str) -> None:
    raise SourceError(f"inbox/{table}.csv is not UTF-8")


def _files_with_the_secret(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_a_failed_and_a_refused_run_of_the_command_line_are_told_of(toy: Toy, webhook: Webhook) -> None:
    assert toy.run() is not None
    assert webhook.heard == []
    toy.rows, toy.fail = 2, _fail
    with pytest.raises(SourceError):
        toy.run()
    toy.fail, toy.results = lambda table: None, [BLOCK]
    with pytest.raises(GateRefused):
        toy.run()
    failed, refused = webhook.heard
    assert (failed["event"], failed["error"], failed["release"]) == ("failed", "SourceError", 1)
    assert "inbox/orders.csv is not UTF-8" in failed["text"]
    assert (refused["event"], refused["release"], refused["watermark"]) == ("refused", 1, "2026-06-04")
    assert "It is empty." in refused["text"]
    assert (refused["path"], refused["type"]) == (f"/{SECRET}", "application/json")
    assert _files_with_the_secret(toy.root) == []


def test_a_run_that_dagster_started_is_told_of_once(toy: Toy, webhook: Webhook) -> None:
    toy.results = [BLOCK]
    definitions = build(toy.config, first_month="2026-01", assets_folder=toy.assets)
    job = definitions.resolve_job_def(DAILY)
    sensor = definitions.resolve_sensor_def("failure_notice")
    for started, heard in (({}, 1), ({STARTED_BY: COMMAND_LINE}, 1)):
        with dg.DagsterInstance.ephemeral() as instance:
            tags = range_tags("2026-03", "2026-06") | started
            result = job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)
            (failure,) = (one for one in result.all_events if one.is_failure and one.is_job_event)
            context = dg.build_run_status_sensor_context(
                sensor.name, failure, instance, dagster_run=result.dagster_run
            ).for_run_failure()
            sensor(context)
        assert len(webhook.heard) == heard
    assert webhook.heard[0]["event"] == "refused"
    assert webhook.heard[0]["run"]


def test_a_webhook_that_is_not_there_changes_nothing_and_stays_secret(
    toy: Toy, webhook: Webhook, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:9/{SECRET}")
    toy.fail = _fail
    with pytest.raises(SourceError, match="is not UTF-8"):
        toy.run()
    for wrong in ("", f"file:///{SECRET}", SECRET, f"http://[{SECRET}"):
        monkeypatch.setenv(VARIABLE, wrong)
        assert not notice.send(toy.config, SourceError("a"), None, print)
    told = capfd.readouterr()
    assert (told.err + told.out).count("No notice was sent") == 5
    assert SECRET not in told.err + told.out
    assert _files_with_the_secret(toy.root) == []
    assert webhook.heard == []


def test_a_webhook_that_answers_badly_or_never_is_left_behind(
    toy: Toy, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    webhook.status = 500
    assert not notice.send(toy.config, SourceError("a"), None, told.append)
    monkeypatch.setattr(notice, "TIMEOUT_SECONDS", 0.05)
    webhook.delay = 0.3
    assert not notice.send(toy.config, SourceError("a"), None, told.append)
    assert "answered 500" in told[0]
    assert "TimeoutError" in told[1]


def test_an_address_in_the_file_is_refused_without_repeating_it(toy: Toy) -> None:
    file = toy.root / "holdfast.toml"
    file.write_text(f'{file.read_text()}[notify]\nwebhook_env = "https://chat/{SECRET}"\n')
    with pytest.raises(UsageError) as raised:
        _ = toy.config
    assert "notify.webhook_env" in str(raised.value)
    assert SECRET not in str(raised.value)
