"""How what was found is shown in errors."""

from __future__ import annotations

SHOWN_MAX = 80


def quoted(value: object) -> str:
    """Some of a foreign text, in quotes, on one line."""
    text = value if isinstance(value, str) else repr(value)
    shown = text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"
    return '"' + "".join(c if c.isprintable() else "\\x%02x" % ord(c) for c in shown) + '"'


def counted(number: int, what: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
