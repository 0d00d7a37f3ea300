# SPDX-License-Identifier: Apache-2.0
"""Header-only libraries that are compiled into a program and therefore not loaded. The compiler's
dependency files list their headers."""

import subprocess
from pathlib import Path

from images.machine import Machine, Refused
from images.packages import Package, known_owners

# The kernel's declarations for programs, which contain no code.
_DECLARATIONS = {"linux"}


def _ninja(build: Path, *arguments: str) -> list[str]:
    done = subprocess.run(["ninja", "-C", build, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(f"ninja -C {build} {' '.join(arguments[:3])}: {done.stdout}{done.stderr}")
    return done.stdout.splitlines()


def headers(build: Path, target: str, machine: Machine) -> set[Path]:
    """The paths of all files outside the tree that were read to build its object files."""
    inputs = _ninja(build, "-t", "inputs", target)
    objects = [one for one in inputs if one.endswith(".o")]
    if not objects:
        raise Refused(f"{build} has no objects of {target}: ./dev build release makes them")
    read = set()
    for line in _ninja(build, "-t", "deps", *objects):
        path = Path(line.strip())
        if line.startswith(" ") and path.is_relative_to(machine.file("/usr")):
            read.add(machine.resolved(machine.place(path)))
    return read


def header_only(
    build: Path, target: str, loaded: set[Package], machine: Machine
) -> set[Package]:
    """The packages whose headers are compiled in and whose libraries are not loaded."""
    sources = {package.source for package in loaded} | _DECLARATIONS
    read = known_owners(headers(build, target, machine), machine)
    return {package for package in read if package.source not in sources}
