# SPDX-License-Identifier: Apache-2.0
"""What the kernel counts of a container, read from outside, so that it is the same for each system:
CPU and memory of its cgroup (v1 or v2), bytes that its processes write, syncs that they ask for."""

import os
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cluster.cgroups import Cgroup

MIB = 2**20
SAMPLE_SECONDS = 0.5
# Calls that return when something is on the disk, with what tells them from those that do not.
SYNCS = {"fsync": "", "fdatasync": "", "msync": "flags & 4", "pwritev2": "flags & 6"}


def named(text: str) -> dict[str, int]:
    """The lines of cgroup files and of /proc/PID/io: a name and a number."""
    lines = [line.replace(":", "").split() for line in text.splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}


def cpu_seconds(folder: Path) -> float:
    if (folder / "cpuacct.usage").exists():
        return int((folder / "cpuacct.usage").read_text()) / 1e9
    return named((folder / "cpu.stat").read_text())["usage_usec"] / 1e6


@dataclass(frozen=True)
class Memory:
    """MiB."""

    resident: float  # of the processes, the program's own text included
    working_set: float  # of the cgroup, as `kubectl top` shows it: with cached files in use


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
    """One container that runs now. `node_cgroup` is its node's, `id` what its runtime calls it."""

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

    def threads(self) -> list[int]:
        return [int(one) for pid in self.processes() for one in os.listdir(f"/proc/{pid}/task")]

    def written_bytes(self) -> int:
        """Since they started: pages that they made dirty and that were not dropped before they were
        written. What the file system writes of its own is not in it."""
        total = 0
        for pid in self.processes():
            counted = named(Path(f"/proc/{pid}/io").read_text())
            total += counted["write_bytes"] - counted["cancelled_write_bytes"]
        return total


def disk_mib(folder: Path) -> float:
    """What is occupied below it."""
    files = [file.lstat() for file in folder.rglob("*")] if folder.exists() else []
    return sum(status.st_blocks for status in files) * 512 / MIB


@dataclass
class Sampled:
    """Of several containers; complete when sampling() has ended."""

    resident: list[float] = field(default_factory=list)
    working_set: list[float] = field(default_factory=list)

    def take(self, containers: list[Container]) -> None:
        for container in containers:
            now = container.memory()
            self.resident.append(now.resident)
            self.working_set.append(now.working_set)


@contextmanager
def sampling(containers: list[Container]):
    sampled, done = Sampled(), threading.Event()
    sampled.take(containers)

    def sample() -> None:
        while not done.wait(SAMPLE_SECONDS):
            sampled.take(containers)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield sampled
    finally:
        done.set()
        thread.join()


class SyncCount:
    """How often threads, and those that they start, ask for a sync: by the kernel's own trace of
    system calls, in a buffer of ours. It slows down every system call of the machine a little, so
    no time is to be measured meanwhile."""

    def __init__(self, tracing: Path):
        self._buffer = tracing / "instances" / f"dualtrace-{os.getpid()}"

    @contextmanager
    def counting(self, threads: list[int]):
        """Gives a function that says how many there were so far."""
        self._buffer.mkdir()
        try:
            (self._buffer / "options" / "event-fork").write_text("1")
            for call, condition in SYNCS.items():
                event = self._buffer / "events" / "syscalls" / f"sys_enter_{call}"
                if condition:
                    (event / "filter").write_text(condition)
                (event / "enable").write_text("1")
            self._watch(threads)
            yield self._count
        finally:
            (self._buffer / "events" / "enable").write_text("0")
            self._buffer.rmdir()

    def _watch(self, threads: list[int]) -> None:
        pids = self._buffer / "set_event_pid"
        # First one of ours: in a process namespace below the first, the kernel's ids are others.
        pids.write_text(str(threading.get_native_id()))
        with tempfile.TemporaryFile() as file:
            os.fsync(file.fileno())
        if self._count() != 1:
            raise OSError("the kernel's trace does not know our processes")
        pids.write_text("\n".join(map(str, threads)))
        (self._buffer / "trace").write_text("")

    def _count(self) -> int:
        return written_entries((self._buffer / "trace").read_text())


def written_entries(trace: str) -> int:
    """Of the head of a trace: "# entries-in-buffer/entries-written: 3/3   #P:2"."""
    for line in trace.splitlines():
        name, _, counts = line.partition("entries-written:")
        if counts:
            return int(counts.split()[0].partition("/")[2])
    return 0


@contextmanager
def sync_count():
    """A SyncCount, or None where the kernel has no trace of system calls for us."""
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(["mount", "-t", "tracefs", "tracefs", folder], capture_output=True)
        try:
            has = mounted.returncode == 0 and Path(folder, "events/syscalls").is_dir()
            yield SyncCount(Path(folder)) if has else None
        finally:
            if mounted.returncode == 0:
                subprocess.run(["umount", "--lazy", folder], check=True)
