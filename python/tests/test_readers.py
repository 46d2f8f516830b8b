"""What a job leaves behind, read: annotated rows, rows without a margin, kept states, directions, figures."""

from __future__ import annotations

import gzip
import json
import math
import random
import struct
import unittest
import zlib
from pathlib import Path
from typing import Any, Dict, Iterator

import numpy as np

import legend
from legend import FormatError

from .support import FolderTest, floats, halves, integers, needs, safetensors

ROW = {"prompt": "p", "margin": 1, "margin_bin": 2, "score_chosen": 0.5, "score_rejected": -0.5}


class MarginsTests(FolderTest):
    def test_rows_keep_their_order_and_columns(self) -> None:
        path = self.lines("a.jsonl", [ROW, {**ROW, "prompt": "\u2028 q", "margin": -2.5}])
        rows = legend.read_margins(path)
        self.assertEqual([row["prompt"] for row in rows], ["p", "\u2028 q"])
        self.assertEqual([row["margin"] for row in rows], [1.0, -2.5])
        self.assertIs(type(rows[0]["margin"]), float)
        self.assertIs(type(rows[0]["margin_bin"]), int)

    def test_compressed_files_are_read(self) -> None:
        path = self.file("a.jsonl.gz", gzip.compress(json.dumps(ROW).encode()))
        self.assertEqual(legend.read_margins(path)[0]["margin"], 1)
        damaged = self.file("b.jsonl.gz", gzip.compress(json.dumps(ROW).encode())[:-9])
        with self.assertRaisesRegex(FormatError, "b.jsonl.gz:.*expected gzip data"):
            legend.read_margins(damaged)

    def test_pandas_gets_a_frame(self) -> None:
        try:
            import pandas
        except ImportError:
            return needs("pandas", False)
        frame = legend.read_margins(self.lines("a.jsonl", [ROW, ROW]), to="pandas")
        self.assertIsInstance(frame, pandas.DataFrame)
        self.assertEqual(str(frame["margin"].dtype), "float64")

    def test_lines_that_are_no_annotated_rows_are_named(self) -> None:
        cases: Dict[str, Any] = {
            '"margin", "score_chosen", "score_rejected"; found the columns "prompt"': [{"prompt": "p"}],
            'a.jsonl:1: expected a JSON object, found "\\[1\\]"': [[1]],
            'a.jsonl:2: "margin": expected a finite number, found "None"': [ROW, {**ROW, "margin": None}],
            'a.jsonl:1: "margin": expected a finite number, found "nan"': [{**ROW, "margin": math.nan}],
            'a.jsonl:1: "margin": expected a finite number, found "1000': [{**ROW, "margin": 10**400}],
            'a.jsonl:1: "margin": expected a finite number, found "True"': [{**ROW, "margin": True}],
            'a.jsonl:1: "margin_bin": expected a whole number, found "1.5"': [{**ROW, "margin_bin": 1.5}],
            "a.jsonl:2: expected the added columns of the rows before it": [ROW, {**ROW, "p_safer": 0.5}],
        }
        for expected, rows in cases.items():
            with self.subTest(expected), self.assertRaisesRegex(FormatError, expected):
                legend.read_margins(self.lines("a.jsonl", rows))
        for raw in [b"\xff\n", b"{\n", b"[" * 100_000]:
            with self.assertRaisesRegex(FormatError, "a.jsonl:1: expected a JSON object"):
                legend.read_margins(self.file("a.jsonl", raw))

    def test_rows_without_a_margin_say_why(self) -> None:
        error = {"row": 4, "line": 5, "error": "no chosen", "raw": "{}", "raw_encoding": "utf-8"}
        dropped = {**error, "row": 6, "error": "the margin is -1 (margin.negative: drop)"}
        rows = legend.read_errors(self.lines("a.errors.jsonl", [error, dropped]))
        self.assertEqual([(row.row, row.line, row.is_dropped) for row in rows], [(4, 5, False), (6, 5, True)])
        self.assertEqual([row.has_failed for row in rows], [True, False])
        unpaired = legend.read_errors(self.lines("b.errors.jsonl", [{**error, "error": "all equally good (no pair)"}]))
        self.assertTrue(unpaired[0].is_unpaired)
        self.assertEqual((unpaired[0].is_dropped, unpaired[0].has_failed), (False, False))
        with self.assertRaisesRegex(FormatError, 'a.errors.jsonl:1: "line": expected a whole number, found "x"'):
            legend.read_errors(self.lines("a.errors.jsonl", [{**error, "line": "x"}]))


