"""Safetensors files, read with numpy alone: https://github.com/huggingface/safetensors#format.

A file begins with the header's length (u64, little-endian) and the header (JSON); then come the tensors' bytes.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

import numpy as np

from ._problems import FormatError
from ._text import quoted

PathLike = Union[str, "os.PathLike[str]"]

#: A longer header is no header: the limit of the format's own library.
HEADER_BYTES_MAX = 100_000_000

#: The types of numbers that numpy has. BF16 is read as bits and becomes float32.
TYPES = {
    "BOOL": "?",
    "U8": "u1",
    "I8": "i1",
    "U16": "<u2",
    "I16": "<i2",
    "U32": "<u4",
    "I32": "<i4",
    "U64": "<u8",
    "I64": "<i8",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
    "BF16": "<u2",
}


@dataclass(frozen=True)
class Entry:
    """What a header says of a tensor: its type, its shape, and where its bytes begin in the file."""

    dtype: str
    shape: Tuple[int, ...]
    start: int


class TensorFile:
    """A safetensors file, whose tensors are views of a memory map: nothing is read before it is looked at."""

    path: Path
    metadata: Dict[str, str]

    def __init__(self, path: PathLike) -> None:
        """Raises FormatError for a file that is none, OSError for one that cannot be read."""
        self.path = Path(path)
        with open(self.path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            prefix = file.read(8)
            if len(prefix) < 8:
                raise self._error(f"expected at least 8 bytes, found {len(prefix)}")
            count = int.from_bytes(prefix, "little")
            if count > size - 8 or count > HEADER_BYTES_MAX:
                raise self._error(f"a header of {count} bytes does not fit into a file of {size}")
            raw = file.read(count)
        if len(raw) < count:
            raise self._error(f"expected a header of {count} bytes, found {len(raw)}")
        header = self._parsed(raw)
        self.metadata = self._metadata(header.pop("__metadata__", {}))
        self._entries = {name: self._entry(name, entry, 8 + count, size) for name, entry in header.items()}
        self._check_that_none_overlap()
        # An empty map cannot be made; there is nothing in it either.
        self._bytes = np.memmap(self.path, np.uint8, "r") if size > 0 else np.empty(0, np.uint8)
        if len(self._bytes) < size:
            raise self._error(f"expected {size} bytes, found {len(self._bytes)}: it has just been cut off")

    @property
    def names(self) -> List[str]:
        """The tensors' names, in the order of their bytes."""
        return sorted(self._entries, key=lambda name: (self._entries[name].start, name))

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def entry(self, name: str) -> Entry:
        """Raises FormatError where there is no such tensor."""
        if name not in self._entries:
            shown = ", ".join(quoted(known) for known in self.names[:10]) + (", …" if len(self._entries) > 10 else "")
            raise FormatError(f"{self.path}: expected a tensor {quoted(name)}, found {shown or 'none'}")
        return self._entries[name]

    def array(self, name: str) -> "np.ndarray[Any, Any]":
        """A tensor: a view of the file that cannot be written to, or of BF16 a copy in float32, which is exact."""
        entry = self.entry(name)
        dtype = np.dtype(TYPES[entry.dtype])
        end = entry.start + dtype.itemsize * _product(entry.shape)
        values = self._bytes[entry.start : end].view(np.ndarray).view(dtype).reshape(entry.shape)
        if entry.dtype == "BF16":
            return (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
        return values

    def _error(self, problem: str) -> FormatError:
        return FormatError(f"{self.path}: not a usable safetensors file: {problem}")

    def _parsed(self, raw: bytes) -> Dict[str, Any]:
        def unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
            found = dict(pairs)
            if len(found) < len(pairs):
                names = [name for name, _ in pairs]
                twice = next(name for name in names if names.count(name) > 1)
                raise self._error(f"expected each name once in the header, found {quoted(twice)} again")
            return found

        try:
            header = json.loads(raw.decode("utf-8"), object_pairs_hook=unique)
        except FormatError:
            raise
        # Of too many brackets within each other Python says RecursionError.
        except (ValueError, RecursionError) as error:
            raise self._error(f"expected a header in JSON, found something else ({error})") from None
        if not isinstance(header, dict):
            raise self._error("expected a JSON object for a header, found another value")
        return header

    def _metadata(self, found: Any) -> Dict[str, str]:
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise self._error("expected texts in __metadata__, found other values")
        return found

    def _entry(self, name: str, found: Any, data_start: int, size: int) -> Entry:
        def counts(key: str) -> Tuple[Optional[Tuple[int, ...]], Any]:
            value = found.get(key)
            is_right = isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)
            return (tuple(value) if is_right else None), value

        if not isinstance(found, dict):
            raise self._error(f"tensor {quoted(name)}: expected an object, found another value")
        dtype = found.get("dtype")
        if not isinstance(dtype, str) or dtype not in TYPES:
            raise self._error(f"tensor {quoted(name)}: expected one of {', '.join(TYPES)}, found {quoted(dtype)}")
        (shape, shown_shape), (offsets, shown_offsets) = counts("shape"), counts("data_offsets")
        # numpy has no arrays of more than 64 dimensions, and older ones none of more than 32.
        if shape is None or len(shape) > 32 or max(shape, default=0) >= 1 << 60 or _product(shape) >= 1 << 60:
            raise self._error(f"tensor {quoted(name)}: expected a shape, found {quoted(shown_shape)}")
        byte_count = np.dtype(TYPES[dtype]).itemsize * _product(shape)
        if (
            offsets is None
            or len(offsets) != 2
            or offsets[1] - offsets[0] != byte_count
            or data_start + offsets[1] > size
        ):
            raise self._error(
                f"tensor {quoted(name)} of shape {list(shape)}: expected {byte_count} bytes within the file's "
                f"{size - data_start} of data, found the offsets {quoted(shown_offsets)}"
            )
        return Entry(dtype, shape, data_start + offsets[0])

    def _check_that_none_overlap(self) -> None:
        end, last = 0, ""
        for name in self.names:
            entry = self._entries[name]
            count = np.dtype(TYPES[entry.dtype]).itemsize * _product(entry.shape)
            if count == 0:
                continue
            if entry.start < end:
                raise self._error(f"tensors {quoted(last)} and {quoted(name)} have bytes in common")
            end, last = entry.start + count, name


def _product(shape: Tuple[int, ...]) -> int:
    # Of Python's numbers, which do not overflow.
    product = 1
    for dimension in shape:
        product *= dimension
    return product
