#!/bin/sh
# Compares the portable kernels, which are those of arm64, with themselves on this machine: the same program is built for
# both, and run here and in an emulator. Needs clang and, of Debian, gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and
# qemu-user-static.
set -eu
cd "$(dirname "$0")/.."
for program in clang qemu-aarch64-static aarch64-linux-gnu-gcc; do
    command -v $program >/dev/null && continue
    echo "error: $program is not there; install clang, gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user-static" >&2
    exit 1
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
build() {
    clang -O2 -ISources/Engine/Kernels/include "$@" Tests/Portable/kernels.c Sources/Engine/Kernels/*.c -lm
}
build -o "$scratch/here"
build --target=aarch64-linux-gnu -fuse-ld=/usr/bin/aarch64-linux-gnu-ld -static -o "$scratch/arm64"
"$scratch/here" >"$scratch/here.txt"
qemu-aarch64-static "$scratch/arm64" >"$scratch/arm64.txt"
python3 Tests/Portable/compare.py "$scratch/here.txt" "$scratch/arm64.txt"