HEADER = {
    "format": "legend-embeddings-2",
    "readouts": "3/last, 3/mean-response",
    "step": "rows",
    "shard": "0",
    "shards": "1",
    "responses": "chosen, rejected",
    "run": "r",
    "precision": "bf16",
    "modelSHA256": "ab",
    "inputSHA256": "cd",
}


def shard(rows: "list[int]", vectors: bytes, scales: bytes, hidden: int = 2, **metadata: str) -> bytes:
    """Two places of rows with two responses each, the same states at both."""
    tensors = {}
    count = len(rows)
    size = len(vectors) // max(count, 1)
    sums = integers(*(zlib.crc32(vectors[i * size : (i + 1) * size]) for i in range(count)))
    for place in ("3/last", "3/mean-response"):
        tensors["vectors/" + place] = ("F16", [count, 2, hidden], vectors)
    tensors["rows"] = ("I64", [count], integers(*rows))
    for place in ("3/last", "3/mean-response"):
        tensors["crc32/" + place] = ("I64", [count], sums)
        tensors["scale/" + place] = ("F32", [count, 2], scales)
    return safetensors(tensors, {**HEADER, **metadata})


class EmbeddingsTests(FolderTest):
    def test_states_are_in_the_order_of_the_input_over_all_shards(self) -> None:
        first = shard([5, 0], halves(1, 2, 3, 4, 5, 6, 7, 8), floats(1, 2, 1, math.nan), shards="2")
        second = shard([1], halves(9, 10, 11, 12), floats(0.5, 1), shard="1", shards="2")
        self.file("e/rows-00000.safetensors", first)
        self.file("e/rows-00001.safetensors", second)
        kept = legend.read_embeddings(self.folder / "e")
        self.assertEqual((list(kept.rows), len(kept), kept.hidden_size), ([0, 1, 5], 3, 2))
        self.assertEqual((kept.places, kept.responses), ([(3, "last"), (3, "mean-response")], ("chosen", "rejected")))
        states = kept.states(3, "mean-response")
        self.assertEqual((states.dtype, states.shape), (np.float32, (3, 2, 2)))
        np.testing.assert_array_equal(states, [[[5, 6], [math.nan, math.nan]], [[4.5, 5], [11, 12]], [[1, 2], [6, 8]]])
        np.testing.assert_array_equal(kept.shards[0].vectors(3, "last")[1, 0], np.array([5, 6], "f2"))
        kept.check()
        with self.assertRaisesRegex(KeyError, "no states of layer 4, last were kept; these were: 3/last"):
            kept.states(4, "last")

    def test_one_place_is_a_grid_of_one(self) -> None:
        vectors = halves(1, 2, 3, 4)
        raw = safetensors(
            {
                "vectors": ("F16", [1, 2, 1, 1, 2], vectors),
                "rows": ("I64", [1], integers(7)),
                "crc32": ("I64", [1], integers(zlib.crc32(vectors))),
                "scale": ("F32", [1, 2, 1, 1], floats(1, 2)),
            },
            {
                "format": "legend-embeddings-1",
                "layers": "[21]",
                "tokens": "mean-response",
                "step": "rows",
                "shard": "0",
                "shards": "1",
                "responses": "chosen, rejected",
            },
        )
        kept = legend.read_embeddings(self.file("rows-00000.safetensors", raw))
        self.assertEqual(kept.places, [(21, "mean-response")])
        np.testing.assert_array_equal(kept.states(21, "mean-response"), [[[1, 2], [6, 8]]])

    def test_rows_with_any_number_of_responses_are_read_by_shard(self) -> None:
        vectors = halves(1, 2, 3, 4, 5, 6)
        raw = safetensors(
            {
                "vectors": ("F16", [3, 2], vectors),
                "rows": ("I64", [2], integers(0, 1)),
                "responses": ("I64", [2], integers(1, 2)),
                "crc32": ("I64", [2], integers(zlib.crc32(vectors[:4]), zlib.crc32(vectors[4:]))),
                "scale": ("F32", [3], floats(1, 1, 2)),
            },
            {"format": "legend-embeddings-2", "readouts": "3/last", "step": "pool", "shard": "0", "shards": "1"},
        )
        self.file("e/pool-00000.safetensors", raw)
        kept = legend.read_embeddings(self.folder / "e", "pool")
        kept.check()
        self.assertEqual(np.asarray(kept.shards[0].counts).tolist(), [1, 2])
        np.testing.assert_array_equal(kept.shards[0].states(3, "last"), [[1, 2], [3, 4], [10, 12]])
        with self.assertRaisesRegex(ValueError, "of each of the shards"):
            kept.states(3, "last")

    def test_a_damaged_vector_is_found(self) -> None:
        raw = shard([4], halves(1, 2, 3, 4), floats(1, 1))
        place = raw.index(halves(1, 2, 3, 4))
        damaged = raw[:place] + b"\x01" + raw[place + 1 :]
        kept = legend.read_embeddings(self.file("rows-00000.safetensors", damaged))
        with self.assertRaisesRegex(FormatError, "is damaged: the vectors of row 4 at 3/last have another checksum"):
            kept.check()

    def test_what_does_not_fit_together_is_said(self) -> None:
        good = shard([0], halves(1, 2, 3, 4), floats(1, 1))
        other = shard([0], halves(1, 2, 3, 4), floats(1, 1), shard="1", shards="2")
        cases = {
            "expected rows-00000.safetensors, found nothing": [],
            "expected 2 shards of rows, found 1": [shard([0], halves(1, 2, 3, 4), floats(1, 1), shards="2")],
            "expected shard 0 of rows, found shard 1": [other],
            "expected each row once, found row 0 again": [
                shard([0], halves(1, 2, 3, 4), floats(1, 1), shards="2"),
                other,
            ],
            'found format "x"': [shard([0], halves(1, 2, 3, 4), floats(1, 1), format="x")],
            "found no format": [safetensors({"a": ("U8", [1], b"1")})],
            'shard in the metadata: expected a number, found "x"': [
                shard([0], halves(1, 2, 3, 4), floats(1, 1), shard="x")
            ],
            'expected a tensor "vectors/9/last"': [
                shard([0], halves(1, 2, 3, 4), floats(1, 1), readouts="9/last, 3/last")
            ],
            "expected the layers and tokens": [shard([0], halves(1, 2, 3, 4), floats(1, 1), readouts="a")],
            'run: expected "r" as in the first shard, found "s"': [
                shard([0], halves(1, 2, 3, 4), floats(1, 1), shards="2"),
                shard([1], halves(1, 2, 3, 4), floats(1, 1), shard="1", shards="2", run="s"),
            ],
            "expected 3 texts at 3/last": [
                safetensors(
                    {
                        "vectors": ("F16", [1, 2], halves(1, 2)),
                        "rows": ("I64", [1], integers(0)),
                        "responses": ("I64", [1], integers(3)),
                        "crc32": ("I64", [1], integers(0)),
                        "scale": ("F32", [1], floats(1)),
                    },
                    {
                        "format": "legend-embeddings-2",
                        "readouts": "3/last",
                        "step": "rows",
                        "shard": "0",
                        "shards": "1",
                    },
                )
            ],
        }
        for expected, files in cases.items():
            folder = self.folder / "case"
            folder.mkdir(exist_ok=True)
            for file in folder.iterdir():
                file.unlink()
            for index, raw in enumerate(files):
                self.file(f"case/rows-{index:05}.safetensors", raw)
            with self.subTest(expected), self.assertRaises(FormatError) as caught:
                legend.read_embeddings(folder)
            self.assertIn(expected, str(caught.exception))
        wrong = shard([0], halves(1, 2, 3, 4), floats(1, 1)).replace(
            b'"F16", "shape": [1, 2, 2]', b'"F16", "shape": [1, 1, 4]'
        )
        with self.assertRaisesRegex(
            FormatError, r'"vectors/3/last": expected F16 \[1, 2, any\], found F16 \[1, 1, 4\]'
        ):
            legend.read_embeddings(self.file("wrong.safetensors", wrong))
        self.assertEqual(len(legend.read_embeddings(self.file("good.safetensors", good))), 1)


