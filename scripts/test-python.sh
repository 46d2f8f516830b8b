#!/bin/sh
# Tests the Python package: in Tests/.venv where `make test` made it, which has datasets, pandas and mypy, else with any Python
# that has numpy. What cannot be tested says why; where the variable CI is set (to anything but 0 or false), that is a failure.
set -eu
cd "$(dirname "$0")/.."
python=$PWD/Tests/.venv/bin/python
[ -e Tests/.venv/installed ] || python=python3
if ! "$python" -c 'import numpy'; then
    case ${CI:-} in
        "" | 0 | false) echo "skipping the tests of python: $python has no numpy" && exit 0 ;;
        *) echo "error: $python has no numpy, which the tests of python need" >&2 && exit 1 ;;
    esac
fi
cd python
exec "$python" -B -W error::ResourceWarning -m unittest --verbose
