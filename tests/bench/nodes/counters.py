# SPDX-License-Identifier: Apache-2.0
"""The kernel's counters for a container, read from outside so that they are the same for each
system: CPU and memory of its cgroup (v1 or v2), bytes written by its processes, syncs of its
files."""

import os
from dataclasses import dataclass
from pathlib import Path

from cluster.cgroups import Cgroup
from syncs import FileSyncs

MIB = 2**20


def named(text: str) -> dict[str, int]:
    """Parses cgroup files and /proc/PID/io: lines with a name and a number."""
    lines = [line.replace(":", "").split() for line in text.splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}


def cpu_seconds(folder: Path) -> float:
    if (folder / "cpuacct.usage").exists():
        return int((folder / "cpuacct.usage").read_text()) / 1e9
    return named((folder / "cpu.stat").read_text())["usage_usec"] / 1e6


@dataclass(frozen=True)
class Memory:
    """In MiB."""

    resident: float  # of the processes, including the program text
    working_set: float  # of the cgroup, as in `kubectl top`: includes active page cache


def working_set_mib(folder: Path) -> float:
    stat = named((folder / "memory.stat").read_text())
    if (folder / "memory.usage_in_bytes").exists():
        used, idle = folder / "memory.usage_in_bytes", stat["total_inactive_file"]
    else:
        used, idle = folder / "memory.current", stat["inactive_file"]
    return max(int(used.read_text()) - idle, 0) / MIB


def resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


class Container:
    """One running container. `node_cgroup` is that of its node, `id` its id in the container
    runtime."""

    def __init__(self, node_cgroup: str, id: str):
        found = [path for root in Cgroup(node_cgroup).paths for path in root.glob(f"**/*{id}*")]
        self._cpu = self._with(found, "cpuacct.usage", "cpu.stat")
        self._memory = self._with(found, "memory.stat")

    @staticmethod
    def _with(folders: list[Path], *files: str) -> Path:
        for file in files:
            for folder in folders:
                if (folder / file).exists():
                    return folder
        raise RuntimeError(f"no cgroup has {' or '.join(files)} of the container: {folders}")

    def cpu_seconds(self) -> float:
        return cpu_seconds(self._cpu)

    def memory(self) -> Memory:
        resident = sum(map(resident_mib, self.processes()))
        return Memory(resident, working_set_mib(self._memory))

    def processes(self) -> list[int]:
        return [int(pid) for pid in (self._memory / "cgroup.procs").read_text().split()]

    def written_bytes(self) -> int:
        """Bytes since the processes started: pages that they dirtied and that were not dropped
        before the write-back. Writes of the file system itself are not included."""
        total = 0
        for pid in self.processes():
            counted = named(Path(f"/proc/{pid}/io").read_text())
            total += counted["write_bytes"] - counted["cancelled_write_bytes"]
        return total


class Syncs:
    """The syncs of the files in these folders, as FileSyncs counts them. There is no count where
    that is impossible."""

    def __init__(self, folders: list[Path]):
        self._counters: list[FileSyncs] = []
        try:
            for folder in folders:
                self._counters.append(FileSyncs(folder))
        except OSError:
            self.close()

    def read(self) -> int | None:
        counts = [counter.read() for counter in self._counters]
        return sum(counts) if counts else None

    def close(self) -> None:
        for counter in self._counters:
            counter.close()
        self._counters = []
