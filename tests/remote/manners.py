"""An object store that misbehaves on purpose: a hand between its clients and the store of the tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Environ = dict[str, Any]
Start = Callable[..., Any]
Application = Callable[[Environ, Start], Iterable[bytes]]
Manner = Callable[[Environ, Start, Application], Iterable[bytes]]


@contextmanager
def serve_with(manner: Manner) -> Iterator[str]:
    """The address of a store that answers through `manner`; its buckets are those of the session's store."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    store = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, lambda environ, start: manner(environ, start, store), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def forgetting_conditions(environ: Environ, start: Start, store: Application) -> Iterable[bytes]:
    """Overwrites what it was asked only to create."""
    environ.pop("HTTP_IF_NONE_MATCH", None)
    return store(environ, start)


def refusing(environ: Environ, start: Start, store: Application) -> Iterable[bytes]:
    """Knows nobody, and says so with the key it was asked with."""
    key = environ.get("HTTP_AUTHORIZATION", "")
    start("403 Forbidden", [("Content-Type", "application/xml")])
    return [f"<Error><Code>InvalidAccessKeyId</Code><Message>{key}</Message></Error>".encode()]


def losing_answers(environ: Environ, start: Start, store: Application) -> Iterable[bytes]:
    """Takes a manifest, and then says that something went wrong."""
    if environ["REQUEST_METHOD"] != "PUT" or "_manifest.json" not in environ["PATH_INFO"]:
        return store(environ, start)
    list(store(environ, lambda *_, **__: None))
    start("500 Internal Server Error", [])
    return [b"<Error><Code>InternalError</Code></Error>"]
