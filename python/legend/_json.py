"""Rows as the JSON Lines that the coordinator reads."""

from __future__ import annotations

import base64
import datetime
import decimal
import json
import math
import uuid
from typing import Any, Mapping

from ._problems import LegendError
from ._text import quoted


def line(row: Mapping[str, Any], index: int) -> str:
    """A row as one line, with its line break.

    What JSON has no word for is written so that the job can go on; the caller's own values stay as they are. NaN and
    what pandas takes for missing become null, times their ISO 8601, bytes base64, infinities texts.

    :raises LegendError: for a value of another type; it names row and column.
    """
    for name in row:
        if not isinstance(name, str):
            raise LegendError(f"row {index}: expected columns whose names are texts, found {quoted(name)}")
    try:
        return json.dumps(row, allow_nan=False, default=_default) + "\n"
    # NaN, a key that is no text, or a value that nothing is known of.
    except (TypeError, ValueError, RecursionError):
        pass
    written = {}
    for name, value in row.items():
        try:
            written[name] = _plain(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise LegendError(
                f"row {index}, column {quoted(name)}: expected a value that JSON can say, found {error}; remove the "
                "column, or turn it into text"
            ) from None
    return json.dumps(written, allow_nan=False) + "\n"


def _default(value: Any) -> Any:
    """What the encoder does not know; it is asked again of what this returns."""
    if isinstance(value, Mapping):
        return dict(value)
    # Before times: pandas' NaT is one.
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (datetime.timedelta, decimal.Decimal, uuid.UUID)):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    # numpy's arrays and numbers.
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        found = value.tolist()
        if type(found) is not type(value):
            return found
    raise TypeError(f"one of type {type(value).__name__}")


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"a mapping with the key {quoted(key)}")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return _plain(_default(value))
