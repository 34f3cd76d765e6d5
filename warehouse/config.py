"""Reads holdfast.toml into plain, checked values; every mistake in it is named by its key.

Here belongs what a user may write and which values are allowed. What the values do belongs to whoever uses them.
Imports stay light (no Polars): this module is on the path of a run that finds nothing to do.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from warehouse import address, bounds
from warehouse.bounds import Bounds
from warehouse.errors import UsageError
from warehouse.keys import Keys, listed

FILE_NAME = "holdfast.toml"
INDUSTRIES = ("saas", "consumer", "ecommerce")
SHAPES = ("changes", "periods")
MONEY_SOURCES = ("orders", "subscriptions", "payments")

_TERMS = (
    *("status", "plan", "amount", "interval", "interval_count", "quantity", "discount", "discount_percent", "currency"),
    *("churn_type", "churn_reason", "current_period_end", "channel", "country", "updated_at"),
)
CANONICAL: Mapping[str, tuple[str, ...]] = {
    "orders": (
        *("order_id", "customer_id", "ordered_at", "amount", "currency", "refunded_amount", "status"),
        *("channel", "country", "updated_at"),
    ),
    "subscriptions": ("change_id", "subscription_id", "customer_id", "effective_at", *_TERMS),
    "events": (
        *("event_id", "user_id", "customer_id", "occurred_at", "event_name", "value", "received_at"),
        *("channel", "country"),
    ),
    "customers": ("customer_id", "channel", "country", "signed_up_at", "updated_at"),
    "fx_rates": ("date", "currency", "rate"),
    "payments": (
        *("payment_id", "customer_id", "subscription_id", "invoice_id", "attempted_at", "amount", "currency"),
        *("status", "attempt", "failure_code", "updated_at"),
    ),
}
PERIODS = ("subscription_id", "customer_id", "started_at", "ended_at", *_TERMS)

_SOURCE_KEYS = ("path", "time_zone", "null_values", "where", "distinct_rows", "full_extract", "columns")
_EXTRA_SOURCE_KEYS: Mapping[str, tuple[str, ...]] = {
    "orders": ("currency", "lines"),
    "subscriptions": ("currency", "shape", "ends_inclusive"),
    "payments": ("currency",),
}
_WAREHOUSE_KEYS = ("root", "cache", "time_zone", "reporting_currency", "shards", "industry", "gross_margin")
_ACTIVITY_KEYS = ("orders_window_days", "usage_window_days", "grace_days")
ROLES = ("login", "ticket", "nps", "csat", "ces", "referral")
_DAYS_KEYS = ("settle_days", "max_late_days")
_NOTIFY_KEYS = ("webhook_env",)


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """How the files of one source are read. `columns` is empty where the files have the canonical names."""

    name: str
    path: str
    time_zone: str = "UTC"
    currency: str | None = None
    null_values: tuple[str, ...] = ()
    where: str | None = None
    distinct_rows: bool = False
    lines: bool = False
    full_extract: bool = False
    shape: str = "changes"
    ends_inclusive: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Where this source stands in the file, for messages."""
        return f"sources.{self.name}"


@dataclass(frozen=True, slots=True)
class Config:
    """A checked holdfast.toml. Windows and delays are in days."""

    file: Path
    root: Path
    time_zone: str
    reporting_currency: str | None
    shards: int
    industry: str
    gross_margin: Decimal
    orders_window_days: int
    usage_window_days: int
    grace_days: int
    settle_days: int
    max_late_days: int | None
    sources: Mapping[str, SourceConfig]
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    webhook_env: str | None = None
    quality: Bounds = field(default_factory=Bounds)
    # The address of the object store that is the warehouse's root; `root` is then this machine's cache of it.
    remote: str | None = None

    @property
    def home(self) -> Path:
        """The folder all data of this warehouse lives in or, where that is an object store, is cached in."""
        return self.root / "warehouse"

    @property
    def folder(self) -> Path:
        """The folder of the configuration file, which the paths of sources are relative to."""
        return self.file.parent

    @property
    def version(self) -> str:
        """A digest of everything in the file that changes a published number."""
        return _digest(
            {
                "time_zone": self.time_zone,
                "reporting_currency": self.reporting_currency,
                "gross_margin": str(self.gross_margin.normalize()),
                "windows": [self.orders_window_days, self.usage_window_days, self.grace_days],
                "max_late_days": self.max_late_days,
                "industry": self.industry,
                "roles": {role: list(names) for role, names in self.roles.items()},
                "sources": {name: self.reading(name) for name in self.sources},
            }
        )

    def reading(self, source: str) -> str:
        """A digest of how the rows of a source are read: where it changes, its files are taken again."""
        values = asdict(self.sources[source])
        del values["path"]
        return _digest({**values, "reporting_time_zone": self.time_zone})


