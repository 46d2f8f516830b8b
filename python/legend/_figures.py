"""What a job measured of its margins, beside its output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Literal

from ._problems import FormatError
from ._safetensors import PathLike
from ._text import quoted

#: The versions of each file's form that this package knows.
VERSIONS = {"trust": 3, "evaluation": 1, "rerank": 1}

#: More than any of these files has, whose tables grow with layers, not with rows.
BYTES_MAX = 256 << 20


def beside(output: PathLike, ending: str) -> Path:
    """The path of something that belongs to an output, with `ending` in place of its own."""
    path = Path(output)
    name = path.name
    for known in (".gz", ".jsonl", ".json"):
        if name.endswith(known):
            name = name[: -len(known)]
    return path.with_name(name + ending)


def read_report(path: PathLike, kind: Literal["trust", "evaluation", "rerank"] = "trust") -> Dict[str, Any]:
    """Reads what was measured, with the names that README's tables have (`label_agreement`, `warnings`, …).

    :param path: the file itself, or the output beside which it is: of `X.jsonl` that is `X.trust.json`.
    :param kind: `trust` (how far to trust the margins), `evaluation` (what `legend-coordinator evaluate` found) or
        `rerank`.
    :raises FormatError: where the file is none, or of another version.
    """
    if kind not in VERSIONS:
        raise ValueError(f"kind: expected one of {', '.join(VERSIONS)}, found {quoted(kind)}")
    ending = f".{kind}.json"
    path = Path(path)
    if not path.name.endswith(ending):
        path = beside(path, ending)
    with open(path, "rb") as file:
        raw = file.read(BYTES_MAX + 1)
    if len(raw) > BYTES_MAX:
        raise FormatError(f"{path}: expected at most {BYTES_MAX} bytes, found more")
    try:
        figures = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: expected figures in JSON, found something else ({error})") from None
    version = figures.get("version") if isinstance(figures, dict) else None
    if type(version) is not int:
        raise FormatError(f"{path}: expected figures of {kind} with their version, found none")
    if version != VERSIONS[kind]:
        raise FormatError(
            f"{path}: expected version {VERSIONS[kind]} of the figures of {kind}, found {version}: another version of "
            "legend-coordinator wrote them"
        )
    read: Dict[str, Any] = figures
    return read
