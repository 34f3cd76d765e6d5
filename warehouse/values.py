"""Reads texts and numbers of a column whatever type the file gave them. Times are in timestamps.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

NUMBER = pl.Decimal(38, 6)
_WHOLE_FLOAT = r"^(-?\d+)\.0+$"


@dataclass(frozen=True, slots=True)
class Numbers:
    """One column, read: the `values`, and which of them are no number (`bad`, null in `values`)."""

    values: pl.Series
    bad: pl.Series


def cleaned(frame: pl.DataFrame, null_values: Sequence[str]) -> pl.DataFrame:
    """Texts without the spaces around them; empty ones and those in `null_values` are null."""
    texts = [name for name, dtype in frame.schema.items() if dtype in (pl.String, pl.Categorical, pl.Enum)]
    nothing = sorted({"", *(value.strip() for value in null_values)})
    stripped = frame.select(pl.col(texts).cast(pl.String).str.strip_chars())
    return frame.with_columns(pl.when(~text.is_in(nothing)).then(text).alias(text.name) for text in stripped)


def read_number(values: pl.Series, dtype: pl.DataType) -> Numbers:
    """The numbers in a column of texts or numbers, half-even to the scale of `dtype`; NaN is a missing value."""
    if values.dtype.is_float():
        values = values.fill_nan(None)
    if not (values.dtype.is_numeric() or values.dtype in (pl.String, pl.Null)):
        return Numbers(pl.repeat(None, len(values), dtype=dtype, eager=True), values.is_not_null())
    if dtype.is_integer():
        exact = values.cast(NUMBER, strict=False)
        whole = exact.cast(dtype, strict=False)
        read = pl.select(pl.when(exact == whole.cast(NUMBER)).then(whole)).to_series()
    else:
        read = values.cast(dtype, strict=False)
    return Numbers(read, values.is_not_null() & read.is_null())


def read_text(values: pl.Series, is_id: bool) -> pl.Series:
    """The values as text: whole floats lose their `.0`, and so do ids that were written as floats."""
    dtype = values.dtype
    if dtype.is_float():
        values = values.fill_nan(None)
        whole = values.cast(pl.Int64, strict=False)
        return pl.select(
            pl.when(whole.cast(pl.Float64) == values).then(whole.cast(pl.String)).otherwise(values.cast(pl.String))
        ).to_series()
    if dtype.is_decimal():
        return values.cast(pl.String).str.replace(r"(\.\d*?)0+$", "$1").str.strip_chars_end(".")
    texts = values.cast(pl.String)
    return texts.str.replace(_WHOLE_FLOAT, "$1") if is_id and _may_be_floats(texts) else texts


def _may_be_floats(texts: pl.Series) -> bool:
    """Whether there can be a whole float among them: a quick look, as most columns have none."""
    return bool(texts.filter(texts.str.ends_with("0")).str.contains(".0", literal=True).any())
