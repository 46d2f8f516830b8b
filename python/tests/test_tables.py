"""DataFrames and Datasets: what goes in comes out, with its types, and with margins."""

from __future__ import annotations

import datetime
import decimal
import json
import unittest
import uuid
import warnings
from typing import Any

import numpy as np

import legend
from legend import _json

from .support import FakeTest, needs

COLUMNS = {
    "prompt": ["a", "b", "c"],
    "chosen": ["long one", None, "s"],
    "rejected": ["short", "x", "longer"],
    "number": [1, 2, 3],
}


class JSONTests(unittest.TestCase):
    def test_values_that_json_has_no_word_for_are_written_as_texts_or_null(self) -> None:
        row = {
            "nan": float("nan"),
            "infinite": [float("-inf")],
            "time": datetime.datetime(2024, 1, 2, 3, 4),
            "bytes": b"\xff",
            "decimal": decimal.Decimal("1.50"),
            "id": uuid.UUID(int=1),
            "array": np.array([1.5, np.nan]),
            "number": np.int8(3),
            "truth": np.bool_(True),
            "tuple": (1, {"a": np.float32(0.5)}),
            "text": "ä\ud800\u2028",
        }
        line = _json.line(row, 0)
        self.assertEqual(line.count("\n"), 1)
        found = json.loads(line)
        self.assertEqual(found["nan"], None)
        self.assertEqual(
            (found["infinite"], found["time"], found["bytes"]), (["-Infinity"], "2024-01-02T03:04:00", "/w==")
        )
        self.assertEqual((found["decimal"], found["id"][-1], found["array"]), ("1.50", "1", [1.5, None]))
        self.assertEqual((found["number"], found["truth"], found["tuple"]), (3, True, [1, {"a": 0.5}]))
        self.assertEqual(found["text"], row["text"])

    def test_a_value_of_an_unknown_type_is_named(self) -> None:
        circle: Any = []
        circle.append(circle)
        values: Any = [({1}, "type set"), (circle, "")]
        for value, found in values:
            with self.assertRaisesRegex(
                legend.LegendError, 'row 7, column "x": expected a value that JSON can say.*' + found
            ):
                _json.line({"x": value}, 7)


class TableTest(FakeTest):
    def annotate(self, rows: Any, **options: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", legend.LegendWarning)
            return legend.annotate(rows, "m.gguf", programs=self.programs, progress=False, **options)


class FrameTests(TableTest):
    def setUp(self) -> None:
        super().setUp()
        try:
            import pandas
        except ImportError:
            needs("pandas", False)
        self.pandas = pandas
        self.frame = pandas.DataFrame(
            {
                **COLUMNS,
                "kind": pandas.Categorical(["x", "y", "x"]),
                "time": pandas.to_datetime(["2024-01-01"] * 2 + [None]),
                "small": np.array([1, 2, 3], "int8"),
                "whole": pandas.array([1, None, 3], dtype="Int64"),
            },
            index=["r", "s", "s"],
        )

    def test_columns_types_and_index_stay(self) -> None:
        before = self.frame.copy()
        found = self.annotate(self.frame)
        self.pandas.testing.assert_frame_equal(self.frame, before)
        self.pandas.testing.assert_frame_equal(found[list(before.columns)], before)
        self.assertEqual(found["margin"].tolist()[::2], [3.0, -5.0])
        self.assertTrue(np.isnan(found["margin"].iloc[1]))
        self.assertEqual([str(found[name].dtype) for name in ("margin", "margin_bin")], ["float64", "Int64"])
        self.assertEqual(list(found.columns[-4:]), ["margin", "margin_bin", "score_chosen", "score_rejected"])

    def test_rows_are_dropped_and_flipped_where_they_are(self) -> None:
        found = self.annotate(self.frame, errors="drop", margin={"negative": "flip"})
        self.assertEqual(list(found.index), ["r", "s"])
        self.assertEqual(found["chosen"].tolist(), ["long one", "longer"])
        self.assertEqual(found["rejected"].tolist(), ["short", "s"])
        self.assertEqual(
            [str(found[name].dtype) for name in ("margin_bin", "margin_flipped", "small")], ["int64", "bool", "int8"]
        )

    def test_a_column_that_is_there_already_keeps_its_type_under_its_new_name(self) -> None:
        frame = self.frame.rename(columns={"small": "margin"})
        found = self.annotate(frame, dataset={"existing_columns": "rename"})
        self.assertEqual(str(found["original_margin"].dtype), "int8")
        self.assertNotIn("original_margin", self.annotate(frame, dataset={"existing_columns": "replace"}))

    def test_columns_with_one_name_are_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, 'expected each column once, found "prompt" again'):
            self.annotate(self.frame.rename(columns={"number": "prompt"}))


