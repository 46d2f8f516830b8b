#!/bin/sh
# Makes the Python environment of the comparison: Benchmarks/.venv, or the one that LEGEND_BENCH_VENV names.
# Does nothing if everything is there. Building llama.cpp takes some minutes and needs a C++ compiler.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
environment=${LEGEND_BENCH_VENV:-$folder/.venv}
python=$environment/bin/python

satisfied() {
    "$python" - "$folder/requirements.txt" <<'PYTHON' 2>/dev/null
import importlib.metadata, re, sys
def numbers(version): return [int(number) for number in re.findall(r"\d+", version.split("+")[0])[:3]]
for line in open(sys.argv[1]):
    if line.strip() and not line.startswith("#"):
        name, least = line.split(">=")
        assert numbers(importlib.metadata.version(name)) >= numbers(least)
PYTHON
}

if [ -x "$python" ] && satisfied; then exit 0; fi
for tool in c++ python3; do
    command -v "$tool" >/dev/null && continue
    echo "error: $tool: expected in PATH, found none (Debian: apt install g++ python3-venv)" >&2
    exit 1
done
[ -x "$python" ] || python3 -m venv "$environment" || {
    echo "error: $environment: python3 makes no environment there (Debian: apt install python3-venv)" >&2
    exit 1
}
echo "Installing llama.cpp (built here), torch and transformers into $environment"
"$python" -m pip install --quiet --disable-pip-version-check --upgrade pip
# A wheel that was built elsewhere would lack this CPU's instructions.
CMAKE_ARGS="-DGGML_NATIVE=ON ${CMAKE_ARGS:-}" "$python" -m pip install --quiet --disable-pip-version-check \
    --no-binary llama-cpp-python --requirement "$folder/requirements.txt"
satisfied || {
    echo "error: $environment: expected all of $folder/requirements.txt, found something missing or too old" >&2
    exit 1
}
