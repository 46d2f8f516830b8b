"""What the tests share: files written byte by byte, and a program that acts as the coordinator does."""

from __future__ import annotations

import json
import os
import struct
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

ROOT = Path(__file__).resolve().parents[2]

#: As in the Swift tests: where this is set, tests whose data is not there fail.
IS_ON_CI = os.environ.get("CI", "") not in ("", "0", "false")


def needs(what: str, is_there: bool) -> None:
    """Skips a test whose data is not there, and says so; on CI it fails."""
    if is_there:
        return
    if IS_ON_CI:
        raise AssertionError(f"needs {what}, which is not there, and the variable CI is set: tests must not be skipped")
    raise unittest.SkipTest(f"needs {what}, which is not there")


class FolderTest(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="legend-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def lines(self, name: str, rows: List[Any]) -> Path:
        return self.file(name, "".join(json.dumps(row) + "\n" for row in rows).encode())

    def set_variable(self, name: str, value: Optional[str]) -> None:
        before = os.environ.get(name)
        self.addCleanup(lambda: os.environ.pop(name, None) if before is None else os.environ.update({name: before}))
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


Tensor = Tuple[str, List[int], bytes]


def safetensors(tensors: Dict[str, Tensor], metadata: Optional[Dict[str, str]] = None, **changes: Any) -> bytes:
    """A file of tensors (type, shape, bytes), one after another; `changes` take the place of entries of the header."""
    header: Dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    data = b""
    for name, (dtype, shape, raw) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    header.update(changes)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def floats(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def integers(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}q", *values)


def halves(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}e", *values)


#: Acts as `legend-coordinator run` does, by the variable FAKE. A margin is the length of chosen less that of rejected.
FAKE = """#!{python}
import json, os, signal, sys, time
from pathlib import Path
acts = os.environ.get("FAKE", "")
config = json.loads(Path(sys.argv[2]).read_text())
job = config["job"]
folder = Path(sys.argv[2]).parent
def note(text):
    with open(os.environ["FAKE_NOTES"], "a") as file: file.write(text + "\\n")
if os.environ.get("FAKE_NOTES"): note("pid %d" % os.getpid())
if acts == "refuses":
    sys.stderr.write("12:00:00  listening\\nerror: cluster.yaml:2:3: unknown key \\"embeding\\"\\nanother problem\\n")
    sys.exit(2)
if acts in ("waits", "waits for SIGTERM", "waits for ever"):
    def stop(number, frame):
        note(signal.Signals(number).name)
        if acts == "waits" or acts == "waits for SIGTERM" and number == signal.SIGTERM: sys.exit(1)
    for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, stop)
    note("ready")
    while True: time.sleep(0.05)
sys.stderr.write("12:00:00  listening\\n\\r\\x1b[Kembedding 1/2\\r\\x1b[Kembedding 2/2\\r\\x1b[K12:00:01  done\\n")
output = Path(job["output"].replace("$$", "$"))
rows, errors = [], []
for index, line in enumerate(Path(job["input"].replace("$$", "$")).read_text().splitlines()):
    row = json.loads(line)
    place = dict(row=index, line=index + 1, raw=line, raw_encoding="utf-8")
    if not isinstance(row.get("chosen"), str):
        errors.append(dict(place, error="no chosen")); continue
    margin = float(len(row["chosen"]) - len(row["rejected"]))
    negative = config.get("margin", {{}}).get("negative")
    if margin < 0 and negative == "drop":
        errors.append(dict(place, error="below 0 (margin.negative: drop)")); continue
    existing = config.get("dataset", {{}}).get("existing_columns")
    if existing == "replace": row.pop("margin", None)
    names = dict(margin="original_margin") if existing == "rename" else {{}}
    row = {{names.get(name, name): value for name, value in row.items()}}
    row["margin"] = margin
    row["margin_bin"] = int(margin > 0)
    if negative == "flip":
        row["margin_flipped"] = margin < 0
        if margin < 0: row["chosen"], row["rejected"], row["margin"] = row["rejected"], row["chosen"], -margin
    row["score_chosen"] = 1.0
    row["score_rejected"] = 1.0 - row["margin"]
    rows.append(row)
if acts == "mixes rows up": rows.reverse()
if acts == "loses a row": rows.pop()
if acts == "makes pairs": rows = [dict(row, source_row=place) for place, row in enumerate(rows)]
def lines(rows): return "".join(json.dumps(row) + "\\n" for row in rows)
output.write_text(lines(rows))
base = str(output)[:-len(".jsonl")]
Path(base + ".errors.jsonl").unlink(missing_ok=True)
if errors: Path(base + ".errors.jsonl").write_text(lines(errors))
Path(base + ".trust.json").write_text(json.dumps(dict(version=3, warnings=["beware"])))
print("%d rows annotated" % len(rows))
print("output: %s" % output)
sys.exit(3 if any("drop" not in error["error"] for error in errors) else 0)
"""


class FakeTest(FolderTest):
    """A test with a program that acts as the coordinator does."""

    def setUp(self) -> None:
        super().setUp()
        self.programs = self.folder / "bin"
        self.programs.mkdir()
        program = self.programs / "legend-coordinator"
        program.write_text(FAKE.format(python=sys.executable))
        program.chmod(0o755)
        self.notes = self.folder / "notes"
        self.set_variable("FAKE_NOTES", str(self.notes))
        self.set_variable("TMPDIR", str(self.folder / "tmp"))
        (self.folder / "tmp").mkdir()
        tempfile.tempdir = None
        self.addCleanup(setattr, tempfile, "tempdir", None)

    def acts(self, how: str) -> None:
        self.set_variable("FAKE", how)

    @property
    def left_behind(self) -> List[Path]:
        """Temporary folders of jobs."""
        return sorted((self.folder / "tmp").iterdir())
