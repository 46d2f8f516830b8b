"""What all engines embed: JSON Lines of texts or of token ids, in the form that `legend-worker bench --texts` reads."""
import json
import sys
from pathlib import Path
from typing import Any, NoReturn


def fail(message: str) -> NoReturn:
    """Ends the program with what, where, expected and found."""
    sys.exit(f"error: {message}")


def read_lines(path: Path, limit: int | None = None) -> list[dict[str, Any]]:
    """The first `limit` rows of a JSON Lines file."""
    rows: list[dict[str, Any]] = []
    try:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if len(rows) == limit:
                    break
                if not line.strip():
                    continue
                row = json.loads(line)
                if not isinstance(row, dict):
                    fail(f"{path}:{number}: expected a JSON object, found {type(row).__name__}")
                rows.append(row)
    except OSError as error:
        fail(f"{path}: cannot be read: {error.strerror}")
    except ValueError as error:
        fail(f"{path}:{number}: expected a JSON object in UTF-8, found: {error}")
    if not rows:
        fail(f"{path}: expected at least one line, found none")
    return rows


def read_token_lines(path: Path, limit: int | None = None) -> list[list[list[int]]]:
    """Each line's texts as token ids."""
    lines = []
    for number, row in enumerate(read_lines(path, limit), 1):
        texts = row.get("tokens")
        if not (isinstance(texts, list) and texts and all(isinstance(text, list) and text for text in texts)):
            fail(f'{path}:{number}: expected "tokens", ids of at least one text and of none that is empty, '
                 f"found {str(row)[:80]}")
        lines.append(texts)
    return lines


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