class DamagedFilesTests(FolderTest):
    def damaged(self, raw: bytes, count: int = 400) -> Iterator[Path]:
        """Files with a few bytes changed, moved or missing, mostly in what describes the rest."""
        generator = random.Random(11)
        for _ in range(count):
            bytes_ = bytearray(raw)
            for _ in range(generator.randint(1, 3)):
                place = generator.randrange(len(bytes_))
                bytes_[place] = generator.choice(b'\0\xff"{}[]:,-0123456789/ ' + bytes([bytes_[place - 1]]))
            if generator.random() < 0.1:
                del bytes_[generator.randrange(len(bytes_)) :]
            yield self.file("rows-00000.safetensors", bytes(bytes_))

    def test_damaged_embeddings_are_format_errors_or_read(self) -> None:
        named = shard([0, 3], halves(1, 2, 3, 4, 5, 6, 7, 8), floats(1, 1, 1, 1))
        vectors = halves(1, 2, 3, 4, 5, 6)
        counted = safetensors(
            {
                "vectors": ("F16", [3, 2], vectors),
                "rows": ("I64", [2], integers(0, 1)),
                "responses": ("I64", [2], integers(1, 2)),
                "crc32": ("I64", [2], integers(zlib.crc32(vectors[:4]), zlib.crc32(vectors[4:]))),
                "scale": ("F32", [3], floats(1, 1, 2)),
            },
            {"format": "legend-embeddings-2", "readouts": "3/last", "step": "rows", "shard": "0", "shards": "1"},
        )
        for raw in (named, counted):
            read = 0
            for path in self.damaged(raw):
                for place in (self.folder, path):
                    try:
                        kept = legend.read_embeddings(place)
                        for layer, token in kept.places:
                            with np.errstate(all="ignore"):
                                kept.shards[0].states(layer, token)
                        kept.check()
                        read += 1
                    except FormatError:
                        pass
            self.assertGreater(read, 0)

    def test_damaged_directions_are_format_errors_or_read(self) -> None:
        raw = safetensors(
            {
                "direction": ("F32", [1, 2], floats(3, 4)),
                "errors": ("F32", [1, 2], floats(1, 2)),
                "categories": ("F32", [1, 2], floats(1, 0)),
            },
            {
                **PROVENANCE,
                "heldOut": '{"pairs":8,"groups":7,"right":6,"low":0.4,"high":0.9}',
                "categoryColumn": "c",
                "categoryNames": '["a"]',
                "categoryUnits": "[[1,0]]",
            },
        )
        read = 0
        for path in self.damaged(raw, 800):
            try:
                legend.read_direction(path)
                read += 1
            except FormatError:
                pass
        self.assertGreater(read, 0)


