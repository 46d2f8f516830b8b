"""Annotated files, and the rows beside them that have no margin."""

from __future__ import annotations

import gzip
import importlib
import json
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Literal, Tuple, Union, overload

if TYPE_CHECKING:
    import pandas

from ._problems import ErrorRow, FormatError, LegendError
from ._safetensors import PathLike
from ._text import quoted

#: The columns that an output can add to a row, in their order. `margin` and the scores are in every row.
COLUMNS = (
    "margin",
    "margin_raw",
    "margin_se",
    "p_safer",
    "margin_bin",
    "margin_negative",
    "margin_flipped",
    "margin_truncated",
    "score_chosen",
    "score_rejected",
)
#: Those that are true or false.
FLAGS = ("margin_negative", "margin_flipped", "margin_truncated")
ALWAYS = ("margin", "score_chosen", "score_rejected")

#: A line that is longer is none of the coordinator's, whose rows have at most 128 MiB.
LINE_BYTES_MAX = 256 << 20

FLOAT_MAX = sys.float_info.max


def json_lines(path: PathLike) -> Iterator[Tuple[int, Dict[str, Any]]]:
    """The objects of a JSON Lines file, which may be compressed (`.gz`), with their lines' numbers from 1."""
    path = Path(path)
    opened = gzip.open(path, "rb") if path.name.endswith(".gz") else open(path, "rb")
    with opened as file:
        number = 0
        while True:
            number += 1
            try:
                line = file.readline(LINE_BYTES_MAX + 1)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise FormatError(f"{path}:{number}: expected gzip data, found them damaged ({error})") from None
            if not line:
                return
            if len(line) > LINE_BYTES_MAX:
                raise FormatError(
                    f"{path}:{number}: expected a line of at most {LINE_BYTES_MAX} bytes, found a longer one"
                )
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode("utf-8"))
            except (ValueError, RecursionError) as error:
                raise FormatError(f"{path}:{number}: expected a JSON object, found something else ({error})") from None
            if not isinstance(row, dict):
                raise FormatError(f"{path}:{number}: expected a JSON object, found {quoted(row)}")
            yield number, row


def annotated_rows(path: PathLike) -> Iterator[Dict[str, Any]]:
    """The rows of an annotated file; the numbers that were added are finite, and the same columns in all rows."""
    columns: Tuple[str, ...] = ()
    for number, row in json_lines(path):
        found = tuple(column for column in COLUMNS if column in row)
        if not columns:
            missing = [column for column in ALWAYS if column not in row]
            if missing:
                raise FormatError(
                    f"{path}:{number}: expected an annotated row, with {', '.join(map(quoted, missing))}; "
                    "found the columns " + ", ".join(map(quoted, row))
                )
            columns = found
        elif found != columns:
            raise FormatError(
                f"{path}:{number}: expected the added columns of the rows before it ({', '.join(columns)}), found "
                + (", ".join(found) or "none")
            )
        for column in columns:
            value, expected = row[column], "a finite number"
            if column in FLAGS:
                is_right, expected = isinstance(value, bool), "true or false"
            elif column == "margin_bin":
                is_right, expected = type(value) is int, "a whole number"
            else:
                # A whole number may be larger than any float.
                is_right = type(value) in (int, float) and abs(value) <= FLOAT_MAX
                row[column] = float(value) if is_right else value
            if not is_right:
                raise FormatError(f"{path}:{number}: {quoted(column)}: expected {expected}, found {quoted(value)}")
        yield row


@overload
def read_margins(path: PathLike) -> List[Dict[str, Any]]: ...
@overload
def read_margins(path: PathLike, *, to: Literal["rows"]) -> List[Dict[str, Any]]: ...
@overload
def read_margins(path: PathLike, *, to: Literal["pandas"]) -> "pandas.DataFrame": ...


def read_margins(path: PathLike, *, to: str = "rows") -> Union[List[Dict[str, Any]], "pandas.DataFrame"]:
    """Reads a job's output: the rows and columns of its input, and the margins.

    :param path: a file of `legend-coordinator run` or `project`: JSON Lines, also compressed (`.gz`).
    :param to: `rows`, a list of dictionaries, or `pandas`, a DataFrame.
    :raises FormatError: where a line is no annotated row; it names the line.
    """
    if to not in ("rows", "pandas"):
        raise ValueError(f'to: expected "rows" or "pandas", found {quoted(to)}')
    rows = list(annotated_rows(path))
    return optional("pandas").DataFrame(rows) if to == "pandas" else rows


def read_errors(path: PathLike) -> List[ErrorRow]:
    """Reads the file of the rows that have no margin, `X.errors.jsonl` of an output `X.jsonl`."""
    rows = []
    for number, row in json_lines(path):
        expected = {"row": int, "line": int, "error": str, "raw": str, "raw_encoding": str}
        for column, kind in expected.items():
            if type(row.get(column)) is not kind:
                raise FormatError(
                    f"{path}:{number}: {quoted(column)}: expected {'a text' if kind is str else 'a whole number'}, "
                    "found " + (quoted(row[column]) if column in row else "none")
                )
        rows.append(ErrorRow(**{column: row[column] for column in expected}))
    return rows


def optional(name: str) -> Any:
    """A library that not everybody needs."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise LegendError(
            f"this needs {name}, which cannot be imported ({error}): pip install 'legend-margins[{name}]'"
        ) from error
