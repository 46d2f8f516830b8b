"""The wheel with programs inside: what it claims of the system is true, and what it installs runs."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import unittest
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path
from types import ModuleType
from typing import List, Optional

import legend

from .support import ROOT, FolderTest, needs

LIBRARY = "int answer(void) { return 42; }"
PROGRAM = """
#include <stdio.h>
int answer(void);
int main(int count, char **arguments) { printf("%d %d %s\\n", answer(), count, arguments[count - 1]); return 3; }
"""


def compiler() -> Optional[str]:
    return next((found for found in map(shutil.which, ("cc", "gcc", "clang")) if found), None)


def make_wheel() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_wheel", ROOT / "scripts/make-wheel.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class WheelTests(FolderTest):
    def setUp(self) -> None:
        super().setUp()
        needs("Python 3.11", sys.version_info >= (3, 11))
        needs("a C compiler", compiler() is not None)
        needs("objdump", shutil.which("objdump") is not None)
        self.script = make_wheel()
        self.dist = self.folder / f"legend-{legend.__version__}-linux-here"
        self.file(f"{self.dist.name}/licenses/libanswer1", b"do what you like")
        (self.dist / "bin").mkdir()
        (self.dist / "lib").mkdir()
        self.compile(LIBRARY, "lib/libanswer.so.1", "-shared", "-fPIC", "-Wl,-soname,libanswer.so.1")
        for name in ("legend-coordinator", "legend-worker"):
            self.compile(
                PROGRAM, f"bin/{name}", str(self.dist / "lib/libanswer.so.1"), *self.rpath("--disable-new-dtags")
            )

    @staticmethod
    def rpath(tags: str) -> List[str]:
        return [f"-Wl,{tags}", "-Wl,-rpath,$ORIGIN/../lib"]

    def compile(self, source: str, name: str, *arguments: str) -> None:
        path = self.file("source.c", source.encode())
        subprocess.run(
            [str(compiler()), str(path), *arguments, "-o", str(self.dist / name)], check=True, capture_output=True
        )

    def test_an_installed_wheel_runs_its_programs_with_its_libraries(self) -> None:
        needs("pip", importlib.util.find_spec("pip") is not None)
        wheel = self.script.make(self.dist, self.folder)
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "PYTHONPATH": str(self.folder / "site")}
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--no-index",
                "--disable-pip-version-check",
                "--target",
                str(self.folder / "site"),
                str(wheel),
            ],
            check=True,
            capture_output=True,
        )
        for command in (
            [str(self.folder / "site/bin/legend-coordinator"), "run", "a b"],
            [sys.executable, "-m", "legend", "coordinator", "run", "a b"],
        ):
            # numpy is where this Python has it.
            paths = os.pathsep.join([str(self.folder / "site"), *sys.path])
            ended = subprocess.run(
                command, env={**environment, "PYTHONPATH": paths}, cwd=self.folder, capture_output=True, text=True
            )
            self.assertEqual((ended.stdout, ended.returncode), ("42 3 a b\n", 3), ended.stderr)

    def test_names_records_and_metadata_are_right(self) -> None:
        wheel = self.script.make(self.dist, self.folder)
        self.assertRegex(wheel.name, r"^legend_margins-[0-9.]+-py3-none-manylinux_2_\d+_(x86_64|aarch64)\.whl$")
        first = wheel.read_bytes()
        self.assertEqual(self.script.make(self.dist, self.folder).read_bytes(), first)
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            info = next(name.split("/")[0] for name in names if name.endswith(".dist-info/WHEEL"))
            record = archive.read(f"{info}/RECORD").decode().splitlines()
            self.assertEqual([line.split(",")[0] for line in record], names)
            for line in record[:-1]:
                name, digest, size = line.rsplit(",", 2)
                data = archive.read(name)
                expected = urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
                self.assertEqual((digest, size), (f"sha256={expected}", str(len(data))))
            self.assertIn(f"Tag: py3-none-{wheel.stem.split('-')[-1]}\n", archive.read(f"{info}/WHEEL").decode())
            metadata = archive.read(f"{info}/METADATA").decode()
            self.assertIn("Name: legend-margins\n", metadata)
            self.assertIn(f"Version: {legend.__version__}\n", metadata)
            self.assertIn('Requires-Dist: datasets>=2.14; extra == "datasets"\n', metadata)
            self.assertEqual(archive.read(f"{info}/licenses/libraries/libanswer1"), b"do what you like")
            self.assertIn("legend/py.typed", names)
            self.assertFalse([name for name in names if "__pycache__" in name or "tests" in name])
            modes = {name: archive.getinfo(name).external_attr >> 16 & 0o777 for name in names}
            self.assertEqual(modes["legend/programs/bin/legend-worker"], 0o755)
            self.assertEqual(modes["legend/programs/lib/libanswer.so.1"], 0o644)

    def test_the_tag_names_the_newest_glibc_that_is_asked_for(self) -> None:
        text = subprocess.run(
            ["objdump", "-T", *map(str, [*self.dist.glob("bin/*"), *self.dist.glob("lib/*")])],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        versions = [tuple(map(int, found.split("."))) for found in re.findall(r"GLIBC_([0-9.]+)", text)]
        major, minor = max(versions)[:2]
        self.assertTrue(self.script.tag(self.dist).startswith(f"manylinux_{major}_{minor}_"))

    def test_what_would_make_the_tag_untrue_is_an_error(self) -> None:
        (self.dist / "lib/libanswer.so.1").rename(self.folder / "libanswer.so.1")
        with self.assertRaisesRegex(
            self.script.WheelError, "legend-coordinator needs libanswer.so.1, which is neither in"
        ):
            self.script.make(self.dist, self.folder)
        (self.folder / "libanswer.so.1").rename(self.dist / "lib/libanswer.so.1")
        (self.dist / "lib/notes.txt").write_text("notes")
        with self.assertRaisesRegex(self.script.WheelError, "expected a program or library, found another file"):
            self.script.make(self.dist, self.folder)
        (self.dist / "lib/notes.txt").unlink()
        self.compile(
            PROGRAM, "bin/legend-worker", str(self.dist / "lib/libanswer.so.1"), *self.rpath("--enable-new-dtags")
        )
        with self.assertRaisesRegex(
            self.script.WheelError, r"legend-worker: expected the RPATH \$ORIGIN/../lib, found none"
        ):
            self.script.make(self.dist, self.folder)
        other = self.dist.rename(self.folder / "legend-9.9.9-linux-here")
        with self.assertRaisesRegex(self.script.WheelError, "expected the programs of the package's version"):
            self.script.make(other, self.folder)
        with self.assertRaisesRegex(self.script.WheelError, "found no bin"):
            self.script.make(Path(self.folder / "none"), self.folder)
        self.assertEqual(list(self.folder.glob("*.whl*")), [])


if __name__ == "__main__":
    unittest.main()
