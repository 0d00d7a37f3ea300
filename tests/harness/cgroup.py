# SPDX-License-Identifier: Apache-2.0
"""A kernel memory limit for one program, if this machine permits that."""

import os
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


def _own(controller: str) -> Path | None:
    """This process's cgroup: for "", that of version 2, otherwise one of version 1."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            return ROOT / controller / path.lstrip("/")
    return None


def _limit_file(limit: int) -> Path | None:
    """Of a new cgroup with this limit."""
    name = f"dualtrace-{uuid.uuid4().hex[:8]}"
    for controller, file in (("memory", "memory.limit_in_bytes"), ("", "memory.max")):
        own = _own(controller)
        if own is None:
            continue
        cgroup = own / name
        try:
            cgroup.mkdir()
        except OSError:
            continue
        try:
            (cgroup / file).write_text(str(limit))
            return cgroup / file
        except OSError:
            cgroup.rmdir()
    return None


@dataclass
class Limited:
    program: Path
    _limit_file: Path

    def set_limit(self, limit: int) -> None:
        self._limit_file.write_text(str(limit))


@contextmanager
def limited(binary: Path, limit: int, folder: Path):
    """Has a program that runs `binary` with this memory limit: if it needs more, the kernel kills
    it. None if no cgroup can be created."""
    limit_file = _limit_file(limit)
    if limit_file is None:
        yield None
        return
    cgroup = limit_file.parent
    program = folder / f"limited-{binary.name}"
    program.write_text(f'#!/bin/sh\necho $$ > {cgroup}/cgroup.procs && exec {binary} "$@"\n')
    os.chmod(program, 0o755)
    try:
        yield Limited(program, limit_file)
    finally:
        try:
            cgroup.rmdir()
        except OSError:
            pass  # the program still runs; an empty cgroup remains in the end
