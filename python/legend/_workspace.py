"""Where a job works: the caller's folder, from which it goes on, or one of its own, which goes with it."""

from __future__ import annotations

import fcntl
import filecmp
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Optional, Type

from ._problems import JobError, LegendError
from ._safetensors import PathLike
from ._tables import Table


class Workspace:
    """A folder that one job has at a time. One that is temporary stays where the job fails: what is done is in it."""

    #: Whether there may be something in it that is worth keeping.
    has_begun = False

    def __init__(self, work_dir: Optional[PathLike]) -> None:
        self.is_temporary = work_dir is None
        if work_dir is None:
            self.folder = Path(tempfile.mkdtemp(prefix="legend-"))
        else:
            self.folder = Path(os.path.abspath(work_dir))
            self.folder.mkdir(parents=True, exist_ok=True)
        self._lock: Optional[IO[str]] = None

    def path(self, name: str) -> Path:
        return self.folder / name

    def __enter__(self) -> "Workspace":
        lock = open(self.path("lock"), "w", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise JobError(
                f"{self.folder}: expected a work_dir that no other job uses, found one that is locked "
                f"({error.strerror})",
                1,
            ) from None
        self._lock = lock
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], _: Optional[TracebackType]
    ) -> None:
        if error is not None and self.has_begun:
            self._tell(error)
        elif self.is_temporary:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()

    def _tell(self, error: BaseException) -> None:
        """Adds to an error where what is done can be found, and how to go on with it."""
        how = f"work_dir={str(self.folder)!r}" if self.is_temporary else "the same call"
        hint = f"what is done is in {self.folder}; {how} goes on with it"
        if isinstance(error, (LegendError, KeyboardInterrupt)):
            error.args = ("\n".join([*(str(argument) for argument in error.args[:1]), hint]), *error.args[1:])
        else:
            # Its arguments mean something to who handles it.
            print(hint, file=sys.stderr)

    def write(self, table: Table, name: str) -> Path:
        """Writes a table's rows, or leaves them where an interrupted job has the same already."""
        path, new = self.path(name), self.path(name + ".new")
        try:
            with open(new, "w", encoding="utf-8") as file:
                table.write(file)
            if path.exists() and filecmp.cmp(path, new, shallow=False):
                new.unlink()
            else:
                os.replace(new, path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        return path
