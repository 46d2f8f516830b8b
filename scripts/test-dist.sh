#!/bin/sh
# Unpacks a tarball of `make dist` on a bare Debian 12 (a debootstrap root, removed afterwards) and runs the demo's job
# there. Needs root, debootstrap, and the small model.
# Usage: test-dist.sh dist/legend-VERSION-linux-ARCH.tar.gz [models/SmolLM2-135M-Instruct.Q4_1.gguf]
set -eu
tarball=$(readlink -f "$1")
model=$(readlink -f "${2:-$(dirname "$0")/../models/SmolLM2-135M-Instruct.Q4_1.gguf}")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 1' INT TERM
echo "making a bare Debian 12 in $root"
debootstrap --variant=minbase bookworm "$root" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$root/debootstrap.log" ||
    { cat "$root/debootstrap.log" >&2; exit 1; }
mkdir "$root/legend"
tar -C "$root/legend" --strip-components 1 -xzf "$tarball"
mkdir "$root/legend/models"
cp "$model" "$root/legend/models/"
cat >"$root/legend/test.sh" <<'SCRIPT'
set -eux
cd /legend
bin/legend-coordinator --version
bin/legend-worker --version
for backend in native onednn blas; do
    sed -e "s/^model:/&\n  backend: $backend/" -e "s/^cluster:/&\n  listen: tcp:\/\/127.0.0.1:*/" \
        cluster.yaml >$backend.yaml
    bin/legend-coordinator validate $backend.yaml
    bin/legend-coordinator run $backend.yaml --restart --quiet
done
SCRIPT
# The programs must find each other and their libraries alone. /proc is gone with the mount namespace.
unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" /usr/bin/env -i PATH=/usr/bin:/bin sh \
    /legend/test.sh' "$root"
rows=$(wc -l <"$root/legend/out/demo/annotated.jsonl")
wanted=$(wc -l <"$root/legend/Examples/demo/preferences.jsonl")
[ "$rows" = "$wanted" ] || { echo "error: expected $wanted annotated rows, found $rows" >&2; exit 1; }
echo "the tarball runs on a bare Debian 12: $rows rows annotated by each backend"
