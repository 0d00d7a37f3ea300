# SPDX-License-Identifier: Apache-2.0
"""The environment of a measurement: the machine, its disk, the commit."""

import os
import platform
import statistics
import subprocess
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

SYNCS = 200
FEW_SYNCS = 25  # before each measurement


def describe(root: Path, folder: Path) -> dict:
    """`folder` is on the disk under test."""
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


def sync_ms(folder: Path) -> float:
    """The current duration of one fdatasync of 16 KiB."""
    return statistics.median(sync_milliseconds(folder, FEW_SYNCS))


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
