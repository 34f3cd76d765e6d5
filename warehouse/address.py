"""Addresses of object stores: which are allowed, and how they and what a store says may be shown.

Credentials come from the environment only, so none may stand in an address and none may leave in a message. Light:
nothing here talks to a store.
"""

from __future__ import annotations

import os
import re

from warehouse.errors import UsageError

# The beginnings of the environment variables that the stores of a scheme are reached with.
VARIABLES = {"s3": "AWS_", "gs": "GOOGLE_", "az": "AZURE_"}
LOOKED_FOR = {
    "s3": (
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL"),
        *("AWS_ALLOW_HTTP", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
    ),
    "gs": ("GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_KEY", "GOOGLE_APPLICATION_CREDENTIALS"),
    "az": (
        *("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_KEY", "AZURE_STORAGE_TOKEN"),
        *("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE"),
    ),
}
_STEP = r"[A-Za-z0-9_][A-Za-z0-9._=+-]*"
_ALLOWED = re.compile(rf"(s3|gs|az)://{_STEP}(/{_STEP})*")
_USER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^/\s]*@")
_QUERY = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^\s?#]*)[?#][^\s,)]*")
_SECRET = re.compile(r"SECRET|KEY|TOKEN|PASSWORD|SAS|CREDENTIAL")
_SHORTEST_SECRET = 4


def is_address(root: str) -> bool:
    """Whether a root is an object store's address and not a folder."""
    return "://" in root


def checked(key: str, address: str) -> str:
    """The address without a slash at its end. Raises UsageError naming the key, and shows no credentials."""
    shown = _bare(address)
    if shown != address:
        raise UsageError(
            f"{key}: write the address alone, {shown}, without user, password or query: credentials come from the "
            "environment. Take what stood there for known, if others can read the file."
        )
    found = _ALLOWED.fullmatch(address.rstrip("/"))
    if found is None:
        raise UsageError(
            f"{key}: {shown!r} is no address of an object store: write s3://bucket/folder, gs://bucket/folder or "
            "az://container/folder (letters, digits, '.', '_', '-', '=' and '+'; no step begins with a dot)."
        )
    return found[0]


def scheme_of(address: str) -> str:
    return address.partition("://")[0]


def allows_http(address: str) -> bool:
    """Whether the environment allows an endpoint without encryption, as a store on this machine has it."""
    return os.environ.get(f"{VARIABLES[scheme_of(address)]}ALLOW_HTTP", "").lower() in ("true", "1")


def scrubbed(text: str) -> str:
    """The text without users, passwords and queries of addresses, and without the value of any secret variable."""
    for name, value in os.environ.items():
        if name.startswith(tuple(VARIABLES.values())) and _SECRET.search(name) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "***")
    return _bare(text)


def variables(address: str) -> tuple[list[str], list[str]]:
    """The names of the environment variables looked for that are set, and those that are not; never a value."""
    names = LOOKED_FOR[scheme_of(address)]
    return [name for name in names if os.environ.get(name)], [name for name in names if not os.environ.get(name)]


def _bare(text: str) -> str:
    return _QUERY.sub(r"\1", _USER.sub(r"\1", text))
