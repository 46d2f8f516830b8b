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
    # shellcheck disable=SC2016 # $ORIGIN is the loader's
    ${SWIFT:-swift} build -c release --scratch-path $build --static-swift-stdlib --product $program \
        -Xlinker --disable-new-dtags -Xlinker -rpath -Xlinker '$ORIGIN/../lib'
done
rm -rf "$folder"
mkdir -p "$folder/bin" "$folder/lib" "$folder/licenses"
cp $build/release/legend-coordinator $build/release/legend-worker "$folder/bin/"
strip "$folder"/bin/*
cp -r README.md LICENSE cluster.yaml Examples deploy "$folder/"
# Where somebody made keys for a cluster of their own.
rm -rf "$folder/deploy/kubernetes/keys"

is_from_glibc() {
    case $1 in
        libc.so.* | libm.so.* | libpthread.so.* | libdl.so.* | librt.so.* | libresolv.so.* | ld-linux*) true ;;
        *) false ;;
    esac
}

# glibc is every system's own; the rest, OpenBLAS and its Fortran runtime included, comes along, with its licence.
ldd "$folder"/bin/* | awk '$2 == "=>" && $3 ~ /^\// { print $1, $3 }' | sort -u | while read -r library path; do
    is_from_glibc "$library" && continue
    cp -L "$path" "$folder/lib/$library"
    path=$(readlink -f "$path")
    # Where /lib is a link into /usr, dpkg knows a file by either name.
    package=$( (dpkg-query -S "$path" 2>/dev/null || dpkg-query -S "${path#/usr}") | sed 's/:.*//')
    cp -L "/usr/share/doc/$package/copyright" "$folder/licenses/$package"
done
for checkout in "$build"/checkouts/*; do
    cat "$checkout"/LICENSE* "$checkout"/NOTICE* 2>/dev/null >"$folder/licenses/$(basename "$checkout")" || true
done
resources=$(${SWIFT:-swift} -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
cp "$resources/../../share/swift/LICENSE.txt" "$folder/licenses/swift"
{
    echo "legend itself: ../LICENSE. Each file here is the licence of a library that comes along: shared in ../lib"
    echo "(Debian's copyright files, by package) or linked into the programs (the Swift runtime and Swift packages)."
} >"$folder/licenses/README"

# Nothing may be left to chance on the machine that it runs on.
for file in "$folder"/bin/* "$folder"/lib/*; do
    for library in $(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
        is_from_glibc "$library" || [ -e "$folder/lib/$library" ] || {
            echo "error: $file needs $library, which is neither in lib nor glibc's" >&2
            exit 1
        }
    done
done
for file in "$folder"/licenses/*; do
    [ -s "$file" ] || { echo "error: no licence found for $(basename "$file")" >&2; exit 1; }
done
for program in "$folder"/bin/*; do "$program" --version >/dev/null; done
glibc=$(objdump -T "$folder"/bin/* "$folder"/lib/* | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)

tar -C dist -czf "dist/$name.tar.gz" "$name"
echo "dist/$name.tar.gz ($(du -h "dist/$name.tar.gz" | cut -f1)), for glibc ${glibc#GLIBC_} or newer"
