"""An object store on loopback, buckets in it, and small businesses that share one."""

from __future__ import annotations

import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.releases.business import Business
from warehouse import mirror, remote
from warehouse.locks import RunLock
from warehouse.remote import Remote

KEY, SECRET = "AKIAKEYOFTHETESTS", "s3cr3t-of-the-tests"


@contextmanager
def serve() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def credentials(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
    }


def make_bucket(endpoint: str) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    with urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{name}", method="PUT")):
        pass
    remote._store.cache_clear()
    return f"s3://{name}/shop"


@dataclass
class Shop:
    """One warehouse in a bucket; each machine has a cache of its own."""

    url: str
    folder: Path
    machines: dict[str, Business] = field(default_factory=dict)

    @property
    def remote(self) -> Remote:
        return Remote(self.url)

    def machine(self, name: str = "one") -> Business:
        """That machine, up to date as at the start of a run."""
        if name not in self.machines:
            home = self.folder / name / "warehouse"
            mirror.adopt(home, self.url)
            self.machines[name] = Business(home)
            self.machines[name].runs = 1000 * len(self.machines)
        machine = self.machines[name]
        with RunLock(machine.home) as lock:
            machine.releases.refresh(held=lock)
            machine.releases.recover(lock)
            machine.releases.complete_head()
        return machine

    def keys(self, folder: str) -> list[str]:
        return [item.key for item in self.remote.items(folder)]
