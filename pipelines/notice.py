"""Tells a webhook that a run failed or that the gate refused it. Nothing here can make a run fail.

The address is a secret: it comes from the environment variable that the configuration names, and stands in no message.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from warehouse.config import Config
from warehouse.errors import GateRefused
from warehouse.releases import Releases

TIMEOUT_SECONDS = 10
TEXT_LIMIT = 2_000
Tell = Callable[[str], None]


def send(config: Config, error: BaseException, run_id: str | None, tell: Tell) -> bool:
    """POSTs a notice of the error as JSON; whether it was sent. Never raises: `tell` gets a line on what went wrong."""
    if config.webhook_env is None:
        return False
    url = os.environ.get(config.webhook_env, "")
    if not url:
        tell(f"No notice was sent: the environment variable {config.webhook_env} is not set.")
        return False
    from urllib.error import HTTPError  # with urllib.request 34 ms, which a run that goes well need not wait for

    try:
        _post(url, json.dumps(describe(config, error, run_id)).encode())
    except HTTPError as failed:
        tell(f"No notice was sent: the webhook answered {failed.code}.")
        return False
    except Exception as failed:  # whatever it is, and without its text, which may hold the address
        tell(f"No notice was sent: the webhook could not be reached ({_kind(failed)}).")
        return False
    return True


def describe(config: Config, error: BaseException, run_id: str | None) -> dict[str, str | int | None]:
    """What a notice says. `text` is for people (chat services show it), the rest for programs."""
    try:
        head = Releases(config.home).head()
    except Exception:
        head = None
    stands = f"Release {head.number}, up to {head.watermark}, stands." if head else "Nothing was published yet."
    what = "The gate refused" if isinstance(error, GateRefused) else "A run failed"
    return {
        "text": f"Holdfast, {config.root}: {what}. {stands}\n{str(error)[:TEXT_LIMIT]}",
        "event": "refused" if isinstance(error, GateRefused) else "failed",
        "error": type(error).__name__,
        "warehouse": str(config.root),
        "release": head.number if head else None,
        "watermark": head.watermark if head else None,
        "run": run_id,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _post(url: str, content: bytes) -> None:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError
    from urllib.request import Request, urlopen

    request = Request(url, content, {"Content-Type": "application/json"}, method="POST")
    with urlopen(request, timeout=TIMEOUT_SECONDS):
        return


def _kind(error: Exception) -> str:
    from urllib.error import URLError

    reason = error.reason if isinstance(error, URLError) else error
    return type(reason).__name__
