#!/usr/bin/env python3
"""Makes a wheel of the Python package with both programs and their libraries inside, out of what `make dist` packed.

    make-wheel.py [dist/legend-VERSION-linux-ARCH] [--output dist]

The wheel's tag says what it needs of the system, manylinux_X_Y_ARCH: its files are looked at for the newest glibc that
they ask for, and for libraries that are neither inside nor glibc's, which are an error. Needs Python 3.11 and binutils.
"""

import argparse
import base64
import hashlib
import re
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

try:
    import tomllib
except ImportError:
    sys.exit(f"error: make-wheel.py: expected Python 3.11 or newer, found {sys.version.split()[0]}")

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "python"

#: What every system has of its own: those of dist.sh.
GLIBC = re.compile(r"(libc|libm|libpthread|libdl|librt|libresolv)\.so\.\d+|ld-linux.*")

#: What a file says of the processor it is for, the header's e_machine.
MACHINES = {62: "x86_64", 183: "aarch64"}

#: Versions with a name of their own, and the glibc that has them first.
NAMED_VERSIONS = {"ABI_DT_RELR": (2, 36)}

#: Where programs look for libraries, as dist.sh links them. A RUNPATH would not hold for what libraries need in turn.
RPATH = "$ORIGIN/../lib"

PROGRAMS = ("legend-coordinator", "legend-worker")


class WheelError(Exception):
    """Why there is no wheel."""


class Binary:
    """What a program or library needs, as binutils say."""

    def __init__(self, path):
        self.path = path
        header = path.read_bytes()[:20]
        if len(header) < 20 or header[:4] != b"\x7fELF":
            raise WheelError(f"{path}: expected a program or library, found another file")
        machine = int.from_bytes(header[18:20], "little")
        if machine not in MACHINES:
            raise WheelError(f"{path}: expected a file for {' or '.join(MACHINES.values())}, found machine {machine}")
        self.machine = MACHINES[machine]
        text = subprocess.run(["objdump", "-p", path], check=True, capture_output=True, text=True).stdout
        self.needed = re.findall(r"^\s+NEEDED\s+(\S+)$", text, re.M)
        self.rpaths = [entry for found in re.findall(r"^\s+RPATH\s+(\S+)$", text, re.M) for entry in found.split(":")]
        self.versions = set(re.findall(r"\bGLIBC_(\S+)$", text, re.M))

    @property
    def glibc(self):
        """The oldest glibc that has all that this asks for."""
        found = [(2, 0)]
        for version in self.versions:
            if re.fullmatch(r"[0-9.]+", version):
                found.append(tuple(int(part) for part in version.split("."))[:2])
            elif version in NAMED_VERSIONS:
                found.append(NAMED_VERSIONS[version])
            else:
                raise WheelError(f"{self.path}: expected versions of glibc that have a number, found GLIBC_{version}")
        return max(found)


def tag(folder):
    """The platform that the folder's programs run on. Raises WheelError where no tag would be true."""
    programs = [Binary(folder / "bin" / name) for name in PROGRAMS]
    libraries = [Binary(path) for path in sorted((folder / "lib").iterdir())]
    inside = {library.path.name for library in libraries}
    for binary in programs + libraries:
        for name in binary.needed:
            if name not in inside and not GLIBC.fullmatch(name):
                raise WheelError(f"{binary.path} needs {name}, which is neither in {folder / 'lib'} nor glibc's")
    for program in programs:
        if RPATH not in program.rpaths:
            raise WheelError(f"{program.path}: expected the RPATH {RPATH}, found {', '.join(program.rpaths) or 'none'}")
    machines = {binary.machine for binary in programs + libraries}
    if len(machines) > 1:
        raise WheelError(f"{folder}: expected files for one kind of processor, found {', '.join(sorted(machines))}")
    major, minor = max(binary.glibc for binary in programs + libraries)
    return f"manylinux_{major}_{minor}_{machines.pop()}"


