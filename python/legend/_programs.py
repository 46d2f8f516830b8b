"""Where legend-coordinator and legend-worker are."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import List, NoReturn, Optional, Sequence

from ._problems import ProgramError
from ._safetensors import PathLike

COORDINATOR = "legend-coordinator"
WORKER = "legend-worker"
VARIABLE = "LEGEND_BIN"

#: Of the wheel that carries them. Their libraries are in `lib` beside it.
INSIDE = Path(__file__).parent / "programs" / "bin"


def find(name: str, folder: Optional[PathLike] = None) -> str:
    """The path of a program: in `folder`, else in that of the variable LEGEND_BIN, else in this package, else in PATH.

    A folder that is named must have it: no other place is looked at then.

    :raises ProgramError: where it is not; it says where was looked.
    """
    named = [("the folder that was given", folder)] if folder is not None else []
    if not named and os.environ.get(VARIABLE):
        named = [(f"the variable {VARIABLE}", os.environ[VARIABLE])]
    for what, place in named:
        path = os.path.join(os.path.abspath(os.path.expanduser(os.fspath(place or ""))), name)
        if _is_program(path):
            return path
        raise ProgramError(f"{name} is not in {os.path.dirname(path)} ({what}): {_why_not(path)}")
    folders = [str(INSIDE), *(entry for entry in os.environ.get("PATH", "").split(os.pathsep) if entry)]
    for entry in folders:
        path = os.path.join(os.path.abspath(entry), name)
        if _is_program(path):
            return path
    raise ProgramError(
        f"{name} is not found: looked in {INSIDE} (a wheel of `make dist` has it there) and in the PATH "
        f"({os.pathsep.join(folders[1:]) or 'empty'}); {VARIABLE} is not set. Name its folder with programs=… or "
        + VARIABLE
    )


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _why_not(path: str) -> str:
    return "it may not be executed" if os.path.isfile(path) else "there is no such file"


def launch(name: str, arguments: Sequence[str]) -> NoReturn:
    """Puts a program in this process's place."""
    try:
        path = find(name)
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(path, [path, *arguments])
    except (ProgramError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
    sys.exit(1)


def coordinator(arguments: Optional[List[str]] = None) -> NoReturn:
    """The command legend-coordinator."""
    launch(COORDINATOR, sys.argv[1:] if arguments is None else arguments)


def worker(arguments: Optional[List[str]] = None) -> NoReturn:
    """The command legend-worker."""
    launch(WORKER, sys.argv[1:] if arguments is None else arguments)
