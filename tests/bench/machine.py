# SPDX-License-Identifier: Apache-2.0
"""On what it was measured: the machine, its disk, the commit."""

import os
import platform
import statistics
import subprocess
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

SYNCS = 200
FEW_SYNCS = 25  # ahead of each measurement
FLUSHES = 15  # the place in a block device's stat (Linux 5.5)


class Disk:
    """The disk that a folder lies on."""

    def __init__(self, folder: Path):
        self.folder = folder
        number = os.stat(folder).st_dev
        device = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve()
        # A partition counts no flushes of its own.
        self._stat = (device.parent if (device / "partition").exists() else device) / "stat"

    def flushes(self) -> int | None:
        """How often the disk was made to keep what it has, by whatever program: each fsync that
        has something to sync is one, and those that came together are one. None where it cannot be
        known: in memory, behind a volume manager, on a disk without a cache of its own."""
        if not self._stat.exists():
            return None
        if (self._stat.parent / "queue/write_cache").read_text().strip() != "write back":
            return None
        return int(self._stat.read_text().split()[FLUSHES])

    def sync_ms(self) -> float:
        """What one fdatasync of 16 KiB takes now: the median of a few."""
        return statistics.median(sync_milliseconds(self.folder, FEW_SYNCS))


def describe(root: Path, folder: Path) -> dict:
    """`folder` lies on the disk that is measured."""
    commit = subprocess.check_output(["git", "-C", str(root), "describe", "--always", "--dirty"],
                                     text=True).strip()
    return {
        "commit": commit,
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{os.cpu_count()} × {processor()}, {memory_gib():.0f} GiB, "
                   f"Linux {platform.release()}, {disk(folder)}",
    }


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def disk(folder: Path) -> str:
    device, kind = "", ""
    longest = -1
    for line in Path("/proc/self/mounts").read_text().splitlines():
        source, point, file_system = line.split()[:3]
        if folder.is_relative_to(point) and len(point) > longest:
            device, kind, longest = Path(source).name, file_system, len(point)
    times = sorted(sync_milliseconds(folder, SYNCS))
    return (f"{kind} on {device}, {SYNCS} × fdatasync of 16 KiB: "
            f"median {times[SYNCS // 2]:.1f} ms, longest {times[-1]:.0f} ms")


def sync_milliseconds(folder: Path, count: int) -> list[float]:
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, count * 16384)
        for i in range(count):
            begun = time.perf_counter()
            os.pwrite(file.fileno(), bytes(16384), i * 16384)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begun) * 1e3)
    return times