def metadata(project, version):
    """The package's description for whoever installs it."""
    extras = project["optional-dependencies"]
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {version}",
        f"Summary: {project['description']}",
        f"License: {project['license']}; the libraries inside have their own, which are in this folder's licenses",
        *(f"Classifier: {classifier}" for classifier in project["classifiers"]),
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {needed}" for needed in project["dependencies"]),
    ]
    for extra, dependencies in extras.items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f'Requires-Dist: {needed}; extra == "{extra}"' for needed in dependencies]
    lines += ["Description-Content-Type: text/markdown", "", (PACKAGE / project["readme"]).read_text("utf-8")]
    return "\n".join(lines)


def contents(folder, project, version, platform):
    """The wheel's files but the list of them: names, bytes, and whether they are programs."""
    for path in sorted((PACKAGE / "legend").iterdir()):
        if path.suffix == ".py" or path.name == "py.typed":
            yield f"legend/{path.name}", path.read_bytes(), False
    for part in ("bin", "lib"):
        for path in sorted((folder / part).iterdir()):
            yield f"legend/programs/{part}/{path.name}", path.read_bytes(), part == "bin"
    info = f"{project['name'].replace('-', '_')}-{version}.dist-info"
    yield f"{info}/METADATA", metadata(project, version).encode(), False
    wheel = f"Wheel-Version: 1.0\nGenerator: make-wheel.py\nRoot-Is-Purelib: false\nTag: py3-none-{platform}\n"
    yield f"{info}/WHEEL", wheel.encode(), False
    scripts = "".join(f"{name} = legend._programs:{name.removeprefix('legend-')}\n" for name in PROGRAMS)
    yield f"{info}/entry_points.txt", f"[console_scripts]\n{scripts}".encode(), False
    yield f"{info}/licenses/LICENSE", (ROOT / "LICENSE").read_bytes(), False
    for path in sorted((folder / "licenses").iterdir()):
        yield f"{info}/licenses/libraries/{path.name}", path.read_bytes(), False


def make(folder, output):
    """Writes the wheel, whose bytes depend on its files alone, and returns its path."""
    for part in ("bin", "lib", "licenses"):
        if not (folder / part).is_dir():
            raise WheelError(f"{folder}: expected what `make dist` packs, with bin, lib and licenses, found no {part}")
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))["project"]
    version = package_version()
    if f"-{version}-" not in folder.name:
        raise WheelError(f"{folder}: expected the programs of the package's version, {version}, found another name")
    platform = tag(folder)
    name = project["name"].replace("-", "_")
    path = output / f"{name}-{version}-py3-none-{platform}.whl"
    partial = path.with_name(path.name + ".partial")
    record = []
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as wheel:
        for member, data, is_program in contents(folder, project, version, platform):
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{member},sha256={digest},{len(data)}\n")
            add(wheel, member, data, is_program)
        listed = f"{name}-{version}.dist-info/RECORD"
        add(wheel, listed, ("".join(record) + f"{listed},,\n").encode(), False)
    partial.replace(path)
    return path


def add(wheel, name, data, is_program):
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (stat.S_IFREG | (0o755 if is_program else 0o644)) << 16
    wheel.writestr(entry, data)


def package_version():
    text = (PACKAGE / "legend" / "__init__.py").read_text("utf-8")
    return re.search(r'^__version__ = "(.*)"$', text, re.M)[1]


def default_folder():
    machine = subprocess.run(["uname", "-m"], check=True, capture_output=True, text=True).stdout.strip()
    return ROOT / "dist" / f"legend-{package_version()}-linux-{machine}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "folder", nargs="?", type=Path, help="what `make dist` packed (default: dist/legend-VERSION-linux-ARCH)"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="where the wheel goes (default: dist)")
    options = parser.parse_args()
    try:
        path = make(options.folder or default_folder(), options.output)
    except (WheelError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"error: {error.cmd[0]} failed: {error.stderr.strip()}", file=sys.stderr)
        return 1
    print(f"{path} ({path.stat().st_size / 1e6:.0f} MB): pip install it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
