# SPDX-License-Identifier: Apache-2.0
"""`./dev bench`: the cost of a span for dualtrace and its peers, in one run.

Drives a numbered load (dualtrace-load) against each system in turn, row by row, so that the noise
of a shared machine affects all of them. Both destinations are one counting sink. Prints Markdown;
--write-docs puts it, with the picture, into docs/. Only compare rows of the same run.
"""

import argparse
import json
import os
import re
import resource
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))  # the harness

import blackhole  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402
import rows  # noqa: E402
from measure import Measurement, Rest, Sink, measure, rest  # noqa: E402
from syncs import counter_of  # noqa: E402
from systems import (  # noqa: E402
    Certificates, Collector, Dualtrace, Link, Rotel, Running, System, keep_nice)


class Bench:
    """One run: the sink, the systems, and the results so far."""

    def __init__(self, options: argparse.Namespace, systems: list[System], folder: Path):
        self.options = options
        self.load_binary = options.build / "tests/bench/dualtrace-load"
        self.systems = systems
        self.folder = folder
        self.sink = Sink(options.build / "tests/bench/dualtrace-sink", folder / "sink",
                         Certificates(folder / "certificates"))
        self.cost: list[dict] = []
        self.idle: list[dict] = []
        self.blackhole: list[dict] = []
        self.shown_head = ""

    def selected(self, row: str, pattern: str) -> list[System]:
        return [system for system in self.systems
                if re.fullmatch(pattern, system.key.removesuffix("-before")) and
                re.search(self.options.only, f"{row}/{system.key}")]

    @contextmanager
    def running(self, system: System, link: Link):
        """Starts the system in its own folder, on the disk under test."""
        with tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as name:
            running = system.start(Path(name), self.sink, link)
            try:
                yield running, Path(name)
            finally:
                running.stop()

    def in_turns(self, systems: list[System], run) -> Iterator[tuple[System, list]]:
        """The results of `run` for each system in all rounds; the systems take turns."""
        results: list[list] = [[] for _ in systems]
        for _ in range(self.options.rounds):
            for system, of_system in zip(systems, results):
                of_system.append(run(system))
        return zip(systems, results)

    def run_rows(self) -> None:
        for row in rows.ROWS:
            if self.options.quick and not row.quick:
                continue
            systems = self.selected(row.key, row.systems)
            for system, measured in self.in_turns(systems, partial(self.run_row, row)):
                self.add(row.table, row.key, row.title, system, measured)

    def run_row(self, row: rows.Row, system: System) -> Measurement:
        with self.running(system, row.link) as (running, folder):
            sent = self.warm_up(running, folder, system) if row.warm_up else 0
            return self.measure(running, folder, system, row.load,
                                row.times * self.options.seconds, sent)

    def warm_up(self, running: Running, folder: Path, system: System) -> int:
        """Runs the warm-up. Returns the number of the first span after it."""
        return self.measure(running, folder, system, rows.WARM_UP,
                            rows.WARM_UP_SECONDS).load["spans_sent"]

    def run_idle(self) -> None:
        systems = self.selected(rows.IDLE_KEY, rows.IDLE_SYSTEMS)
        for system, rested in self.in_turns(systems, self.rest):
            self.idle.append({"key": system.key, "system": system.title,
                              **rounds.of_rests(rested)})
            self.show(report.IDLE_HEAD, report.idle_line(self.idle[-1]))

    def rest(self, system: System) -> Rest:
        with self.running(system, Link(gzip=True)) as (running, folder):
            self.warm_up(running, folder, system)
            time.sleep(self.options.settle_seconds)
            return rest(running, self.options.idle_seconds)

    def run_overload(self) -> None:
        systems = self.selected(rows.OVERLOAD_KEY, rows.OVERLOAD_SYSTEMS)
        for system, measured in self.in_turns(systems, self.overload):
            title = f"{rows.OVERLOAD_FACTOR} times overload, plain"
            self.add("cost", "overload", title, system, [overload for overload, _ in measured])
            self.add("cost", "after-overload", "right after it: 20k/s, plain", system,
                     [after for _, after in measured])

    def overload(self, system: System) -> tuple[Measurement, Measurement]:
        """Measures during the overload, and right after it."""
        if isinstance(system, Dualtrace):
            system = system.with_changes(rows.OVERLOAD_LIMITS)
        with self.running(system, Link()) as (running, folder):
            seconds = self.options.seconds
            closed = self.measure(running, folder, system, rows.BEFORE_OVERLOAD, seconds / 2)
            sent = closed.load["spans_sent"]
            taken = closed.load["spans_per_second"]
            options = replace(rows.OVERLOAD, rate=int(taken * rows.OVERLOAD_FACTOR))
            overload = self.measure(running, folder, system, options, seconds, sent)
            sent += overload.load["spans_sent"]
            return overload, self.measure(running, folder, system, rows.AFTER_OVERLOAD, seconds,
                                          sent)

    def run_blackhole(self) -> None:
        for system in self.selected(rows.BLACKHOLE_KEY, rows.BLACKHOLE_SYSTEMS):
            with self.running(system, Link(gzip=True)) as (running, folder):
                result = blackhole.run(
                    self.load_binary, folder, running, self.sink, rows.BLACKHOLE,
                    self.options.blackhole_seconds, rows.AROUND_BLACKHOLE_SECONDS)
            self.blackhole.append({"system": system.title, "key": system.key, **result})
            self.show(report.BLACKHOLE_HEAD, report.blackhole_line(self.blackhole[-1]))

    def measure(self, running, folder, system, load, seconds, first_span=0) -> Measurement:
        return measure(self.load_binary, folder, running, self.sink, system.destinations, load,
                       seconds, first_span)

    def add(self, table: str, row: str, title: str, system: System,
            measured: list[Measurement]) -> None:
        self.cost.append({"table": table, "row": row, "title": title, "key": system.key,
                          "system": system.title, **rounds.of_measurements(measured)})
        self.show(report.HEADS[table], report.LINES[table](self.cost[-1]))

    def show(self, head: str, line: str) -> None:
        if head != self.shown_head:
            print(f"\n{head}")
        self.shown_head = head
        print(line, flush=True)


