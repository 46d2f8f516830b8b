"""The hidden states that a job kept (`embedding.keep_embeddings`), memory-mapped."""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from ._problems import FormatError
from ._safetensors import PathLike, TensorFile
from ._text import counted, quoted

FORMATS = ("legend-embeddings-1", "legend-embeddings-2")

#: A layer, counted from the front (0 the embeddings, `l` after block `l`), and a pooling: `last`, `mean` or
#: `mean-response`.
Place = Tuple[int, str]


class EmbeddingShard:
    """One file of kept states.

    `rows` are the rows' numbers in the input, from 0: `[rows]`. `responses` are the responses' names, such as
    `("chosen", "rejected")`; None where each row may have another number of them, which is then in `counts`.
    """

    def __init__(self, path: PathLike) -> None:
        self._file = TensorFile(path)
        self.path = self._file.path
        self.metadata = self._file.metadata
        form = self.metadata.get("format")
        if form not in FORMATS:
            raise FormatError(
                f"{self.path}: expected embeddings that legend-coordinator kept (format {' or '.join(FORMATS)}), found "
                + (f"format {quoted(form)}" if form is not None else "no format")
            )
        self.step = self._text("step")
        names = self.metadata.get("responses")
        self.responses: Optional[Tuple[str, ...]] = None if names is None else tuple(names.split(", "))
        self.index, self.count = self._number("shard"), self._number("shards")
        self.places = self._places(form)
        self.rows = self._array("rows", "I64", (None,))
        self.counts: Optional["np.ndarray[Any, Any]"] = None
        if self.responses is None:
            self.counts = self._array("responses", "I64", (len(self.rows),))
        texts = (None,) if self.responses is None else (len(self.rows), len(self.responses))
        self._vectors: Dict[Place, "np.ndarray[Any, Any]"] = {}
        self._scales: Dict[Place, "np.ndarray[Any, Any]"] = {}
        # One place of rows whose responses have names has the room of a grid of layers and tokens.
        grid = (1, 1) if form == FORMATS[0] else ()
        for place in self.places:
            vectors = self._array(self._name("vectors", place), "F16", (*texts, *grid, None))
            scales = self._array(self._name("scale", place), "F32", vectors.shape[:-1])
            flat = vectors.shape[: len(texts)]
            self._vectors[place] = vectors.reshape(*flat, vectors.shape[-1])
            self._scales[place] = scales.reshape(flat)
            self._array(self._name("crc32", place), "I64", (len(self.rows),))
        if self.counts is not None:
            expected = int(self.counts.sum()) if (self.counts >= 0).all() else -1
            for place, vectors in self._vectors.items():
                if len(vectors) != expected:
                    raise FormatError(
                        f"{self.path}: expected {expected} texts at {place[0]}/{place[1]}, as its rows say, found "
                        f"{len(vectors)}"
                    )

    @property
    def hidden_size(self) -> int:
        return int(self._vectors[self.places[0]].shape[-1])

    def vectors(self, layer: int, token: str) -> "np.ndarray[Any, Any]":
        """float16 `[rows, responses, hidden]` (without names `[texts, hidden]`): a view of the file. The state is this
        times `scale`."""
        return self._vectors[self.place(layer, token)]

    def scale(self, layer: int, token: str) -> "np.ndarray[Any, Any]":
        """float32 `[rows, responses]` (without names `[texts]`): powers of two, NaN where the state is not finite."""
        return self._scales[self.place(layer, token)]

    def states(self, layer: int, token: str) -> "np.ndarray[Any, Any]":
        """float32, of the shape of `vectors`; NaN where a state is not finite."""
        states: "np.ndarray[Any, Any]" = self.vectors(layer, token).astype(np.float32)
        states *= self.scale(layer, token)[..., None]
        return states

    def check(self) -> None:
        """Reads all vectors, and compares their checksums. Raises FormatError for the first row that is damaged."""
        for place in self.places:
            vectors, sums = self._vectors[place], self._file.array(self._name("crc32", place))
            ends = np.arange(1, len(self.rows) + 1) if self.counts is None else np.cumsum(self.counts)
            start = 0
            for row, end, expected in zip(self.rows, ends, sums):
                if zlib.crc32(np.ascontiguousarray(vectors[start:end]).tobytes()) != int(expected):
                    raise FormatError(
                        f"{self.path} is damaged: the vectors of row {int(row)} at {place[0]}/{place[1]} have another "
                        "checksum"
                    )
                start = int(end)

    def place(self, layer: int, token: str) -> Place:
        """Raises KeyError where the states there were not kept."""
        if (layer, token) not in self._vectors:
            kept = ", ".join(f"{layer}/{token}" for layer, token in self.places)
            raise KeyError(f"{self.path}: no states of layer {layer}, {token} were kept; these were: {kept}")
        return layer, token

    def _places(self, form: str) -> List[Place]:
        if form == FORMATS[0]:
            match = re.fullmatch(r"\[([0-9]{1,9})\]", self._text("layers"))
            places = [f"{match[1]}/{self._text('tokens')}"] if match else []
            found = f"{self.metadata['layers']} and {self.metadata.get('tokens')}"
        else:
            found = self._text("readouts")
            places = found.split(", ")
        parts = [re.fullmatch(r"([0-9]{1,9})/([a-z-]+)", place) for place in places]
        read = [(int(part[1]), part[2]) for part in parts if part]
        if not read or len(read) < len(places) or len(set(read)) < len(read):
            raise FormatError(f"{self.path}: expected the layers and tokens that were kept, found {quoted(found)}")
        return read

    def _name(self, part: str, place: Place) -> str:
        return part if len(self.places) == 1 else f"{part}/{place[0]}/{place[1]}"

    def _text(self, key: str) -> str:
        if key not in self.metadata:
            raise FormatError(f"{self.path}: expected {key} in the metadata, found none")
        return self.metadata[key]

    def _number(self, key: str) -> int:
        text = self._text(key)
        if not re.fullmatch("[0-9]{1,9}", text):
            raise FormatError(f"{self.path}: {key} in the metadata: expected a number, found {quoted(text)}")
        return int(text)

    def _array(self, name: str, dtype: str, shape: Tuple[Optional[int], ...]) -> "np.ndarray[Any, Any]":
        entry = self._file.entry(name)
        fits = len(entry.shape) == len(shape) and all(want in (None, is_) for want, is_ in zip(shape, entry.shape))
        if entry.dtype != dtype or not fits:
            wanted = ", ".join("any" if size is None else str(size) for size in shape)
            raise FormatError(
                f"{self.path}: tensor {quoted(name)}: expected {dtype} [{wanted}], found {entry.dtype} "
                f"{list(entry.shape)}"
            )
        return self._file.array(name)


