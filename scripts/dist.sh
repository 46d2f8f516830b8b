#!/bin/sh
# Makes dist/legend-VERSION-linux-ARCH.tar.gz: both programs and the shared libraries that they need beside glibc.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/.*static let software = "\(.*\)".*/\1/p' Sources/Protocol/ProtocolVersion.swift)
name="legend-$version-linux-$(uname -m)"
build=.build-dist
folder="dist/$name"

# The Swift runtime goes into the programs. They, and the libraries that they bring, look for others in lib first: that
# takes an RPATH (old tags), for a RUNPATH holds for the program alone.
for program in legend-coordinator legend-worker; do
    ${SWIFT:-swift} build -c release --scratch-path $build --static-swift-stdlib --product $program \
        -Xlinker --disable-new-dtags -Xlinker -rpath -Xlinker '$ORIGIN/../lib'
done
rm -rf "$folder"
mkdir -p "$folder/bin" "$folder/lib"
cp $build/release/legend-coordinator $build/release/legend-worker "$folder/bin/"
strip "$folder"/bin/*
cp -r README.md LICENSE cluster.yaml Examples "$folder/"

# glibc is every system's own; the rest, OpenBLAS and its Fortran runtime included, comes along.
ldd "$folder"/bin/* | awk '$2 == "=>" && $3 ~ /^\// { print $1, $3 }' | sort -u | while read -r library path; do
    case $library in
        libc.so.* | libm.so.* | libpthread.so.* | libdl.so.* | librt.so.* | libresolv.so.* | ld-linux*) ;;
        *) cp -L "$path" "$folder/lib/$library" ;;
    esac
done
tar -C dist -czf "dist/$name.tar.gz" "$name"
echo "dist/$name.tar.gz ($(du -h "dist/$name.tar.gz" | cut -f1))"
