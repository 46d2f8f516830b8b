"""The kinds of tables that can be annotated, each with what it takes to write its rows and to make its like."""

from __future__ import annotations

import sys
from typing import IO, Any, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

from . import _json
from ._margins import FLAGS
from ._outcome import Outcome, columns_of
from ._text import quoted

#: Rows that are written at a time.
CHUNK = 1000


class Table:
    """Rows of the caller's, which stay as they are."""

    def rows(self) -> Iterator[Mapping[str, Any]]:
        raise NotImplementedError

    def annotated(self, outcome: Outcome) -> Any:
        """Another table of the same kind, with the rows and columns that came of these."""
        raise NotImplementedError

    def write(self, file: IO[str]) -> int:
        """Writes the rows as JSON Lines; how many they are."""
        count = 0
        for row in self.rows():
            file.write(_json.line(row, count))
            count += 1
        return count


def table(rows: Any) -> Table:
    """:raises TypeError: for what is no table."""
    if isinstance(rows, list):
        return Dictionaries(rows)
    pandas, datasets = sys.modules.get("pandas"), sys.modules.get("datasets")
    if pandas is not None and isinstance(rows, pandas.DataFrame):
        return Frame(rows)
    if datasets is not None:
        if isinstance(rows, datasets.Dataset):
            return HubDataset(rows)
        if isinstance(rows, datasets.DatasetDict):
            return HubDatasetDict(rows)
    hint = "; load it without streaming" if type(rows).__name__.startswith("Iterable") else ""
    raise TypeError(
        "expected a path, a list of dictionaries, a pandas.DataFrame, a datasets.Dataset or a datasets.DatasetDict, "
        "found "
        f"{type(rows).__module__}.{type(rows).__qualname__}{hint}"
    )


class Dictionaries(Table):
    def __init__(self, rows: List[Any]) -> None:
        for index, row in enumerate(rows):
            if not isinstance(row, Mapping):
                raise TypeError(f"row {index}: expected a dictionary, found {type(row).__name__}")
        self._rows = rows

    def rows(self) -> Iterator[Mapping[str, Any]]:
        return iter(self._rows)

    def annotated(self, outcome: Outcome) -> Any:
        result = []
        for place, index in enumerate(outcome.kept):
            row = dict(self._rows[index])
            originals = dict(row)
            for change in outcome.changes.get(index, ()):
                row[change.column] = change.value if change.taken_from is None else originals[change.taken_from]
            names = {column: outcome.renamed.get(column, column) for column in row}
            made = {name: row[column] for column, name in names.items() if name is not None}
            made.update((column, values[place]) for column, values in outcome.added.items())
            result.append(made)
        return result


class Frame(Table):
    """A pandas.DataFrame: its index stays."""

    def __init__(self, frame: Any) -> None:
        twice = frame.columns[frame.columns.duplicated()]
        if len(twice):
            raise ValueError(f"expected each column once, found {quoted(twice[0])} again")
        self._frame = frame

    def rows(self) -> Iterator[Mapping[str, Any]]:
        for start in range(0, len(self._frame), CHUNK):
            yield from self._frame.iloc[start : start + CHUNK].to_dict("records")

    def annotated(self, outcome: Outcome) -> Any:
        pandas = sys.modules["pandas"]
        frame = self._frame.copy()
        for column, values in changed_columns(outcome, lambda name: list(self._frame[name])).items():
            frame[column] = pandas.Series(values, index=frame.index, dtype=self._frame[column].dtype)
        if not outcome.keeps_all:
            frame = frame.iloc[outcome.kept].copy()
        frame = frame.drop(columns=[column for column, name in outcome.renamed.items() if name is None])
        frame = frame.rename(columns={column: name for column, name in outcome.renamed.items() if name is not None})
        for column, added in outcome.added.items():
            kind, nullable, _ = TYPES[column_type(column)]
            if kind == "float64":
                frame[column] = pandas.array([float("nan") if value is None else value for value in added], dtype=kind)
                frame[column] = frame[column].astype(kind)
            else:
                frame[column] = pandas.array(added, dtype=nullable if None in added else kind)
        return frame