class Embeddings:
    """All kept states of a job's step: its shards, and these together in the order of the input."""

    def __init__(self, shards: List[EmbeddingShard]) -> None:
        first = shards[0]
        self.shards = shards
        self.step = first.step
        self.responses = first.responses
        self.places = first.places
        self.metadata = {key: value for key, value in first.metadata.items() if key not in ("shard", "about")}
        rows = np.concatenate([shard.rows for shard in shards])
        self._order = np.argsort(rows, kind="stable")
        #: The rows' numbers in the input, ascending. Those of rows that could not be embedded are missing.
        self.rows: "np.ndarray[Any, Any]" = rows[self._order]
        twice = self.rows[1:][self.rows[1:] == self.rows[:-1]]
        if len(twice):
            raise FormatError(f"{first.path.parent}: expected each row once, found row {int(twice[0])} again")

    @property
    def hidden_size(self) -> int:
        return self.shards[0].hidden_size

    def states(self, layer: int, token: str) -> "np.ndarray[Any, Any]":
        """float32 `[rows, responses, hidden]`, a copy in the order of `rows`; NaN where a state is not finite.

        For more states than fit into memory take each of `shards` by itself.
        """
        if self.responses is None:
            raise ValueError(
                f"{self.shards[0].path}: each row of this step has a number of responses of its own: take states and "
                "counts of each of the shards"
            )
        states = np.empty((len(self.rows), len(self.responses), self.hidden_size), np.float32)
        places = np.empty_like(self._order)
        places[self._order] = np.arange(len(self._order))
        start = 0
        for shard in self.shards:
            states[places[start : start + len(shard.rows)]] = shard.states(layer, token)
            start += len(shard.rows)
        return states

    def check(self) -> None:
        """Reads all vectors, and compares their checksums. Raises FormatError for the first row that is damaged."""
        for shard in self.shards:
            shard.check()

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        places = ", ".join(f"{layer}/{token}" for layer, token in self.places)
        return f"<Embeddings of {counted(len(self), 'row')} at {places}>"


#: What must be the same in all shards of a step.
SHARED = (
    "format",
    "run",
    "modelSHA256",
    "precision",
    "readouts",
    "layers",
    "tokens",
    "responses",
    "shards",
    "inputSHA256",
)


def read_embeddings(path: PathLike, step: str = "rows") -> Embeddings:
    """Opens what a job with `embedding.keep_embeddings` kept. Nothing is read before it is looked at.

    :param path: the job's folder of embeddings (`X.embeddings` beside an output `X.jsonl`), or one file in it.
    :param step: `rows`, or `anchors`.
    :raises FormatError: where a file is missing, damaged or another job's.
    """
    path = Path(path)
    if not path.is_dir():
        return Embeddings([EmbeddingShard(path)])
    files = sorted(path.glob(f"{step}-[0-9]*.safetensors"), key=lambda file: (len(file.name), file.name))
    if not files:
        found = ", ".join(sorted(file.name for file in path.iterdir())[:8]) or "nothing"
        raise FormatError(f"{path}: expected {step}-00000.safetensors, found {found}")
    shards = [EmbeddingShard(file) for file in files]
    for index, shard in enumerate(shards):
        if (shard.step, shard.index) != (step, index):
            raise FormatError(
                f"{shard.path}: expected shard {index} of {step}, found shard {shard.index} of {shard.step}"
            )
        if shard.count != len(shards):
            raise FormatError(f"{path}: expected {counted(shard.count, 'shard')} of {step}, found {len(shards)}")
        for key in SHARED:
            if shard.metadata.get(key) != shards[0].metadata.get(key):
                raise FormatError(
                    f"{shard.path}: {key}: expected {quoted(shards[0].metadata.get(key))} as in the first shard, found "
                    + quoted(shard.metadata.get(key))
                )
        if shard.hidden_size != shards[0].hidden_size:
            raise FormatError(f"{shard.path}: expected states of {shards[0].hidden_size}, found {shard.hidden_size}")
    return Embeddings(shards)
