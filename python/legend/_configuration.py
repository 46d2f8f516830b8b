"""A job's configuration: cluster.yaml, made from what Python was given."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple, Union

from ._text import quoted

#: The keys that are paths: those that are relative start from the working directory, as everywhere in Python. The
#: coordinator would have them start from the configuration's folder.
PATH_KEYS = {
    "job": ("input", "output", "errors", "direction", "direction_output", "state", "embeddings", "anchors"),
    "model": ("path",),
    "cluster": ("secret_key", "allowed_keys"),
}

#: What is a word, not a path.
OWN_LABELS = "own"


def literal(path: Union[str, "os.PathLike[str]"]) -> str:
    """A path as the configuration has one that is meant as it is: absolute, and a dollar sign is no variable."""
    return os.path.abspath(path).replace("$", "$$")


Configuration = Dict[str, Any]


def configuration(
    model: Any, options: Optional[Mapping[str, Any]], sections: Mapping[str, Any], own: Mapping[str, Tuple[str, ...]]
) -> Configuration:
    """The sections of cluster.yaml. What they may be the coordinator says, not this.

    :param model: the model's path, or the section.
    :param options: sections, or keys such as `embedding.layer`.
    :param sections: the same as keyword arguments.
    :param own: keys that are not to be given, because they are set here.
    :raises ValueError: for a key that is given twice, or is in `own`.
    """
    whole: Configuration = {}
    if model is not None:
        _add(whole, "model", model if isinstance(model, Mapping) else {"path": model})
    for name, value in [*(options or {}).items(), *sections.items()]:
        if not isinstance(name, str):
            raise ValueError(f"expected names of sections and keys, found {quoted(name)}")
        _add(whole, name, value)
    for section, keys in own.items():
        for key in keys:
            if isinstance(whole.get(section), dict) and key in whole[section]:
                raise ValueError(
                    f"{section}.{key} is set by legend.annotate itself, found {quoted(whole[section][key])}"
                )
    return whole


def completed(
    whole: Configuration, own: Mapping[str, Mapping[str, Any]], defaults: Mapping[str, Mapping[str, Any]]
) -> Configuration:
    """With what is set here, and with defaults where nothing else was given."""
    result = {section: dict(keys) if isinstance(keys, dict) else keys for section, keys in whole.items()}
    for added in (own, defaults):
        for section, keys in added.items():
            found = result.setdefault(section, {})
            if isinstance(found, dict):
                for key, value in keys.items():
                    found.setdefault(key, value)
    return result


def _add(whole: Dict[str, Any], name: str, value: Any) -> None:
    section, _, key = name.partition(".")
    # One level: cluster.yaml's sections have values, some of which are mappings.
    items = {key: value} if key else value
    if not isinstance(items, Mapping):
        if section in whole:
            raise ValueError(f"{section}: expected it once, found {quoted(value)} as well")
        whole[section] = _plain(items)
        return
    found = whole.setdefault(section, {})
    if not isinstance(found, dict):
        raise ValueError(f"{section}: expected it once, found {quoted(dict(items))} as well")
    for item, plain in items.items():
        if item in found:
            raise ValueError(f"{section}.{item}: expected it once, found {quoted(found[item])} and {quoted(plain)}")
        is_path = item in PATH_KEYS.get(section, ())
        found[item] = _absolute(plain) if is_path else _plain(plain)


def _absolute(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_absolute(item) for item in value]
    if isinstance(value, os.PathLike):
        return literal(os.fspath(value))
    # $NAME and ~ are the coordinator's to expand; a path that begins with neither begins here.
    if not isinstance(value, str) or value in ("", OWN_LABELS) or value[0] in "/~$":
        return value
    return os.path.join(literal("."), value)


def _plain(value: Any) -> Any:
    """What JSON has of a value."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    # numpy's numbers.
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        return value.item()
    return value


def as_yaml(whole: Mapping[str, Any]) -> str:
    """JSON that YAML reads alike: characters beyond ASCII by number, since YAML takes some of them for line breaks."""

    def number(match: "re.Match[str]") -> str:
        code = ord(match[0])
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"

    try:
        text = json.dumps(whole, ensure_ascii=False, allow_nan=False, indent=2)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the options cannot be written as YAML: {error}") from None
    return re.sub(r"[^\x20-\x7e\n]", number, text) + "\n"


def write(whole: Mapping[str, Any], path: Path) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(as_yaml(whole))