PROVENANCE = {
    "format": "legend-direction-1",
    "model": "m.gguf",
    "modelSHA256": "ab" * 32,
    "tokenizer": "t",
    "template": "alpaca",
    "compatibility": "none",
    "layer": "21",
    "layerCount": "30",
    "token": "mean-response",
    "precision": "int8",
    "numericBuild": "b",
    "anchorsSHA256": "cd",
    "anchorPairs": "8",
    "software": "0.1.0",
}


class DirectionTests(FolderTest):
    def read(self, tensors: Any = None, **metadata: str) -> legend.Direction:
        tensors = {"direction": ("F32", [1, 2], floats(3, 4)), **(tensors or {})}
        return legend.read_direction(self.file("d.safetensors", safetensors(tensors, {**PROVENANCE, **metadata})))

    def test_vector_and_provenance_are_read(self) -> None:
        direction = self.read(
            {"errors": ("F32", [3, 2], floats(1, 2, 3, 4, 5, 6))},
            source="own",
            estimator="ridge",
            heldOut='{"pairs":8,"groups":7,"right":6,"low":0.4,"high":0.9}',
        )
        np.testing.assert_array_equal(direction.vector, np.array([3, 4], "f4"))
        np.testing.assert_allclose(direction.unit, [0.6, 0.8], rtol=1e-7)
        self.assertEqual((direction.provenance.layer, direction.provenance.layer_count), (21, 30))
        self.assertEqual((direction.provenance.source, direction.provenance.estimator), ("own", "ridge"))
        self.assertEqual(direction.held_out.share if direction.held_out else None, 0.75)
        self.assertEqual(direction.errors.shape if direction.errors is not None else None, (3, 2))
        self.assertEqual((direction.category_column, direction.categories), (None, ()))

    def test_bf16_directions_are_read(self) -> None:
        direction = self.read({"direction": ("BF16", [1, 2], struct.pack("<2H", 0x4040, 0x4080))})
        np.testing.assert_array_equal(direction.vector, [3, 4])

    def test_categories_have_directions_and_units(self) -> None:
        direction = self.read(
            {"categories": ("F32", [2, 2], floats(1, 0, 0, 1))},
            categoryColumn="group",
            categoryNames='["a","b"]',
            categoryUnits="[[1,0],[2.5,-1]]",
        )
        self.assertEqual(direction.category_column, "group")
        found = [(item.value, item.vector.tolist(), item.scale, item.offset) for item in direction.categories]
        self.assertEqual(found, [("a", [1, 0], 1, 0), ("b", [0, 1], 2.5, -1)])

    def test_damaged_directions_are_refused_with_what_is_wrong(self) -> None:
        cases: Dict[str, Any] = {
            'found format "other"': ({}, {"format": "other"}),
            r"\[1, hidden\] and not zero, found \[2\]": ({"direction": ("F32", [2], floats(1, 2))}, {}),
            "not zero": ({"direction": ("F32", [1, 2], floats(0, 0))}, {}),
            "direction: expected finite numbers": ({"direction": ("F32", [1, 1], floats(math.inf))}, {}),
            "direction: expected finite": ({"direction": ("F64", [1, 1], struct.pack("<d", 1e300))}, {}),
            "direction: expected floating-point numbers, found I64": ({"direction": ("I64", [1, 1], integers(1))}, {}),
            r"errors to be \[errors, 2\]": ({"errors": ("F32", [1, 1], floats(1))}, {}),
            "layer 31 of a model with 30 layers": ({}, {"layer": "31"}),
            'layer: expected a number, found "-1"': ({}, {"layer": "-1"}),
            "64 lower-case hexadecimal digits": ({}, {"modelSHA256": "AB" * 32}),
            "expected heldOut": ({}, {"heldOut": '{"pairs":1,"groups":2,"right":0,"low":0,"high":1}'}),
            "expected heldOut to be": ({}, {"heldOut": "["}),
            "expected directions of categories": (
                {"categories": ("F32", [1, 2], floats(1, 0))},
                {"categoryNames": '["a"]'},
            ),
        }
        for expected, (tensors, metadata) in cases.items():
            with self.subTest(expected), self.assertRaisesRegex(FormatError, "d.safetensors: .*" + expected):
                self.read(tensors, **metadata)
        without = {key: value for key, value in PROVENANCE.items() if key != "token"}
        with self.assertRaisesRegex(FormatError, "its provenance: expected token, found none"):
            legend.read_direction(self.file("e", safetensors({"direction": ("F32", [1, 1], floats(1))}, without)))


class FiguresTests(FolderTest):
    def test_figures_are_found_beside_the_output(self) -> None:
        self.file("a.trust.json", b'{"version": 3, "warnings": ["w"]}')
        self.file("a.evaluation.json", b'{"version": 1, "arms": []}')
        for name in ("a.jsonl", "a.jsonl.gz", "a.trust.json"):
            self.assertEqual(legend.read_report(self.folder / name)["warnings"], ["w"])
        self.assertEqual(legend.read_report(self.folder / "a.jsonl", "evaluation")["arms"], [])

    def test_other_files_are_refused(self) -> None:
        cases = {
            b'{"version": 2}': "expected version 3 of the figures of trust, found 2",
            b"[]": "found none",
            b'{"version": true}': "found none",
            b"{": "expected figures in JSON",
            b"\xff": "expected figures in JSON",
            b"[" * 100_000: "expected figures in JSON",
        }
        for raw, expected in cases.items():
            with self.subTest(expected), self.assertRaisesRegex(FormatError, "a.trust.json: .*" + expected):
                legend.read_report(self.file("a.trust.json", raw))


if __name__ == "__main__":
    unittest.main()
