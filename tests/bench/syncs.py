# SPDX-License-Identifier: Apache-2.0
"""Counts how often files below a folder are synced. Linux has no such counter per process. Its ext4
tracepoint reports the folder of the synced file, whether by fsync, fdatasync or a synchronous
write; a perf event on each CPU counts these reports, at the cost of one comparison per sync. That
needs root. Without it, or on another file system, the flushes of the whole disk are counted,
whichever program causes them."""

import ctypes
import fcntl
import os
import platform
import struct
import subprocess
from pathlib import Path

FLUSHES = 15  # the field in a block device's stat (Linux 5.5)
PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
PERF_TYPE_TRACEPOINT = 2
PERF_ATTR_BYTES = 64  # the size in its first version
PERF_EVENT_IOC_SET_FILTER = 0x40082406
PERF_FLAG_FD_CLOEXEC = 8

# In a separate mount namespace, so that the machine's mounts stay unchanged.
READ_TRACEPOINT = "mount -t tracefs none /sys/kernel/tracing && cat /sys/kernel/tracing/events/$0/id"


class DiskFlushes:
    """The flushes of the disk that a folder is on. Concurrent syncs are one flush."""

    what = "flushes of the whole disk"

    def __init__(self, folder: Path):
        number = os.stat(folder).st_dev
        device = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve()
        # A partition has no count of its own.
        self._device = device.parent if (device / "partition").exists() else device

    def read(self) -> int | None:
        """None if it cannot be determined: in memory, behind a volume manager, on a disk without
        its own cache."""
        cache = self._device / "queue/write_cache"
        if not cache.exists() or cache.read_text().strip() != "write back":
            return None
        return int((self._device / "stat").read_text().split()[FLUSHES])

    def close(self) -> None:
        pass


class FileSyncs:
    """The syncs of the files in a folder and its present subfolders. OSError without root or
    ext4."""

    what = "syncs of the system's own files"

    def __init__(self, folder: Path):
        folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
        condition = " || ".join(f"parent == {path.stat().st_ino}" for path in folders)
        event = tracepoint("ext4/ext4_sync_file_enter")
        self._counters: list[int] = []
        try:
            for cpu in range(os.cpu_count()):
                self._counters.append(count(event, cpu, condition))
        except OSError:
            self.close()
            raise

    def read(self) -> int:
        return sum(struct.unpack("Q", os.read(counter, 8))[0] for counter in self._counters)

    def close(self) -> None:
        for counter in self._counters:
            os.close(counter)
        self._counters = []


def tracepoint(name: str) -> int:
    read = subprocess.run(["unshare", "--mount", "sh", "-c", READ_TRACEPOINT, name],
                          capture_output=True, text=True)
    if read.returncode != 0:
        raise OSError(read.stderr)
    return int(read.stdout)


def count(event: int, cpu: int, condition: str) -> int:
    """A descriptor that counts the hits of a tracepoint on a CPU."""
    if platform.machine() not in PERF_EVENT_OPEN:
        raise OSError(f"perf_event_open on {platform.machine()}")
    attributes = struct.pack("IIQ", PERF_TYPE_TRACEPOINT, PERF_ATTR_BYTES, event)
    libc = ctypes.CDLL(None, use_errno=True)
    counter = libc.syscall(PERF_EVENT_OPEN[platform.machine()],
                           attributes.ljust(PERF_ATTR_BYTES, b"\0"), -1, cpu, -1,
                           PERF_FLAG_FD_CLOEXEC)
    if counter < 0:
        raise OSError(ctypes.get_errno(), "perf_event_open")
    fcntl.ioctl(counter, PERF_EVENT_IOC_SET_FILTER, condition.encode() + b"\0")
    return counter


def counter_of(folder: Path):
    try:
        return FileSyncs(folder)
    except OSError:
        return DiskFlushes(folder)
