"""How a command comes to its warehouse: its configuration and, in an object store, what is published there now."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from warehouse import config as configs
from warehouse import mirror
from warehouse.config import Config


def open_config(file: Path | None, tell: Callable[[str], None]) -> Config:
    """The configuration in `file`, or in ./holdfast.toml.

    Raises UsageError where it is wrong, StorageError where the object store cannot be asked.
    """
    config = configs.load(file)
    if config.remote is not None:
        mirror.begin(config.home, config.remote, tell)
    return config


def config_of(options: Namespace) -> Config:
    """The configuration that a command line names; what there is to say on the way goes to stderr. Raises as above."""
    return open_config(options.config, tell)


def tell(line: str) -> None:
    """Says something that is not what was asked for."""
    print(line, file=sys.stderr, flush=True)
