#!/bin/sh
# Installs the system libraries that are missing. Needs apt; says what it does.
set -eu
packages="libzmq3-dev libdnnl-dev libopenblas-dev libssl-dev libsqlite3-dev zlib1g-dev libsnappy-dev libzstd-dev python3 python3-pip python3-venv"
missing=""
for package in $packages; do
    case $package in
        # Any Python with pip will do.
        python3) command -v python3 >/dev/null && continue ;;
        python3-pip) python3 -m pip --version >/dev/null 2>&1 && continue ;;
        # What an environment takes its pip from.
        python3-venv) python3 -c 'import ensurepip' 2>/dev/null && continue ;;
    esac
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null; then
    echo "error: these libraries are needed (Debian's names):$missing; install them and try again" >&2
    exit 1
fi
sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
echo "Installing:$missing"
$sudo apt-get update -q
# shellcheck disable=SC2086 # one word a package
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -q --no-install-recommends $missing
