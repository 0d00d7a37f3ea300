# SPDX-License-Identifier: Apache-2.0
"""The backlog: gigabytes wait for one destination. Measures the effect on restarts, memory and the
other destination, and checks that the disk space is freed. Spans are numbered, so counts are exact.

The sandbox's database could not keep up; both destinations are the benchmark's counting sink."""

import json
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from faults.numbered import Numbered
from faults.play import Report
from faults.watch import Watch
from harness.files import of_files_below
from harness.processes import wait_until
from harness.sandbox import DESTINATIONS
from harness.stage import Stage
from measure import LoadOptions

FILL_SECONDS = 10
FRESH_SECONDS = 10
STARTS = 3
MIB = 1 << 20
READY_MORE = 1.0  # the start may be slower by this much
# The permitted cost of a backlog: memory for batches that are read ahead or in flight, and disk
# space for the segments that are kept for reuse.
RSS_MORE = 48 * MIB
DISK_MORE = 512 * MIB
RESEND_SECONDS = 5  # of fresh spans that may be sent again after a crash


@dataclass(frozen=True)
class Size:
    backlog_bytes: int
    span_bytes: int = 2000
    rate: int = 2000  # fresh spans per second

    def why_impossible(self, folder: Path) -> str | None:
        needed = self.backlog_bytes * 5 // 4
        free = shutil.disk_usage(folder).free
        return None if free >= needed else f"needs {needed:,} bytes of disk, {free:,} are free"


@dataclass
class Phase:
    rss: int = 0


@dataclass
class Backlog:
    stage: Stage
    size: Size
    report: Report = field(default_factory=Report)

    def __post_init__(self):
        config = {"delivery": {"requestTimeout": "10s"}, "drainTimeout": "2s"}
        self.spans = Numbered(self.stage, config)
        self.agent, self.sink = self.spans.agent, self.spans.sink

    def play(self) -> Report:
        empty = [self._start_and_end() for _ in range(STARTS)]
        self._start()
        self.watch = Watch(lambda: self.agent)
        try:
            disk = self._disk()
            base = self._fresh("nothing waits")
            self.sink.behave("databricks", "hang")
            self._fill()
            self._fresh("the backlog waits")
            full = [self._restart(self.agent.kill)]
            full += [self._restart(self.agent.stop) for _ in range(STARTS - 1)]
            self._judge_starts(empty, full)
            self._judge_memory(base, self._fresh("the backlog waits, after a restart"))
            self._judge_memory(base, self._catch_up())
            self._judge_disk(disk)
        finally:
            self.watch.stop()
        self.report.lines += self.spans.lines()
        self.report.findings += self.spans.judge()
        for name, arrived in self.spans.arrived.items():
            if arrived.duplicates > RESEND_SECONDS * self.size.rate:  # caused by the single kill -9
                self.report.findings.append(f"{name}: {arrived.duplicates} spans arrived twice")
        return self.report

    # --- starts and ends ---

    def _start(self) -> float:
        """Seconds from the start of the process until it accepted requests, according to its
        log."""
        begun = time.time()
        self.agent.start()
        (line,) = [
            line for line in self.agent.process.output().splitlines() if '"agent ready"' in line
        ]
        return datetime.fromisoformat(json.loads(line)["time"]).timestamp() - begun

    def _start_and_end(self) -> float:
        took = self._start()
        self.agent.stop()
        return took

    def _restart(self, end) -> float:
        end()
        return self._start()

    # --- spans ---

    def _load(self, seconds: float, rate: int) -> None:
        options = LoadOptions(rate=rate, span_bytes=self.size.span_bytes)
        with self.spans.load(options, seconds) as run:
            pass
        refused = run["spans_sent"] - run["spans_accepted"]
        if rate and refused:
            self.report.findings.append(f"{refused} of the fresh spans were not accepted")

    def _fill(self) -> None:
        """Sends as many spans as are accepted, until the backlog is large enough."""
        begun = time.monotonic()
        with self._phase("filling"):
            while self.agent.lane("databricks")["backlogBytes"] < self.size.backlog_bytes:
                self._load(FILL_SECONDS, rate=0)
            self.spans.wait_for("arize")
        waiting = self.agent.lane("databricks")
        self.report.lines.append(
            f"{waiting['backlogBytes'] / 1e9:.1f} GB, {waiting['spans']['backlog']:,} spans wait"
            f" after {time.monotonic() - begun:.0f} s; {self._disk() / 1e9:.1f} GB of disk"
        )

    def _fresh(self, title: str) -> int:
        """Some seconds of fresh spans at their rate; returns the peak memory in that time."""
        with self._phase(title) as phase:
            self._load(FRESH_SECONDS, self.size.rate)
            self.spans.wait_for("arize")
        return phase.rss

    def _catch_up(self) -> int:
        """Databricks recovers while fresh spans keep arriving."""
        waiting = self.agent.lane("databricks")["backlogBytes"]
        with self._phase("catching up") as phase:
            begun = time.time()
            self.sink.behave("databricks", "answer")
            while (self.agent.lane("databricks")["oldestUndeliveredSeconds"] or 0) > FRESH_SECONDS:
                self._load(FRESH_SECONDS, self.size.rate)
            for name in DESTINATIONS:
                self.spans.wait_for(name)
        took = next(
            sample.at - begun
            for sample in self.watch.samples
            if sample.at > begun and sample.oldest["databricks"] < FRESH_SECONDS
        )
        pace = f"{waiting / took / 1e6:.0f} MB/s"
        self.report.lines.append(f"caught up in {took:.0f} s, {pace}")
        return phase.rss

    @contextmanager
    def _phase(self, title: str):
        """No request may be in flight at its start and end."""
        self.spans.collect()
        phase, begun = Phase(), time.time()
        yield phase
        ended = time.time()
        phase.rss = max(sample.rss for sample in self.watch.within(begun, ended))
        delays = self.spans.collect()["arize"]
        self.report.lines.append(
            f"{title} ({ended - begun:.0f} s): delay to arize p50 {delays['delay_p50_ms']:.0f},"
            f" p99 {delays['delay_p99_ms']:.0f}, max {delays['delay_max_ms']:.0f} ms,"
            f" RSS {phase.rss / MIB:.0f} MiB"
        )

    # --- verdicts ---

    def _judge_starts(self, empty: list[float], full: list[float]) -> None:
        def text(times):
            return ", ".join(f"{seconds * 1e3:.0f}" for seconds in times)

        self.report.lines.append(
            f"ready after {text(empty)} ms with an empty journal,"
            f" {text(full)} ms with the backlog (the first after kill -9)"
        )
        if min(full) > min(empty) + READY_MORE:
            self.report.findings.append("the backlog makes the start slow")

    def _judge_memory(self, base: int, rss: int) -> None:
        if rss > base + RSS_MORE:
            self.report.findings.append(f"memory: {base // MIB} MiB without, {rss // MIB} with")

    def _disk(self) -> int:
        folder = Path(self.agent.config["delivery"]["folder"])
        return sum(of_files_below(folder, lambda file: file.stat().st_blocks * 512).values())

    def _judge_disk(self, before: int) -> None:
        wait_until(
            lambda: self._disk() <= before + DISK_MORE, "the disk space is freed", timeout=60
        )
        self.report.lines.append(f"{self._disk() // MIB} MiB of disk afterwards")
