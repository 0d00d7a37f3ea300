# SPDX-License-Identifier: Apache-2.0
"""One cgroup in every hierarchy of this machine: the single one of v2 or the several of v1."""

import os
import signal
import time
from pathlib import Path


def _hierarchies() -> list[Path]:
    """The mount points of the hierarchies."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, kind = line.partition(" - ")
        if kind.split()[0] in ("cgroup", "cgroup2"):
            found.append(Path(fields.split()[4]))
    return found


class Cgroup:
    """`name` is its path from each hierarchy's root."""

    def __init__(self, name: str):
        self.name = name
        self.paths = [root / name for root in _hierarchies()]

    def create(self) -> None:
        for root, path in zip(_hierarchies(), self.paths, strict=True):
            for folder in [*reversed(path.relative_to(root).parents[:-1]), path.relative_to(root)]:
                self._create_one(root / folder)

    def _create_one(self, path: Path) -> None:
        path.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):  # v1: nothing can run while these are empty
            if (path / setting).exists() and (path / "tasks").exists():
                (path / setting).write_text((path.parent / setting).read_text())
        controllers = path.parent / "cgroup.subtree_control"  # v2
        if controllers.exists():
            for controller in (path.parent / "cgroup.controllers").read_text().split():
                controllers.write_text(f"+{controller}")

    def remove(self, timeout: float = 30) -> None:
        """Kills all processes in it or below it, and removes it once they have ended."""
        deadline = time.monotonic() + timeout
        while left := [path for path in self.paths if not self._removed(path)]:
            if time.monotonic() > deadline:
                raise RuntimeError(f"not within {timeout} s: an empty {left}")
            time.sleep(0.05)

    def _removed(self, path: Path) -> bool:
        for folder, _, _ in os.walk(path, topdown=False):
            try:
                for pid in Path(folder, "cgroup.procs").read_text().split():
                    os.kill(int(pid), signal.SIGKILL)
                os.rmdir(folder)
            except OSError:
                pass  # still busy, or gone by itself
        return not path.exists()
