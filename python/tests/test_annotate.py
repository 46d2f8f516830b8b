"""Rows in, rows with margins out, by a program that acts as the coordinator does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import unittest
import warnings
from typing import Any, List

import legend

from .support import FakeTest

ROWS: List[Any] = [
    {"prompt": "a", "chosen": "long one", "rejected": "short", "extra": {"n": [1, None]}},
    {"prompt": "b", "chosen": None, "rejected": "x", "extra": None},
    {"prompt": "c", "chosen": "s", "rejected": "longer", "extra": {"n": []}},
]


class AnnotateTests(FakeTest):
    def annotate(self, rows: Any, **options: Any) -> Any:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = legend.annotate(rows, "m.gguf", programs=self.programs, progress=False, **options)
        self.warned = [str(item.message) for item in caught if issubclass(item.category, legend.LegendWarning)]
        return result

    def configuration(self, folder: str) -> Any:
        return json.loads((self.folder / folder / "cluster.yaml").read_text())

    def test_rows_keep_order_and_columns_and_those_without_a_margin_have_none(self) -> None:
        before = json.dumps(ROWS)
        found = self.annotate(ROWS)
        self.assertEqual(json.dumps(ROWS), before)
        self.assertEqual([row["margin"] for row in found], [3.0, None, -5.0])
        self.assertEqual([row["margin_bin"] for row in found], [1, None, 0])
        self.assertEqual([{key: row[key] for key in ROWS[0]} for row in found], ROWS)
        self.assertIs(found[0]["extra"], ROWS[0]["extra"])
        self.assertEqual(
            self.warned, ["beware", "1 row without a margin, kept with None in the added columns:\n  row 1: no chosen"]
        )
        self.assertEqual(self.left_behind, [])

    def test_rows_without_a_margin_can_be_dropped(self) -> None:
        found = self.annotate(ROWS, errors="drop")
        self.assertEqual([row["prompt"] for row in found], ["a", "c"])
        self.assertIn("left out", self.warned[1])

    def test_rows_without_a_margin_can_be_an_error_and_then_the_job_stays(self) -> None:
        with self.assertRaisesRegex(legend.RowErrors, "row 1: no chosen") as caught:
            self.annotate(ROWS, errors="raise")
        self.assertEqual([row.row for row in caught.exception.rows], [1])
        folder = self.left_behind[0]
        self.assertIn(f"work_dir={str(folder)!r}", str(caught.exception))
        self.assertEqual([row["prompt"] for row in self.annotate(ROWS, errors="drop", work_dir=folder)], ["a", "c"])
        self.assertEqual(len(self.annotate(ROWS[:1], errors="raise")), 1)

    def test_where_no_row_has_a_margin_there_is_no_result(self) -> None:
        with self.assertRaisesRegex(legend.JobError, "1 row without a margin"):
            self.annotate(ROWS[1:2])

    def test_rows_that_change_places_do_so_in_the_result(self) -> None:
        found = self.annotate(ROWS, margin={"negative": "flip"})
        self.assertEqual(
            [(row["chosen"], row["rejected"]) for row in found], [("long one", "short"), (None, "x"), ("longer", "s")]
        )
        self.assertEqual([row["margin_flipped"] for row in found], [False, None, True])

    def test_rows_that_are_not_wanted_are_in_no_result(self) -> None:
        self.assertEqual([row["prompt"] for row in self.annotate(ROWS, margin={"negative": "drop"})], ["a", "b"])
        self.annotate([ROWS[0], ROWS[2]], margin={"negative": "drop"}, errors="raise")

    def test_columns_that_are_there_already_are_renamed_or_replaced(self) -> None:
        rows = [{**ROWS[0], "margin": "mine"}]
        found = self.annotate(rows, dataset={"existing_columns": "rename"})
        self.assertEqual((found[0]["original_margin"], found[0]["margin"]), ("mine", 3.0))
        found = self.annotate(rows, dataset={"existing_columns": "replace"})
        self.assertEqual((found[0]["margin"], "original_margin" in found[0]), (3.0, False))

    def test_the_coordinators_words_are_the_errors(self) -> None:
        self.acts("refuses")
        with self.assertRaises(legend.JobError) as caught:
            self.annotate(ROWS, embeding={"layer": 3})
        self.assertEqual(caught.exception.status, 2)
        folder = self.left_behind[0]
        self.assertEqual(
            str(caught.exception),
            "\n".join(
                [
                    'legend-coordinator ended with status 2: error: cluster.yaml:2:3: unknown key "embeding"',
                    "another problem",
                    f"what is done is in {folder}; work_dir={str(folder)!r} goes on with it",
                ]
            ),
        )
        self.assertEqual(json.loads((folder / "cluster.yaml").read_text())["embeding"], {"layer": 3})

    def test_an_output_of_other_rows_is_an_error(self) -> None:
        for acts, expected in {
            "mixes rows up": "expected what the input has in",
            "loses a row": "found the end of the file",
            "makes pairs": "expected two responses in each row, found several, of which pairs were made",
        }.items():
            self.acts(acts)
            with self.subTest(acts), self.assertRaisesRegex(legend.JobError, expected):
                self.annotate([{**ROWS[0], "prompt": str(index)} for index in range(3)])

    def test_a_folder_of_the_callers_stays_and_its_rows_are_written_once(self) -> None:
        folder = self.folder / "job"
        self.annotate(ROWS, work_dir=folder)
        written = (folder / "rows.jsonl").stat()
        self.annotate(ROWS, work_dir=str(folder), restart=True)
        again = (folder / "rows.jsonl").stat()
        self.assertEqual((again.st_ino, again.st_mtime_ns), (written.st_ino, written.st_mtime_ns))
        self.annotate(ROWS[:1], work_dir=folder)
        self.assertEqual(len((folder / "rows.jsonl").read_text().splitlines()), 1)
        job = self.configuration("job")["job"]
        self.assertEqual(
            job,
            {
                "input": str(folder / "rows.jsonl"),
                "output": str(folder / "annotated.jsonl"),
                "state": str(folder / "state"),
            },
        )
        self.assertFalse((folder / "rows.jsonl.new").exists())

    def test_two_jobs_do_not_share_a_folder(self) -> None:
        holder = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print(flush=True); sys.stdin.read()",
                str(self.folder / "lock"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert holder.stdout is not None
        holder.stdout.readline()
        with self.assertRaisesRegex(legend.JobError, "expected a work_dir that no other job uses"):
            self.annotate(ROWS, work_dir=self.folder)
        holder.communicate()
        self.assertEqual(len(self.annotate(ROWS, work_dir=self.folder)), 3)

    def test_an_interrupted_job_says_where_it_is(self) -> None:
        self.acts("waits")
        sender = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import os, signal, sys, time\n"
                "while not os.path.exists(sys.argv[1]) or 'ready' not in open(sys.argv[1]).read(): time.sleep(0.02)\n"
                "os.kill(int(sys.argv[2]), signal.SIGINT)",
                str(self.notes),
                str(os.getpid()),
            ]
        )
        self.addCleanup(sender.wait)
        with self.assertRaises(KeyboardInterrupt) as caught:
            self.annotate(ROWS)
        self.assertIn(f"what is done is in {self.left_behind[0]}", str(caught.exception))
        self.assertEqual(self.notes.read_text().splitlines()[2:], [signal.Signals.SIGINT.name])

    def test_a_file_gets_a_file_beside_it(self) -> None:
        path = self.lines("in.jsonl", ROWS)
        found = self.annotate(str(path))
        self.assertEqual(found, str(self.folder / "in.annotated.jsonl"))
        self.assertEqual([row["prompt"] for row in legend.read_margins(found)], ["a", "c"])
        self.assertEqual(legend.read_errors(self.folder / "in.annotated.errors.jsonl")[0].row, 1)
        self.assertIn("1 row without a margin, kept in ", self.warned[1])
        with self.assertRaisesRegex(FileExistsError, "in.annotated.jsonl is there already"):
            self.annotate(path)
        self.assertEqual(self.annotate(path, output=found), self.folder / "in.annotated.jsonl")
        with self.assertRaises(legend.RowErrors):
            self.annotate(path, output=found, errors="raise")

    def test_paths_with_dollar_signs_are_taken_as_they_are(self) -> None:
        (self.folder / "a$HOME").mkdir()
        path = self.lines("a$HOME/in.jsonl", ROWS[:1])
        self.assertEqual(self.annotate(path).parent, path.parent)

    def test_wrong_arguments_leave_nothing_behind(self) -> None:
        cases: Any = {
            "errors: expected": lambda: self.annotate(ROWS, errors="ignore"),
            'errors="keep" is of tables': lambda: self.annotate("x.jsonl", errors="keep"),
            "output is of paths alone": lambda: self.annotate(ROWS, output="x"),
            "expected a path, a list": lambda: self.annotate(iter(ROWS)),
            "row 1: expected a dictionary, found str": lambda: self.annotate([ROWS[0], "x"]),
            "job.input is set by": lambda: self.annotate(ROWS, job={"input": "x"}),
            "keep_embeddings: expected work_dir": lambda: self.annotate(ROWS, embedding={"keep_embeddings": True}),
            'row 0, column "b": expected a value that JSON can say, found one of type object': lambda: self.annotate(
                [{"a": 1, "b": object()}]
            ),
            "row 0: expected columns whose names are texts": lambda: self.annotate([{1: 2}]),
        }
        for expected, attempt in cases.items():
            with self.subTest(expected), self.assertRaisesRegex((ValueError, TypeError, legend.LegendError), expected):
                attempt()
        self.assertEqual(self.left_behind, [])

    def test_progress_and_closing_text_are_shown(self) -> None:
        script = (
            "import sys, legend\n"
            "legend.annotate([{'prompt': 'p', 'chosen': 'a', 'rejected': 'bc'}], 'm', programs=sys.argv[1])"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "ignore"}
        ended = subprocess.run(
            [sys.executable, "-c", script, str(self.programs)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        # The temporary folder's files are not named: they are gone.
        self.assertEqual(
            ended.stderr.splitlines(), ["12:00:00  listening", "embedding 1/2", "12:00:01  done", "1 rows annotated"]
        )
        self.assertEqual(ended.stdout, "")


if __name__ == "__main__":
    unittest.main()
