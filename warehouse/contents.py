"""The bytes of a delivered file as they are read: unzipped, and what the file's ending says they are."""

from __future__ import annotations

import gzip
import zlib

from warehouse import diagnosis
from warehouse.errors import SourceError
from warehouse.inbox import ENDINGS
from warehouse.keys import first_line

_BOM = b"\xef\xbb\xbf"
_MAGIC = {b"\x1f\x8b": "gzip", b"PAR1": "Parquet", b"PK\x03\x04": "a zip or spreadsheet file", b"%PDF": "PDF"}


def kind_of(name: str) -> str:
    """What a file of that name is: csv, jsonl or parquet. Raises SourceError where no format has its ending."""
    for ending, kind in ENDINGS.items():
        if name.lower().endswith(ending):
            return kind
    raise SourceError(f"{name}: no format has this ending; known are {', '.join(ENDINGS)}.")


def plain(name: str, content: bytes) -> bytes:
    """The content without gzip and mark of byte order. Raises SourceError where it is not what its ending says."""
    kind = kind_of(name)
    if name.lower().endswith(".gz"):
        content = _unzipped(name, content)
    for magic, what in _MAGIC.items():
        if content.startswith(magic) and kind != what.lower():
            raise SourceError(f"{name} is {what}, not {kind} as its ending says: rename it.")
    if kind == "parquet":
        if not (content.startswith(b"PAR1") and content.endswith(b"PAR1")):
            raise SourceError(f"{name} is not a whole Parquet file: deliver it again, or rename it.")
        return content
    if b"\x00" in content[:4096]:
        raise SourceError(f"{name} is not text in UTF-8: {diagnosis.encoding_hint(content)}.")
    return content.removeprefix(_BOM)


def _unzipped(name: str, content: bytes) -> bytes:
    if not content:
        return content
    if not content.startswith(b"\x1f\x8b"):
        raise SourceError(f"{name} is not gzipped as its ending says: rename it without .gz.")
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise SourceError(f"{name} is cut off or damaged ({first_line(error)}): deliver it again.") from error