class HubDataset(Table):
    """A datasets.Dataset: features, format, split and description stay."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    def rows(self) -> Iterator[Mapping[str, Any]]:
        # As Arrow has them: nothing is decoded, and no format is in the way.
        view = self._dataset.with_format("arrow")
        for start in range(0, len(self._dataset), CHUNK):
            yield from view[start : min(start + CHUNK, len(self._dataset))].to_pylist()

    def annotated(self, outcome: Outcome) -> Any:
        datasets = sys.modules["datasets"]
        dataset = self._dataset.with_format(None)

        def values_of(column: str) -> List[Any]:
            found: List[Any] = self._dataset.with_format("arrow")[:][column].to_pylist()
            return found

        for column, values in changed_columns(outcome, values_of).items():
            features = datasets.Features({column: self._dataset.features[column]})
            other = datasets.Dataset.from_dict({column: values}, features=features)
            dataset = beside(datasets, dataset.remove_columns(column), other)
        dataset = dataset.select_columns(self._dataset.column_names)
        if not outcome.keeps_all:
            dataset = dataset.select(outcome.kept)
        gone = [column for column, name in outcome.renamed.items() if name is None]
        dataset = dataset.remove_columns(gone) if gone else dataset
        names = {column: name for column, name in outcome.renamed.items() if name is not None}
        dataset = dataset.rename_columns(names) if names else dataset
        features = datasets.Features(
            {column: datasets.Value(TYPES[column_type(column)][2]) for column in outcome.added}
        )
        added = datasets.Dataset.from_dict(dict(outcome.added), features=features)
        kept, new = columns_of(outcome, self._dataset.column_names)
        result = beside(datasets, dataset, added).select_columns([*kept, *new])
        return self._formatted(result, outcome, new)

    def _formatted(self, result: Any, outcome: Outcome, new: List[str]) -> Any:
        form = self._dataset.format
        if form["type"] is None and form["columns"] == self._dataset.column_names:
            return result
        shown, _ = columns_of(outcome, form["columns"])
        return result.with_format(
            form["type"], columns=[*shown, *new], output_all_columns=form["output_all_columns"], **form["format_kwargs"]
        )


class HubDatasetDict(Table):
    """A datasets.DatasetDict: all splits are one job, so that their margins are along one direction and in one unit."""

    def __init__(self, splits: Any) -> None:
        self._splits = splits
        known: Optional[Tuple[str, Any]] = None
        for name, split in splits.items():
            known = known or (name, split.column_names)
            if sorted(split.column_names) != sorted(known[1]):
                raise ValueError(
                    f"expected the same columns in all splits, found {known[1]} in {quoted(known[0])} and "
                    f"{split.column_names} in {quoted(name)}: annotate each by itself"
                )

    def rows(self) -> Iterator[Mapping[str, Any]]:
        for split in self._splits.values():
            yield from HubDataset(split).rows()

    def annotated(self, outcome: Outcome) -> Any:
        result, start = {}, 0
        for name, split in self._splits.items():
            result[name] = HubDataset(split).annotated(outcome.part(range(start, start + len(split))))
            start += len(split)
        return sys.modules["datasets"].DatasetDict(result)


#: What numpy, pandas where values are missing, and Arrow call the types of added columns.
TYPES = {
    float: ("float64", "Float64", "float64"),
    int: ("int64", "Int64", "int64"),
    bool: ("bool", "boolean", "bool"),
}


def column_type(column: str) -> type:
    if column == "margin_bin":
        return int
    return bool if column in FLAGS else float


def changed_columns(outcome: Outcome, values_of: Any) -> Dict[str, List[Any]]:
    """The columns in which rows have other values than they had, as a whole."""
    columns: Iterable[str] = dict.fromkeys(change.column for changes in outcome.changes.values() for change in changes)
    originals = {column: values_of(column) for column in columns}
    changed = {column: list(values) for column, values in originals.items()}
    for row, changes in outcome.changes.items():
        for change in changes:
            taken = change.taken_from
            changed[change.column][row] = change.value if taken is None else originals[taken][row]
    return changed


def beside(datasets: Any, left: Any, right: Any) -> Any:
    """Both datasets' columns."""
    if not left.column_names:
        return right
    info = left.info.copy()
    info.features = datasets.Features({**left.features, **right.features})
    if len(left) == 0:
        # The library leaves empty ones out, with their columns.
        return datasets.Dataset.from_dict(
            {column: [] for column in info.features}, features=info.features, info=info, split=left.split
        )
    return datasets.concatenate_datasets([left, right], axis=1, info=info, split=left.split)
