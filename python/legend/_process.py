"""A program that is run to its end, with what it says on the way."""

from __future__ import annotations

import errno
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import tty
from pathlib import Path
from typing import Callable, List, Optional, Sequence, TextIO, Tuple

from ._problems import ProgramError

GUARD = Path(__file__).parent / "_guard.py"

#: How long a program has to end after SIGINT, and then after SIGTERM.
STOP_SECONDS = 20.0

#: How often progress is printed where it cannot be redrawn in place.
PLAIN_SECONDS = 10.0

#: How many lines of a program's are remembered for an error.
LINES_KEPT = 200

#: What the coordinator writes before a line that it will draw anew.
REDRAWN = "\r\x1b[K"
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Display:
    """Where progress and log lines go: redrawn in place on a terminal and in a notebook, else a line now and then."""

    def __init__(self, stream: TextIO, is_redrawn: bool) -> None:
        self._stream = stream
        self._is_redrawn = is_redrawn
        self._width = 0
        self._plain_at = -PLAIN_SECONDS

    @classmethod
    def standard(cls) -> "Display":
        stream = sys.stderr
        try:
            is_redrawn = stream.isatty()
        except (AttributeError, ValueError):
            is_redrawn = False
        return cls(stream, is_redrawn or "ipykernel" in sys.modules)

    def progress(self, line: str) -> None:
        if self._is_redrawn:
            self._write("\r" + line.ljust(self._width))
            self._width = len(line)
        elif time.monotonic() - self._plain_at >= PLAIN_SECONDS:
            self._plain_at = time.monotonic()
            self._write(line + "\n")

    def line(self, line: str) -> None:
        self.clear()
        self._write(line + "\n")

    def clear(self) -> None:
        if self._width > 0:
            self._write("\r" + " " * self._width + "\r")
            self._width = 0

    def _write(self, text: str) -> None:
        # A terminal that has gone is no reason to end a job.
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            pass


class Lines:
    """Takes a program's standard error apart: lines that stay, and one that it redraws."""

    def __init__(self, line: Callable[[str], None], progress: Callable[[str], None]) -> None:
        self._line, self._progress = line, progress
        self._rest = ""
        self.kept: List[str] = []

    def add(self, data: bytes) -> None:
        self._rest += data.decode("utf-8", "replace")
        while True:
            ends = [(at, mark) for mark in (REDRAWN, "\n") for at in [self._rest.find(mark)] if at >= 0]
            if not ends:
                # What a program never ends must not fill the memory.
                self._rest = self._rest[-(1 << 16) :]
                return
            at, mark = min(ends)
            text, self._rest = self._rest[:at], self._rest[at + len(mark) :]
            if mark == "\n":
                self._keep(text)
            elif text.strip():
                self._progress(_plain(text))

    def finish(self) -> None:
        if self._rest.strip():
            self._keep(self._rest)
        self._rest = ""

    def _keep(self, text: str) -> None:
        text = _plain(text).rstrip()
        if text:
            self.kept = [*self.kept[-LINES_KEPT + 1 :], text]
            self._line(text)


def _plain(text: str) -> str:
    return ESCAPES.sub("", text.replace("\r", ""))


def run(
    command: Sequence[str], output: Path, display: Optional[Display], stop_seconds: float = STOP_SECONDS
) -> Tuple[int, List[str]]:
    """Runs a program to its end; its standard output goes to a file.

    Whatever ends this call early (Ctrl-C, an error) ends the program: SIGINT, and where it goes on SIGTERM, and SIGKILL
    in the end. It ends with this process, too.

    :returns: its exit status (minus the number of the signal that killed it), and its last lines on standard error.
    """
    if not sys.executable:
        raise ProgramError("this process does not say where its Python is (sys.executable), which starts the programs")
    reader, writer = _channel()
    try:
        with open(output, "wb") as file:
            # Not in this process's group: Ctrl-C is for this process, which passes it on once.
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=writer,
                start_new_session=True,
            )
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    lines = Lines(*((display.line, display.progress) if display else (_nothing, _nothing)))
    try:
        _follow(process, reader, lines)
    except BaseException:
        if display:
            display.clear()
        _stop(process, stop_seconds)
        raise
    finally:
        os.close(reader)
    lines.finish()
    if display:
        display.clear()
    return process.wait(), lines.kept


def _nothing(_: str) -> None:
    pass


def _channel() -> Tuple[int, int]:
    """Both ends of a program's standard error: a terminal, to which it draws its progress, or where there are none
    a pipe."""
    try:
        reader, writer = pty.openpty()
    except OSError:
        return os.pipe()
    tty.setraw(writer)
    return reader, writer


def _follow(process: "subprocess.Popen[bytes]", reader: int, lines: Lines) -> None:
    has_ended = False
    # Not select, which knows no descriptors from 1024 on.
    waiting = select.poll()
    waiting.register(reader, select.POLLIN)
    while True:
        if waiting.poll(0 if has_ended else 100):
            try:
                data = os.read(reader, 1 << 16)
            except OSError as error:
                # A terminal says this where a pipe ends.
                if error.errno != errno.EIO:
                    raise
                data = b""
            lines.add(data)
            if not data:
                process.wait()
                return
        # Who has it open still says nothing more to us.
        elif has_ended:
            return
        has_ended = has_ended or process.poll() is not None


def _stop(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    for sent in (signal.SIGINT, signal.SIGTERM):
        if process.poll() is not None:
            return
        process.send_signal(sent)
        try:
            process.wait(seconds)
            return
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            # Ctrl-C again: no more waiting for this one.
            continue
    process.kill()
    process.wait()
