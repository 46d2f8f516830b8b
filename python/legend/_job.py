"""One run of `legend-coordinator run`, with workers of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Sequence

from . import _configuration, _process
from ._figures import beside, read_report
from ._margins import read_errors
from ._problems import ErrorRow, JobError
from ._safetensors import PathLike
from ._text import counted
from ._workspace import Workspace

#: What a job's paths are is set here.
OWN_KEYS = {"job": ("input", "output", "errors", "state")}

#: Any free port of this machine: jobs side by side are no problem.
DEFAULTS = {"cluster": {"listen": "tcp://127.0.0.1:*"}}

#: The exit status of a job that is finished, and of whose rows some have no margin.
FINISHED_WITH_FAILED_ROWS = 3

REASONS_SHOWN = 5
LINES_SHOWN = 20


class Job:
    """A job on a file. Its log, its closing text and its state are in the workspace."""

    def __init__(
        self, program: str, whole: Dict[str, Any], workspace: Workspace, input: PathLike, output: Path
    ) -> None:
        self._program = program
        self._workspace = workspace
        self.output = output
        self.errors = beside(output, ".errors.jsonl")
        self._whole = _configuration.completed(
            whole,
            {
                "job": {
                    "input": _configuration.literal(input),
                    "output": _configuration.literal(output),
                    "state": _configuration.literal(workspace.path("state")),
                }
            },
            DEFAULTS,
        )

    def run(self, progress: bool, restart: bool) -> None:
        """:raises JobError: with the coordinator's own words, where it does not finish."""
        path = self._workspace.path("cluster.yaml")
        _configuration.write(self._whole, path)
        self._workspace.has_begun = True
        display = _process.Display.standard() if progress else None
        closing = self._workspace.path("closing.txt")
        command = [self._program, "run", str(path), *(["--restart"] if restart else [])]
        status, lines = _process.run(command, closing, display)
        if status not in (0, FINISHED_WITH_FAILED_ROWS):
            ended = f"ended with status {status}" if status >= 0 else f"was killed by signal {-status}"
            raise JobError(f"legend-coordinator {ended}: {_said(lines)}", status)
        if display:
            for line in closing.read_text("utf-8", "replace").splitlines():
                # Files that are about to go are no news.
                if not (self._workspace.is_temporary and str(self._workspace.folder) in line):
                    display.line(line)

    def error_rows(self) -> List[ErrorRow]:
        """The rows that are not in the output."""
        return read_errors(self.errors) if self.errors.exists() else []

    def warnings(self) -> List[str]:
        """What is wrong with the margins, as the job's own figures say."""
        path = beside(self.output, ".trust.json")
        found = read_report(path).get("warnings", []) if path.exists() else []
        return [str(text) for text in found]


def _said(lines: Sequence[str]) -> str:
    """A program's last words: its errors, where it has some."""
    first = next((place for place, line in enumerate(lines) if line.startswith("error:")), None)
    shown = lines[first:][:LINES_SHOWN] if first is not None else lines[-LINES_SHOWN:]
    return "\n".join(shown) or "it said nothing"


def failures(rows: Sequence[ErrorRow], fate: str = "") -> str:
    """How many rows have no margin, what becomes of them, and why the first of them have none."""
    failed = [row for row in rows if row.has_failed]
    shown = "".join(f"\n  row {row.row}: {row.error}" for row in failed[:REASONS_SHOWN])
    more = f"\n  and {len(failed) - REASONS_SHOWN} more" if len(failed) > REASONS_SHOWN else ""
    return f"{counted(len(failed), 'row')} without a margin{fate}:{shown}{more}"