class DatasetTests(TableTest):
    def setUp(self) -> None:
        super().setUp()
        try:
            import datasets
        except ImportError:
            needs("datasets", False)
        datasets.disable_progress_bars()
        self.datasets = datasets
        features = datasets.Features(
            {
                "prompt": datasets.Value("string"),
                "chosen": datasets.Value("string"),
                "rejected": datasets.Value("large_string"),
                "number": datasets.Value("int8"),
                "kind": datasets.ClassLabel(names=["x", "y"]),
            }
        )
        self.dataset = datasets.Dataset.from_dict(
            {**COLUMNS, "kind": [0, 1, 0]}, features=features, split=datasets.Split.TRAIN
        )
        self.dataset.info.description = "about it"

    def test_features_format_split_and_description_stay(self) -> None:
        found = self.annotate(self.dataset)
        self.assertEqual(
            found.remove_columns(
                [name for name in found.column_names if name not in self.dataset.column_names]
            ).features,
            self.dataset.features,
        )
        self.assertEqual(found["chosen"][:], self.dataset["chosen"][:])
        self.assertEqual(found["margin"][:], [3.0, None, -5.0])
        self.assertEqual((found.features["margin"].dtype, found.features["margin_bin"].dtype), ("float64", "int64"))
        self.assertEqual((found.split, found.info.description), (self.datasets.Split.TRAIN, "about it"))
        shown = self.annotate(self.dataset.with_format("numpy", columns=["number"]))
        self.assertEqual(set(shown[0]), {"number", "margin", "margin_bin", "score_chosen", "score_rejected"})
        self.assertIsInstance(shown[0]["margin"], np.float64)

    def test_rows_in_another_order_are_annotated_in_that_order(self) -> None:
        found = self.annotate(self.dataset.select([2, 0, 1]), margin={"negative": "flip"})
        self.assertEqual(found["prompt"][:], ["c", "a", "b"])
        self.assertEqual(found["chosen"][:], ["longer", "long one", None])
        self.assertEqual((found.features["rejected"].dtype, found["rejected"][0]), ("large_string", "s"))
        self.assertEqual(found.column_names[:5], self.dataset.column_names)
        self.assertEqual(self.annotate(self.dataset, errors="drop")["prompt"][:], ["a", "c"])

    def test_messages_are_rows_too(self) -> None:
        messages = [[{"role": "user", "content": "hello"}], [{"role": "user", "content": "bye"}]]
        dataset = self.datasets.Dataset.from_dict({**{key: COLUMNS[key][::2] for key in COLUMNS}, "history": messages})
        found = self.annotate(dataset)
        self.assertEqual((found["history"][:], found["margin"][:]), (messages, [3.0, -5.0]))
        self.assertEqual(found.features["history"], dataset.features["history"])

    def test_columns_that_are_there_already_are_renamed_with_their_type(self) -> None:
        dataset = self.dataset.rename_column("number", "margin")
        found = self.annotate(dataset, dataset={"existing_columns": "rename"})
        self.assertEqual(found.features["original_margin"].dtype, "int8")
        self.assertNotIn(
            "original_margin", self.annotate(dataset, dataset={"existing_columns": "replace"}).column_names
        )

    def test_splits_are_one_job_and_come_out_as_splits(self) -> None:
        splits = self.datasets.DatasetDict(
            {"train": self.dataset, "none": self.dataset.select([]), "test": self.dataset.select([2])}
        )
        found = self.annotate(splits, errors="drop", work_dir=self.folder / "job")
        self.assertIsInstance(found, self.datasets.DatasetDict)
        self.assertEqual(
            {name: split["margin"][:] for name, split in found.items()}, {"train": [3, -5], "none": [], "test": [-5]}
        )
        self.assertEqual(len((self.folder / "job/rows.jsonl").read_text().splitlines()), 4)
        other = self.datasets.DatasetDict({"train": self.dataset, "test": self.dataset.remove_columns("kind")})
        with self.assertRaisesRegex(ValueError, "expected the same columns in all splits"):
            self.annotate(other)

    def test_streams_are_refused_with_what_to_do(self) -> None:
        with self.assertRaisesRegex(TypeError, "found datasets.*Iterable.*load it without streaming"):
            self.annotate(self.dataset.to_iterable_dataset())


if __name__ == "__main__":
    unittest.main()