def make_systems(options: argparse.Namespace) -> list[System]:
    systems: list[System] = [Dualtrace(options.build / "agent/dualtrace-agent")]
    if options.before:
        systems.append(Dualtrace.of_before(options.before))
    if options.collector:
        systems += [Collector(options.collector, "memory"),
                    Collector(options.collector, "file_storage"),
                    Collector(options.collector, "file_storage", fsync=True),
                    Collector(options.collector, "file_storage", batch=False)]
    if options.rotel:
        systems.append(Rotel(options.rotel))
    return systems


def run(options: argparse.Namespace) -> dict:
    """Measures everything that is selected; the result keeps what was measured even if the run is
    interrupted."""
    with tempfile.TemporaryDirectory(dir=options.build, prefix="bench-") as name:
        bench = Bench(options, make_systems(options), Path(name))
        try:
            bench.run_rows()
            if not options.quick:
                bench.run_idle()
                bench.run_overload()
                bench.run_blackhole()
        finally:
            bench.sink.stop()
            result = {"cost": bench.cost, "idle": bench.idle, "blackhole": bench.blackhole,
                      "seconds": options.seconds, "rounds": options.rounds,
                      "idle_seconds": options.idle_seconds,
                      "blackhole_seconds": options.blackhole_seconds,
                      "command": command(sys.argv[1:]),
                      "syncs": counter_of(Path(name)).what,
                      **machine.describe(ROOT, Path(name))}
            (options.build / "bench-results.json").write_text(json.dumps(result, indent=1))
    return result


def allow_descriptors() -> None:
    """A thousand connections nearly reach a shell's usual limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def command(arguments: list[str]) -> str:
    """The command as the user typed it, without the options that ./dev adds."""
    words = iter(arguments)
    typed = ["./dev", "bench"]
    for word in words:
        if word in ("--build", "--collector", "--rotel"):
            next(words)
        else:
            typed.append(shlex.quote(word))
    return " ".join(typed)


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--collector", type=Path, help="the Collector's binary; default: omit it")
    parser.add_argument("--rotel", type=Path, help="rotel's binary; default: omit it")
    parser.add_argument("--before", type=Path, help="the agent of another build, for comparison")
    parser.add_argument("--seconds", type=float, default=5, help="how long each row's load lasts")
    parser.add_argument("--rounds", type=int, default=3,
                        help="how often each row is measured, with the systems taking turns; the "
                        "table shows medians. The black hole is measured once")
    parser.add_argument("--settle-seconds", type=float, default=rows.SETTLE_SECONDS,
                        help="from the end of the load until an idle system is measured")
    parser.add_argument("--idle-seconds", type=float, default=rows.IDLE_SECONDS,
                        help="how long an idle system is measured")
    parser.add_argument("--blackhole-seconds", type=float, default=rows.BLACKHOLE_SECONDS)
    parser.add_argument("--quick", action="store_true", help="only a few rows")
    parser.add_argument("--only", default="", help="a regular expression that matches row/system: "
                        "20k-gzip, dualtrace, '(llm|10kB)/dualtrace', trickle, idle, tls, "
                        "blackhole, overload")
    parser.add_argument("--write-docs", action="store_true",
                        help="write the results to docs/benchmarks.md and .svg")
    options = parser.parse_args()
    options.build = options.build.resolve()
    keep_nice(os.getpid())
    allow_descriptors()
    result = run(options)
    if options.write_docs:
        report.write_docs(ROOT / "docs", result)
    print(f"\n{report.notes(result)}")


if __name__ == "__main__":
    main()
