# SPDX-License-Identifier: Apache-2.0
"""The machine that an image is for: this one, or one of another architecture whose Debian packages
are unpacked in a folder (dev.d/arm64.sh). A file has a place (its path on that machine) and a path
on this one."""

import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

_TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class Refused(Exception):
    """An image cannot be built; the message gives the reason and what to do."""


@dataclass(frozen=True)
class Machine:
    architecture: str  # as images call it
    root: Path = Path("/")
    tools: str = ""  # what the names of its objcopy and others begin with

    @property
    def is_this_one(self) -> bool:
        return self.root == Path("/")

    @property
    def library_folders(self) -> list[Path]:
        """The folders that Debian's dynamic linker searches, in order."""
        triplet = _TRIPLETS[self.architecture]
        return [Path("/lib", triplet), Path("/usr/lib", triplet), Path("/lib"), Path("/usr/lib")]

    def file(self, place: Path | str) -> Path:
        return self.root / str(place).lstrip("/")

    def place(self, file: Path) -> Path:
        """The place of a file below the machine's root."""
        return Path("/") / file.relative_to(self.root)

    def resolved(self, place: Path) -> Path:
        """The place of a symbolic link's target."""
        there = self.file(place).resolve()
        return self.place(there) if there.is_relative_to(self.root) else place

    def dpkg_query(self, *arguments: str) -> subprocess.CompletedProcess:
        command = ["dpkg-query", f"--admindir={self.file('/var/lib/dpkg')}", *arguments]
        return subprocess.run(command, capture_output=True, text=True)


def this_machine() -> Machine:
    name = platform.machine()
    if name not in _ARCHITECTURES:
        raise Refused(f"images are made on x86_64 and aarch64; this machine is {name}")
    return Machine(_ARCHITECTURES[name])


def arm64_machine(root: Path) -> Machine:
    if not (root / "var/lib/dpkg/status").is_file():
        raise Refused(f"{root} has no packages for arm64: ./dev setup release puts them there")
    return Machine("arm64", root.resolve(), "aarch64-linux-gnu-")
