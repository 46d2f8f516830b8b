"""What can be wrong: every error says what, where, expected and found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Sequence

#: How the reason of a row ends that has a margin and is not wanted in the output.
DROP_ENDING = "(margin.negative: drop)"
#: And of rows with several responses that make no pair.
UNPAIRED_ENDING = "(no pair)"


class LegendError(Exception):
    """All errors of this package."""


class FormatError(LegendError, ValueError):
    """A file that is not what it should be."""


class ProgramError(LegendError):
    """legend-coordinator or legend-worker is not found, or cannot be started."""


class JobError(LegendError):
    """A job that ended without a result.

    `status` is the coordinator's exit status (2: the configuration or a file that it names must be changed), or minus
    the number of the signal that killed it.
    """

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class ErrorRow:
    """A row without a margin: `row` counts from 0, `line` from 1; `raw` is the row as the input has it."""

    row: int
    line: int
    error: str
    raw: str
    raw_encoding: str

    @property
    def is_dropped(self) -> bool:
        """Whether it has a margin, below zero, and is not in the output for that (`margin.negative: drop`)."""
        return self.error.endswith(DROP_ENDING)

    @property
    def is_unpaired(self) -> bool:
        """Whether it has several responses and no two of which one is better, so that there is nothing to compare."""
        return self.error.endswith(UNPAIRED_ENDING)

    @property
    def has_failed(self) -> bool:
        """Whether it should have a margin and has none."""
        return not (self.is_dropped or self.is_unpaired)


class RowErrors(LegendError):
    """Rows that have no margin, where `errors="raise"` asks for this; `rows` has all of them."""

    def __init__(self, message: str, rows: Sequence[ErrorRow] = ()) -> None:
        super().__init__(message)
        self.rows: List[ErrorRow] = list(rows)


class LegendWarning(UserWarning):
    """What a job says of its margins that a person must know, and rows without one."""
