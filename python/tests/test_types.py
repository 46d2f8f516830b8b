"""The types are what they are said to be, and the versions one."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import unittest

import legend

from .support import ROOT, FolderTest, needs


class TypesTests(FolderTest):
    def test_the_package_is_typed_strictly(self) -> None:
        needs("mypy", importlib.util.find_spec("mypy") is not None)
        ended = subprocess.run(
            [sys.executable, "-m", "mypy", "--cache-dir", str(self.folder)],
            cwd=ROOT / "python",
            capture_output=True,
            text=True,
        )
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)

    def test_the_version_is_that_of_the_programs(self) -> None:
        source = ROOT / "Sources/Protocol/ProtocolVersion.swift"
        needs(str(source), source.exists())
        found = re.search(r'static let software = "(.*)"', source.read_text("utf-8"))
        self.assertEqual(found and found[1], legend.__version__)

    def test_what_is_named_is_there(self) -> None:
        self.assertEqual([name for name in legend.__all__ if not hasattr(legend, name)], [])


if __name__ == "__main__":
    unittest.main()
