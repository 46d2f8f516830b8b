#!/bin/sh
# Makes a Python environment of the tests where it is not there already, or has other versions:
#   environment.sh datasets   Tests/.venv, 0.4 GB: what outputs are loaded with (make test)
#   environment.sh interop    Tests/.venv-interop, 1.6 GB: what reward models are trained with (make test-interop);
#                             some gigabytes more where pip finds no torch but PyPI's, which brings CUDA along.
#                             In its folder trainers are OpenRLHF and ms-swift, without what they would install
# Where that is not possible it says so. Then the tests with datasets are skipped, except where the variable CI is set (to
# anything but 0 or false): there, and for interop, that is a failure.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
case $1 in
    datasets) environment=$folder/../.venv requirements=$folder/requirements.txt trainers=/dev/null ;;
    interop)
        environment=$folder/../.venv-interop requirements=$folder/requirements-interop.txt
        trainers=$folder/requirements-trainers.txt
        ;;
    *) echo "error: expected datasets or interop, found $1" >&2 && exit 2 ;;
esac
# What was installed, once all of it is: whoever uses an environment looks for this file.
installed=$environment/installed
cat "$requirements" "$trainers" | cmp -s - "$installed" && exit 0

# An index that does not answer is asked once more, not for minutes.
install() { "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --retries 1 "$@"; }

make_environment() {
    rm -f "$installed"
    "$environment/bin/python" -m pip --version || python3 -m venv --clear "$environment" || return 1
    # Where pip's own configuration (find-links, extra-index-url) leads to a torch without CUDA, X+cpu, pip takes that
    # for a newer X: nothing needs to be said here.
    install --requirement "$requirements" || return 1
    if [ "$trainers" != /dev/null ]; then
        rm -rf "$environment/trainers"
        # Byte code would make the folder half as large again.
        install --no-deps --no-compile --target "$environment/trainers" --requirement "$trainers" || return 1
    fi
    cat "$requirements" "$trainers" >"$installed"
}

echo "Installing $(grep '^[a-z]' "$requirements" | tr '\n' ' ')into Tests/$(basename "$environment")"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if make_environment >"$log" 2>&1; then exit 0; fi
reason="Tests/$(basename "$environment") cannot be made: $(tail -n 1 "$log")"
case $1:${CI:-} in
    datasets: | datasets:0 | datasets:false) ;;
    *) echo "error: $reason" >&2 && exit 1 ;;
esac
echo "skipping tests with datasets: $reason"
