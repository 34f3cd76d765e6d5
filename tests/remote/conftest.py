from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.releases.business import Business
from tests.remote.buckets import Shop, credentials, make_bucket, serve


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The address of an object store on this machine's loopback."""
    with serve() as address:
        yield address


@pytest.fixture
def shop(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A new bucket, and the environment that reaches it."""
    for name, value in credentials(endpoint).items():
        monkeypatch.setenv(name, value)
    return Shop(make_bucket(endpoint), tmp_path)


@pytest.fixture
def business(tmp_path: Path) -> Business:
    """A warehouse in a folder."""
    return Business(tmp_path / "local" / "warehouse")
