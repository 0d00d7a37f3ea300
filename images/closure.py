# SPDX-License-Identifier: Apache-2.0
"""What the dynamic linker loads for a program."""

import re
import subprocess
from pathlib import Path

from images.oci import Refused

_LIBRARY = re.compile(r"^\s*(?:\S+ => )?(/\S+) \(0x[0-9a-f]+\)$", re.MULTILINE)
_MISSING = re.compile(r"^\s*(\S+) => not found$", re.MULTILINE)
_STATIC = ("not a dynamic executable", "statically linked")


def libraries(program: Path) -> list[Path]:
    """By the paths at which it looks for them, itself included; none for a static program."""
    if not program.is_file():
        raise Refused(f"there is no program {program}")
    done = subprocess.run(["ldd", program], capture_output=True, text=True)
    said = done.stdout + done.stderr
    if any(word in said for word in _STATIC):
        return []
    missing = _MISSING.findall(said)
    if done.returncode != 0 or missing:
        raise Refused(f"ldd {program}: {', '.join(missing) + ' not found' if missing else said}")
    return [Path(path) for path in _LIBRARY.findall(said)]
