"""How the coordinator is run, shown, interrupted, and never left behind."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
import unittest
from typing import Callable, List

from legend import _process

from .support import ROOT, FakeTest

#: For what must happen soon, on a machine however busy.
PATIENCE_SECONDS = 60.0


def eventually(what: str, is_so: Callable[[], bool]) -> None:
    """Waits for another process."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not come to pass that {what}")
        time.sleep(0.02)


def is_alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:
            # One that nobody waited for is a zombie, and does nothing more.
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class LinesTests(unittest.TestCase):
    def test_lines_and_progress_are_told_apart_however_they_come(self) -> None:
        text = "12:00  one\n\r\x1b[Kembedding ▕█▏ 1/2\r\x1b[Kembedding 2/2\r\x1b[Ktwo\r\n"
        data = (text + "\x1b[31mred\x1b[0m\n\nlast").encode()
        for size in (1, 2, 7, len(data)):
            lines: List[str] = []
            progress: List[str] = []
            found = _process.Lines(lines.append, progress.append)
            for start in range(0, len(data), size):
                found.add(data[start : start + size])
            found.finish()
            self.assertEqual(lines, ["12:00  one", "two", "red", "last"])
            self.assertEqual(progress[-1], "embedding 2/2")
            self.assertEqual(found.kept, lines)

    def test_only_so_much_is_remembered(self) -> None:
        found = _process.Lines(lambda _: None, lambda _: None)
        for index in range(1000):
            found.add(b"%d\n" % index)
        self.assertEqual((len(found.kept), found.kept[-1]), (_process.LINES_KEPT, "999"))

    def test_a_display_redraws_or_prints_now_and_then(self) -> None:
        stream = io.StringIO()
        redrawn = _process.Display(stream, is_redrawn=True)
        redrawn.progress("embedding 1/2")
        redrawn.progress("short")
        redrawn.line("a line")
        self.assertEqual(stream.getvalue(), "\rembedding 1/2\rshort        \r     \ra line\n")
        stream = io.StringIO()
        plain = _process.Display(stream, is_redrawn=False)
        plain.progress("1/2")
        plain.progress("2/2")
        plain.line("a line")
        self.assertEqual(stream.getvalue(), "1/2\na line\n")


class ProcessTests(FakeTest):
    def command(self) -> List[str]:
        path = self.file("cluster.yaml", b'{"job": {}}')
        return [str(self.programs / "legend-coordinator"), "run", str(path)]

    def noted(self) -> List[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []

    def interrupted(self, how: str, seconds: float) -> List[str]:
        """Runs the program, sends this process SIGINT once it is ready, and says what the program heard of it."""
        self.acts(how)
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
        with self.assertRaises(KeyboardInterrupt):
            _process.run(self.command(), self.folder / "out", None, stop_seconds=seconds)
        noted = self.noted()
        self.assertFalse(is_alive(int(noted[0].split()[1])))
        return noted[2:]

    def test_an_interrupted_program_gets_sigint_and_is_waited_for(self) -> None:
        self.assertEqual(self.interrupted("waits", PATIENCE_SECONDS), ["SIGINT"])

    def test_one_that_goes_on_gets_sigterm(self) -> None:
        self.assertEqual(self.interrupted("waits for SIGTERM", 0.5), ["SIGINT", "SIGTERM"])

    def test_one_that_goes_on_even_so_is_killed(self) -> None:
        self.assertEqual(self.interrupted("waits for ever", 0.5), ["SIGINT", "SIGTERM"])

    def test_no_program_outlives_a_process_that_is_killed(self) -> None:
        self.acts("waits for SIGTERM")
        script = (
            "import sys; from pathlib import Path; from legend import _process\n"
            "_process.run(sys.argv[2:], Path(sys.argv[1]), None)"
        )
        parent = subprocess.Popen(
            [sys.executable, "-c", script, str(self.folder / "out"), *self.command()],
            env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
        )
        self.addCleanup(parent.wait)
        eventually("the program is ready", lambda: "ready" in self.noted())
        parent.kill()
        process = int(self.noted()[0].split()[1])
        self.addCleanup(lambda: is_alive(process) and os.kill(process, signal.SIGKILL))
        eventually("the program has ended", lambda: not is_alive(process))
        self.assertEqual(self.noted()[2:], ["SIGTERM"])

    def test_status_output_and_last_lines_are_told(self) -> None:
        self.acts("refuses")
        status, lines = _process.run(self.command(), self.folder / "out", None)
        self.assertEqual(status, 2)
        self.assertEqual(lines[1:], ['error: cluster.yaml:2:3: unknown key "embeding"', "another problem"])
        status, _ = _process.run(["/bin/sh", "-c", "echo printed; kill -9 $$"], self.folder / "out", None)
        self.assertEqual((status, (self.folder / "out").read_text()), (-signal.SIGKILL, "printed\n"))

    def test_a_program_that_cannot_be_started_says_why(self) -> None:
        status, lines = _process.run(["/no/such/program"], self.folder / "out", None)
        self.assertEqual((status, lines), (1, ["error: /no/such/program: No such file or directory"]))

    def test_signals_that_python_ignores_are_not_ignored_by_the_program(self) -> None:
        _process.run(["/bin/sh", "-c", "grep SigIgn /proc/self/status"], self.folder / "out", None)
        ignored = int((self.folder / "out").read_text().split()[1], 16)
        self.assertEqual(ignored & (1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)), 0)

    def test_an_end_is_seen_though_a_grandchild_holds_the_terminal(self) -> None:
        status, lines = _process.run(["/bin/sh", "-c", "sleep 60 & echo $! >&2; exit 4"], self.folder / "out", None)
        self.assertEqual(status, 4)
        os.kill(int(lines[0]), signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()
