"""What came of each row of a job, joined with the rows that went into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from ._margins import COLUMNS, annotated_rows, json_lines
from ._problems import ErrorRow, JobError
from ._text import quoted

Number = Union[float, int, bool]
PREFIX = "original_"


@dataclass(frozen=True)
class Change:
    """What a row has in a column in place of its own value: that of another column of it, or a value."""

    column: str
    taken_from: Optional[str]
    value: Any


@dataclass
class Outcome:
    """What becomes of the rows. Numbers of rows are those of the input, from 0."""

    #: How many rows there were.
    rows: int = 0
    #: Those that are in the result, ascending.
    kept: List[int] = field(default_factory=list)
    #: The columns that are added: one value for each row that is kept, None where it has no margin.
    added: Dict[str, List[Optional[Number]]] = field(default_factory=dict)
    #: Columns of the input that have the names of added ones: the new name, or None where the column goes.
    renamed: Dict[str, Optional[str]] = field(default_factory=dict)
    #: Rows whose responses changed places (`margin.negative: flip`).
    changes: Dict[int, List[Change]] = field(default_factory=dict)

    @property
    def keeps_all(self) -> bool:
        return len(self.kept) == self.rows

    def part(self, rows: range) -> "Outcome":
        """The same of some neighbours among the rows, which then count from 0."""
        places = [place for place, row in enumerate(self.kept) if row in rows]
        first, last = (places[0], places[-1] + 1) if places else (0, 0)
        return Outcome(
            rows=len(rows),
            kept=[row - rows.start for row in self.kept[first:last]],
            added={column: values[first:last] for column, values in self.added.items()},
            renamed=self.renamed,
            changes={row - rows.start: changes for row, changes in self.changes.items() if row in rows},
        )


def joined(written: Path, output: Path, errors: Sequence[ErrorRow], keeps_failed: bool) -> Outcome:
    """Reads a job's output beside its input. Every row must be where it was, with the columns that it had.

    :raises JobError: where they do not fit together, which only another program can have done.
    """
    outcome = Outcome()
    failed = {row.row: row for row in errors}
    annotated = annotated_rows(output)
    for index, (_, row) in enumerate(json_lines(written)):
        outcome.rows += 1
        error = failed.pop(index, None)
        if error is not None:
            # Who asked for rows to be dropped does not get them.
            if keeps_failed and not error.is_dropped:
                outcome.kept.append(index)
                for values in outcome.added.values():
                    values.append(None)
            continue
        found = next(annotated, None)
        if found is None:
            raise JobError(f"{output}: expected row {index} of the input, found the end of the file", 0)
        if "source_row" in found and "source_row" not in row:
            raise JobError(
                f"{output}: expected two responses in each row, found several, of which pairs were made: the output "
                "has a row for each pair, and no table is like it. Annotate a path in place of a table to have "
                "that file",
                0,
            )
        if not outcome.added:
            _begin(outcome, found)
        _note_existing(outcome, row, found)
        outcome.kept.append(index)
        is_flipped = found.get("margin_flipped") is True
        for column, values in outcome.added.items():
            values.append(found.pop(column))
        changes = _changes(_renamed(row, outcome.renamed), found, is_flipped, f"{output}: row {index}")
        if changes:
            outcome.changes[index] = changes
    if failed or next(annotated, None) is not None:
        raise JobError(f"{output}: expected the {outcome.rows} rows of {written}, found more", 0)
    return outcome


def _begin(outcome: Outcome, found: Dict[str, Any]) -> None:
    """Takes from the first annotated row which columns are added."""
    for column in COLUMNS:
        if column in found:
            outcome.added[column] = [None] * len(outcome.kept)


def _note_existing(outcome: Outcome, row: Dict[str, Any], found: Dict[str, Any]) -> None:
    """Takes from an annotated row what became of columns that have the names of added ones."""
    for column in COLUMNS:
        if column in row and column not in outcome.renamed:
            names = [PREFIX * count + column for count in range(1, len(row) + 2)]
            outcome.renamed[column] = next((name for name in names if name in found and name not in row), None)


def _renamed(row: Dict[str, Any], names: Dict[str, Optional[str]]) -> Dict[str, Any]:
    if not names:
        return row
    renamed: Dict[str, Any] = {}
    for column, value in row.items():
        name = names.get(column, column)
        if name is not None:
            renamed[name] = value
    return renamed


def _changes(row: Dict[str, Any], found: Dict[str, Any], is_flipped: bool, where: str) -> List[Change]:
    """What a row has in place of its own values: two columns that changed places, or a label that is the other one."""
    if row == found:
        return []
    if row.keys() != found.keys():
        raise JobError(f"{where}: expected the columns {list(row)}, found {list(found)}", 0)
    changed = [column for column in row if row[column] != found[column]]
    if is_flipped and len(changed) == 2:
        first, second = changed
        if found[first] == row[second] and found[second] == row[first]:
            return [Change(first, second, None), Change(second, first, None)]
    if is_flipped and len(changed) == 1:
        return [Change(changed[0], None, found[changed[0]])]
    raise JobError(f"{where}: expected what the input has in {', '.join(map(quoted, changed))}, found other values", 0)


def columns_of(outcome: Outcome, existing: Sequence[str]) -> Tuple[List[str], List[str]]:
    """The columns of the result in their order: those of the input under their new names, and those that are added."""
    kept = [outcome.renamed.get(column, column) for column in existing]
    return [column for column in kept if column is not None], list(outcome.added)