def load(path: Path | None = None) -> Config:
    """The configuration in `path` (default: ./holdfast.toml).

    Raises UsageError naming the key, what is wrong with it and what is allowed.
    """
    file = (path or Path(FILE_NAME)).absolute()
    table = Keys("", _read(file), ("warehouse", "activity", "days", "roles", "quality", "notify", "sources"))
    warehouse = table.table("warehouse", _WAREHOUSE_KEYS)
    activity = table.table("activity", _ACTIVITY_KEYS)
    days = table.table("days", _DAYS_KEYS)
    notify = table.table("notify", _NOTIFY_KEYS)
    root, remote = _root(warehouse, file.parent)
    config = Config(
        file=file,
        root=root,
        time_zone=warehouse.zone("time_zone"),
        reporting_currency=warehouse.currency("reporting_currency"),
        shards=warehouse.whole("shards", 8, least=1, most=999),
        industry=warehouse.choice("industry", "saas", INDUSTRIES),
        gross_margin=warehouse.share("gross_margin", Decimal("0.8")),
        orders_window_days=activity.whole("orders_window_days", 90, least=1),
        usage_window_days=activity.whole("usage_window_days", 28, least=1),
        grace_days=activity.whole("grace_days", 30, least=0),
        settle_days=days.whole("settle_days", 0, least=0),
        max_late_days=days.whole("max_late_days", 1, least=1) if "max_late_days" in days.values else None,
        roles=_roles(table.table("roles", ROLES)),
        quality=bounds.read(table.table("quality", bounds.KEYS)),
        sources=_sources(table.table("sources", tuple(CANONICAL))),
        webhook_env=notify.variable("webhook_env"),
        remote=remote,
    )
    _refuse_code_folder(config.home)
    return config


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().removeprefix(b"\xef\xbb\xbf").decode(), parse_float=Decimal)
    except FileNotFoundError:
        raise UsageError(f"{file} does not exist: `holdfast init DIR` writes one, --config names another.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not valid TOML: {error}.") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error


def _root(warehouse: Keys, folder: Path) -> tuple[Path, str | None]:
    """The folder on this machine, and the address of the object store it caches, if it does."""
    root, cache = warehouse.text("root", "."), warehouse.optional_text("cache")
    if address.is_address(root):
        remote = address.checked(warehouse.at("root"), root)
        own = f".holdfast/{hashlib.sha256(remote.encode()).hexdigest()[:16]}"
        return (folder / (cache or own)).resolve(), remote
    if cache is not None:
        raise UsageError(f"{warehouse.at('cache')} has a meaning only where root is an object store, such as s3://...")
    return (folder / root).resolve(), None


def _refuse_code_folder(home: Path) -> None:
    if (home / "__init__.py").exists():
        raise UsageError(
            f"warehouse.root: {home} holds program code; choose a root outside of the repository's own folder."
        )


def _sources(table: Keys) -> dict[str, SourceConfig]:
    if not table.values:
        raise UsageError(f"No source is configured: add [sources.NAME] with a path, NAME one of {listed(CANONICAL)}.")
    return {name: _source(name, table) for name in CANONICAL if name in table.values}


def _source(name: str, sources: Keys) -> SourceConfig:
    keys = sources.table(name, _SOURCE_KEYS + _EXTRA_SOURCE_KEYS.get(name, ()))
    shape = keys.choice("shape", "changes", SHAPES)
    if keys.flag("ends_inclusive") and shape != "periods":
        raise UsageError(f'{keys.at("ends_inclusive")} has a meaning only with shape = "periods".')
    return SourceConfig(
        name=name,
        path=keys.required_text("path"),
        time_zone=keys.zone("time_zone"),
        currency=keys.currency("currency"),
        null_values=keys.texts("null_values"),
        where=keys.optional_text("where"),
        distinct_rows=keys.flag("distinct_rows"),
        lines=keys.flag("lines"),
        full_extract=keys.flag("full_extract"),
        shape=shape,
        ends_inclusive=keys.flag("ends_inclusive"),
        columns=_columns(keys, PERIODS if shape == "periods" else CANONICAL[name]),
    )


def _columns(keys: Keys, canonical: tuple[str, ...]) -> dict[str, str]:
    columns = keys.table("columns", canonical if keys.name != "sources.customers" else None)
    return {name: columns.required_text(name) for name in columns.values}


def _roles(table: Keys) -> dict[str, tuple[str, ...]]:
    """The event names of each role, in the order of ROLES; a name alone is a list of one."""
    return {
        role: table.texts(role) if isinstance(table.values[role], list) else (table.required_text(role),)
        for role in ROLES
        if role in table.values
    }


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
