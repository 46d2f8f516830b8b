"""`python -m legend coordinator …` and `python -m legend worker …`: the programs, wherever they are found."""

from __future__ import annotations

import sys
from typing import List

from ._programs import COORDINATOR, WORKER, launch

USAGE = """usage: python -m legend coordinator [arguments]    (legend-coordinator)
       python -m legend worker [arguments]         (legend-worker)"""


def main(arguments: List[str]) -> int:
    programs = {"coordinator": COORDINATOR, "worker": WORKER}
    if arguments in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    if not arguments or arguments[0] not in programs:
        found = f'found "{arguments[0]}"' if arguments else "found nothing"
        print(f"error: expected coordinator or worker, {found}\n{USAGE}", file=sys.stderr)
        return 2
    launch(programs[arguments[0]], arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
