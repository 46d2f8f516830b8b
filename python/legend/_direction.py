"""Saved directions."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

import numpy as np

from ._problems import FormatError
from ._safetensors import PathLike, TensorFile
from ._text import quoted

FORMAT = "legend-direction-1"
FLOATING = ("F16", "BF16", "F32", "F64")
LAYERS_MAX = 1 << 20


@dataclass(frozen=True)
class Provenance:
    """How a direction was made."""

    model: str
    model_sha256: str
    tokenizer: str
    template: str
    compatibility: str
    #: 0 the embeddings, `l` after block `l`, `layer_count` after the final norm.
    layer: int
    layer_count: int
    #: `last`, `mean` or `mean-response`.
    token: str
    precision: str
    numeric_build: str
    #: Of the anchors; of several sources, all of theirs.
    anchors_sha256: str
    #: What it was fitted on: anchors, or labelled rows.
    anchor_pairs: int
    software: str
    #: None for the mean difference of a software that knew no other.
    estimator: Optional[str]
    #: None for a file of anchors, `own` for the rows' own labels; of several sources, their names.
    source: Optional[str]


@dataclass(frozen=True)
class HeldOut:
    """How many of the pairs are on the right side of a direction that never saw them, with the bounds of the share's
    95 % interval."""

    pairs: int
    groups: int
    right: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.right / self.pairs


@dataclass(frozen=True, eq=False)
class Category:
    """The direction of rows that have `value` in a column: their score is `scale * (states @ vector) + offset`."""

    value: str
    #: float32 `[hidden]`, of norm 1.
    vector: "np.ndarray[Any, Any]"
    scale: float
    offset: float


@dataclass(frozen=True, eq=False)
class Direction:
    """A direction in the model's hidden states at `provenance.layer`; a response's score is `states @ unit`."""

    #: float32 `[hidden]`, as it was fitted: of a mean difference it is not normalised.
    vector: "np.ndarray[Any, Any]"
    provenance: Provenance
    held_out: Optional[HeldOut]
    #: float32 `[errors, hidden]`; None where the standard errors of scores are not known.
    errors: Optional["np.ndarray[Any, Any]"]
    #: The column that has the categories; None where all rows are along the one direction.
    category_column: Optional[str]
    categories: Tuple[Category, ...]
    metadata: Dict[str, str]

    @property
    def unit(self) -> "np.ndarray[Any, Any]":
        """float32 `[hidden]`, of norm 1: what states are projected on."""
        exact = self.vector.astype(np.float64)
        unit: "np.ndarray[Any, Any]" = (exact / np.linalg.norm(exact)).astype(np.float32)
        return unit


def read_direction(path: PathLike) -> Direction:
    """Reads a direction that a job saved, `X.direction.safetensors` beside an output `X.jsonl`.

    :raises FormatError: where the file is none, or damaged.
    """
    file = TensorFile(path)
    found = file.metadata.get("format")
    if found != FORMAT:
        raise FormatError(
            f"{path}: expected a direction that legend-coordinator saved (format {FORMAT}), found "
            + ("no format" if found is None else f"format {quoted(found)}")
        )
    matrix = _numbers(file, "direction")
    if matrix.ndim != 2 or matrix.shape[0] != 1 or not matrix.any():
        raise FormatError(f"{path}: expected the direction to be [1, hidden] and not zero, found {list(matrix.shape)}")
    errors = _numbers(file, "errors") if "errors" in file else None
    if errors is not None and (errors.ndim != 2 or errors.shape[1] != matrix.shape[1]):
        raise FormatError(f"{path}: expected its errors to be [errors, {matrix.shape[1]}], found {list(errors.shape)}")
    column, categories = _categories(file, matrix.shape[1])
    return Direction(
        vector=matrix[0],
        provenance=_provenance(file),
        held_out=_held_out(file),
        errors=errors,
        category_column=column,
        categories=categories,
        metadata=file.metadata,
    )


def _numbers(file: TensorFile, name: str) -> "np.ndarray[Any, Any]":
    entry = file.entry(name)
    if entry.dtype not in FLOATING:
        raise FormatError(f"{file.path}: {name}: expected floating-point numbers, found {entry.dtype}")
    # float64 beyond float32 becomes infinite, and is found here; numpy need not warn as well.
    with np.errstate(over="ignore"):
        values = np.array(file.array(name), np.float32)
    if not np.isfinite(values).all():
        raise FormatError(f"{file.path}: {name}: expected finite numbers, found others")
    return values


def _provenance(file: TensorFile) -> Provenance:
    def text(key: str) -> str:
        if key not in file.metadata:
            raise FormatError(f"{file.path}: its provenance: expected {key}, found none")
        return file.metadata[key]

    def number(key: str) -> int:
        if not re.fullmatch("[0-9]{1,18}", text(key)):
            raise FormatError(f"{file.path}: its provenance: {key}: expected a number, found {quoted(text(key))}")
        return int(text(key))

    layer, layers = number("layer"), number("layerCount")
    if not layer <= layers <= LAYERS_MAX:
        raise FormatError(f"{file.path}: it is of layer {layer} of a model with {layers} layers")
    if not re.fullmatch("[0-9a-f]{64}", text("modelSHA256")):
        raise FormatError(
            f"{file.path}: expected modelSHA256 to be 64 lower-case hexadecimal digits, found "
            + quoted(text("modelSHA256"))
        )
    return Provenance(
        model=text("model"),
        model_sha256=text("modelSHA256"),
        tokenizer=text("tokenizer"),
        template=text("template"),
        compatibility=text("compatibility"),
        layer=layer,
        layer_count=layers,
        token=text("token"),
        precision=text("precision"),
        numeric_build=text("numericBuild"),
        anchors_sha256=text("anchorsSHA256"),
        anchor_pairs=number("anchorPairs"),
        software=text("software"),
        estimator=file.metadata.get("estimator"),
        source=file.metadata.get("source"),
    )


def _json(file: TensorFile, key: str) -> Any:
    try:
        return json.loads(file.metadata[key])
    except (KeyError, ValueError, RecursionError):
        return None


def _held_out(file: TensorFile) -> Optional[HeldOut]:
    if "heldOut" not in file.metadata:
        return None
    found = _json(file, "heldOut")
    if isinstance(found, dict):
        pairs, groups, right, low, high = (found.get(key) for key in ("pairs", "groups", "right", "low", "high"))
        if type(pairs) is int and type(groups) is int and type(right) is int:
            if isinstance(low, (int, float)) and isinstance(high, (int, float)):
                if 1 <= groups <= pairs and 0 <= right <= pairs and 0 <= low <= high <= 1:
                    return HeldOut(pairs, groups, right, float(low), float(high))
    raise FormatError(
        f"{file.path}: expected heldOut to be the counts of pairs that are held out, found "
        + quoted(file.metadata["heldOut"])
    )


def _categories(file: TensorFile, hidden: int) -> Tuple[Optional[str], Tuple[Category, ...]]:
    if "categories" not in file:
        return None, ()
    vectors = _numbers(file, "categories")
    column, names, units = (
        file.metadata.get("categoryColumn"),
        _json(file, "categoryNames"),
        _json(file, "categoryUnits"),
    )

    def is_unit(value: Any) -> bool:
        return (
            isinstance(value, list)
            and len(value) == 2
            and all(type(item) in (int, float) for item in value)
            and all(abs(item) < math.inf for item in value)
            and value[0] > 0
        )

    if (
        column is None
        or not isinstance(names, list)
        or not names
        or not all(isinstance(name, str) for name in names)
        or len(set(names)) < len(names)
        or not isinstance(units, list)
        or len(units) != len(names)
        or not all(map(is_unit, units))
        or vectors.shape != (len(names), hidden)
    ):
        raise FormatError(
            f"{file.path}: expected directions of categories [values, {hidden}] with the column, a name and a unit "
            f"for each, found numbers {list(vectors.shape)}"
        )
    return column, tuple(
        Category(name, vector, float(scale), float(offset))
        for name, vector, (scale, offset) in zip(names, vectors, units)
    )
