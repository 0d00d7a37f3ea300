# SPDX-License-Identifier: Apache-2.0
"""The Debian package that a file belongs to, and the license that the package declares."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from images.machine import Machine, Refused, this_machine

COMMON_LICENSES = Path("/usr/share/common-licenses")
_COMMON = re.compile(rf"{COMMON_LICENSES}/([A-Z][\w.-]*\w)")
_FIELDS = ("binary:Package", "Version", "Architecture", "source:Package", "source:Version")
# Debian's short names for licenses for which SPDX uses another name.
_SPDX = {
    "Apache-2.0": "Apache-2.0",
    "BSD-2-clause": "BSD-2-Clause",
    "BSD-3-clause": "BSD-3-Clause",
    "BSL-1.0": "BSL-1.0",
    "Boost-1.0": "BSL-1.0",
    "Expat": "MIT",
    "GPL-2+": "GPL-2.0-or-later",
    "GPL-3+": "GPL-3.0-or-later",
    "ISC": "ISC",
    "LGPL-2.1+": "LGPL-2.1-or-later",
    "LGPL-3+": "LGPL-3.0-or-later",
    "MIT": "MIT",
    "MPL-2.0": "MPL-2.0",
    "Zlib": "Zlib",
}


@dataclass(frozen=True, order=True)
class Package:
    name: str  # without the architecture
    version: str
    architecture: str
    source: str
    source_version: str
    machine: Machine = field(default_factory=this_machine, compare=False, repr=False)

    @property
    def copyright_file(self) -> Path:
        return Path("/usr/share/doc", self.name, "copyright")

    def copyright(self) -> str:
        return self.machine.file(self.copyright_file).read_text(errors="replace")


def _names_of(path: Path) -> list[Path]:
    """The paths by which dpkg may know the file: /lib is now /usr/lib, and packages were built
    before and after that change."""
    text = str(path)
    other = text.removeprefix("/usr") if text.startswith("/usr/lib") else f"/usr{text}"
    return [path, Path(other)]


def _search(paths: Iterable[Path], machine: Machine) -> dict[str, str]:
    """The package name for each path that belongs to a package."""
    done = machine.dpkg_query("--search", *sorted({str(path) for path in paths}))
    found = {}
    for line in done.stdout.splitlines():
        names, colon, path = line.partition(": ")
        if colon and not line.startswith("diversion by "):
            found[path] = names.split(", ")[0]
    return found


def describe(names: Iterable[str], machine: Machine | None = None) -> dict[str, Package]:
    machine = machine or this_machine()
    wanted = sorted(set(names))
    if not wanted:
        return {}
    form = "\\t".join(f"${{{field}}}" for field in _FIELDS) + "\\n"
    done = machine.dpkg_query("--show", f"--showformat={form}", *wanted)
    if done.returncode != 0:
        raise Refused(f"dpkg-query: {done.stderr.strip()}")
    described = {}
    for line in done.stdout.splitlines():
        name, *others = line.split("\t")
        package = Package(name.partition(":")[0], *others, machine)
        described[name] = described[package.name] = package
    return described


def owners(files: Iterable[Path], machine: Machine | None = None) -> dict[Path, Package]:
    """The package of each file. A file without a package is rejected, because nobody could look up
    its license."""
    machine = machine or this_machine()
    candidates = {
        file: [*_names_of(file), *_names_of(machine.resolved(file))] for file in files
    }
    found = _search((name for each in candidates.values() for name in each), machine)
    names = {}
    for file, each in candidates.items():
        owner = next((found[str(one)] for one in each if str(one) in found), None)
        if owner is None:
            raise Refused(f"no Debian package contains {file}: an image may contain only packaged files")
        names[file] = owner
    described = describe(names.values(), machine)
    return {file: described[name] for file, name in names.items()}


def known_owners(files: Iterable[Path], machine: Machine) -> set[Package]:
    """The packages of those files that belong to one."""
    found = _search((name for file in files for name in _names_of(file)), machine)
    described = describe(found.values(), machine)
    return {described[name] for name in found.values()}


def spdx_license(copyright_text: str) -> str | None:
    """The SPDX identifier of the package's main license, if its copyright file is machine-readable
    and names a license that we can map."""
    if not copyright_text.lstrip().startswith("Format:"):
        return None
    for stanza in re.split(r"\n\s*\n", copyright_text):
        if re.search(r"^Files:\s*\*\s*$", stanza, re.MULTILINE):
            said = re.search(r"^License:[ \t]*(\S.*)$", stanza, re.MULTILINE)
            return _SPDX.get(said[1].strip()) if said else None
    return None


def common_licenses(copyright_text: str, machine: Machine) -> set[Path]:
    """The licenses in /usr/share/common-licenses that it refers to."""
    files = {COMMON_LICENSES / name for name in _COMMON.findall(copyright_text)}
    return {file for file in files if machine.file(file).is_file()}
