# SPDX-License-Identifier: Apache-2.0
"""One destination accepts requests and does not answer for a minute, then answers again: the effect
on the clients, the healthy destination, the memory and the disk."""

import time
from dataclasses import asdict
from pathlib import Path

from measure import Load, LoadOptions, Sink, arrived_at, sampling, wait_delivered
from systems import Running

HEALTHY, DEAD = "arize", "databricks"
# Longer than any back-off of the systems: 30 s, after a request that took 30 s to time out.
QUIET_SECONDS = 75


def run(binary: Path, folder: Path, running: Running, sink: Sink, options: LoadOptions,
        seconds: float, around: float) -> dict:
    sink.forget()
    try:
        with sampling(running.rss_mib) as samples:
            load = Load(binary, folder, running, options, seconds + 2 * around)
            time.sleep(around)
            memory_before = max(samples)
            sink.behave(DEAD, "hang")
            time.sleep(seconds)
            sink.behave(DEAD, "answer")
            answers_again = time.monotonic()
            result, accepted = load.result()
            wait_delivered(sink, (HEALTHY, DEAD), accepted, QUIET_SECONDS)
            caught_up = time.monotonic() - answers_again
    finally:
        sink.behave(DEAD, "answer")
    return {
        "load": result,
        "healthy": asdict(arrived_at(sink, HEALTHY, accepted)),
        "dead": asdict(arrived_at(sink, DEAD, accepted)),
        "rss_before_mib": memory_before,
        "rss_max_mib": max(samples),
        "disk_left_mib": running.disk_mib(),
        "caught_up_seconds": caught_up,
    }
