"""Starts a warehouse: a commented holdfast.toml and an empty inbox. Touches nothing that is already there."""

from __future__ import annotations

from pathlib import Path

from warehouse.config import CANONICAL, FILE_NAME
from warehouse.errors import StorageError, UsageError

STARTER = Path(__file__).with_name("starter.toml")


def start(folder: Path) -> Path:
    """Writes the starter configuration and inbox folders into `folder` and returns the configuration's path.

    Raises UsageError where a configuration is already there or the folder is where the program's code lies.
    """
    file = folder / FILE_NAME
    if file.exists():
        raise UsageError(f"{file} is already there; nothing was changed. Edit it, or name another folder.")
    if (folder / "warehouse" / "__init__.py").exists():
        raise UsageError(
            f"{folder} holds the program's own warehouse/ folder, and data must not mix with code: name another folder."
        )
    try:
        for source in CANONICAL:
            (folder / "inbox" / source).mkdir(parents=True, exist_ok=True)
        file.write_bytes(STARTER.read_bytes())
    except OSError as error:
        raise StorageError(f"Cannot write into {folder}: {error.strerror}. Name a folder you may write to.") from error
    return file
