"""Where programs are looked for, and how they are put in Python's place."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest
from pathlib import Path
from unittest import mock

from legend import ProgramError, _programs

from .support import ROOT, FolderTest

NAME = "legend-coordinator"


class ProgramTests(FolderTest):
    def program(self, folder: str) -> str:
        path = self.file(f"{folder}/{NAME}", b'#!/bin/sh\necho "$0" "$@"\nexit 5\n')
        path.chmod(0o755)
        return str(path)

    def setUp(self) -> None:
        super().setUp()
        self.set_variable("LEGEND_BIN", None)
        self.set_variable("PATH", "")
        inside = mock.patch.object(_programs, "INSIDE", self.folder / "inside")
        inside.start()
        self.addCleanup(inside.stop)

    def test_the_argument_comes_first_then_the_variable_the_package_and_the_path(self) -> None:
        argument, variable, inside, path = (self.program(name) for name in ("argument", "variable", "inside", "path"))
        self.set_variable("PATH", os.path.dirname(path))
        self.set_variable("LEGEND_BIN", os.path.dirname(variable))
        self.assertEqual(_programs.find(NAME, os.path.dirname(argument)), argument)
        self.assertEqual(_programs.find(NAME, Path(argument).parent), argument)
        self.assertEqual(_programs.find(NAME), variable)
        self.set_variable("LEGEND_BIN", None)
        self.assertEqual(_programs.find(NAME), inside)
        os.unlink(inside)
        self.assertEqual(_programs.find(NAME), path)

    def test_the_error_says_where_was_looked(self) -> None:
        self.set_variable("PATH", f"{self.folder}/one:{self.folder}/two")
        with self.assertRaises(ProgramError) as caught:
            _programs.find(NAME)
        for where in ("inside", f"{self.folder}/one:{self.folder}/two", "LEGEND_BIN is not set", "programs=…"):
            self.assertIn(where, str(caught.exception))

    def test_a_folder_that_is_named_must_have_it(self) -> None:
        self.set_variable("PATH", os.path.dirname(self.program("path")))
        with self.assertRaisesRegex(ProgramError, r"/none \(the folder that was given\): there is no such file"):
            _programs.find(NAME, self.folder / "none")
        os.chmod(self.file(f"plain/{NAME}", b""), 0o644)
        self.set_variable("LEGEND_BIN", str(self.folder / "plain"))
        with self.assertRaisesRegex(ProgramError, r"/plain \(the variable LEGEND_BIN\): it may not be executed"):
            _programs.find(NAME)

    def module(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
        return subprocess.run(
            [sys.executable, "-m", "legend", *arguments], env=environment, capture_output=True, text=True, timeout=60
        )

    def test_the_module_becomes_the_program(self) -> None:
        path = self.program("bin")
        self.set_variable("LEGEND_BIN", os.path.dirname(path))
        ended = self.module("coordinator", "run", "a b", "--quiet")
        self.assertEqual((ended.returncode, ended.stdout), (5, f"{path} run a b --quiet\n"))
        ended = self.module("worker")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("error: legend-worker is not in", ended.stderr)

    def test_the_module_says_what_it_expects(self) -> None:
        self.assertEqual(self.module("--help").returncode, 0)
        ended = self.module("jump")
        self.assertEqual(
            (ended.returncode, ended.stderr.splitlines()[0]), (2, 'error: expected coordinator or worker, found "jump"')
        )


if __name__ == "__main__":
    unittest.main()
