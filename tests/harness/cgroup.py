# SPDX-License-Identifier: Apache-2.0
"""A kernel memory limit for one program, if this machine permits that."""

import os
import uuid
from contextlib import contextmanager
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


def _own(controller: str) -> Path | None:
    """This process's cgroup: for "", that of version 2, otherwise one of version 1."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            return ROOT / controller / path.lstrip("/")
    return None


def _made(limit: int) -> Path | None:
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
            return cgroup
        except OSError:
            cgroup.rmdir()
    return None


@contextmanager
def limited(binary: Path, limit: int, folder: Path):
    """A program that runs `binary` with this memory limit: if it needs more, the kernel kills it.
    None if no cgroup can be created."""
    cgroup = _made(limit)
    if cgroup is None:
        yield None
        return
    program = folder / f"limited-{binary.name}"
    program.write_text(f'#!/bin/sh\necho $$ > {cgroup}/cgroup.procs && exec {binary} "$@"\n')
    os.chmod(program, 0o755)
    try:
        yield program
    finally:
        try:
            cgroup.rmdir()
        except OSError:
            pass  # the program still runs; an empty cgroup remains in the end
