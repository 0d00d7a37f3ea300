# SPDX-License-Identifier: Apache-2.0
"""The libraries that the dynamic linker loads for a program."""

import re
import subprocess
from pathlib import Path

from images.machine import Machine, Refused

_LIBRARY = re.compile(r"^\s*(?:\S+ => )?(/\S+) \(0x[0-9a-f]+\)$", re.MULTILINE)
_MISSING = re.compile(r"^\s*(\S+) => not found$", re.MULTILINE)
_STATIC = ("not a dynamic executable", "statically linked")


_NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]")
_INTERPRETER = re.compile(r"\[Requesting program interpreter: (/.+)\]")


def libraries(program: Path, machine: Machine | None = None) -> list[Path]:
    """By the paths at which the linker looks for them, including the program itself; empty for a
    static program."""
    if not program.is_file():
        raise Refused(f"there is no program {program}")
    if machine and not machine.is_this_one:
        return _read_libraries(program, machine)
    done = subprocess.run(["ldd", program], capture_output=True, text=True)
    said = done.stdout + done.stderr
    if any(word in said for word in _STATIC):
        return []
    missing = _MISSING.findall(said)
    if done.returncode != 0 or missing:
        raise Refused(f"ldd {program}: {', '.join(missing) + ' not found' if missing else said}")
    return [Path(path) for path in _LIBRARY.findall(said)]


def _read_libraries(program: Path, machine: Machine) -> list[Path]:
    """Resolves them as the linker of another machine would."""
    found: dict[str, Path] = {}
    unread = [program]
    while unread:
        file = unread.pop()
        command = ["readelf", "--dynamic", "--program-headers", "--wide", file]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for interpreter in _INTERPRETER.findall(said):
            found[Path(interpreter).name] = Path(interpreter)
        for name in set(_NEEDED.findall(said)) - set(found):
            places = [folder / name for folder in machine.library_folders]
            there = next((one for one in places if machine.file(one).is_file()), None)
            if there is None:
                raise Refused(f"{file}: {name} not found in {machine.root}")
            found[name] = there
            unread.append(machine.file(there))
    return sorted(found.values())
