# SPDX-License-Identifier: Apache-2.0
"""`./dev bench`: what a span costs dualtrace and its peers, in one run.

Drives a numbered load (dualtrace-load) against each system in turn, row by row, so that the noise
of a shared machine hits all of them; both destinations are one counting sink. Prints Markdown;
--write-docs puts it, with the picture, into docs/. Compare rows of one run only.
"""

import argparse
import json
import os
import re
import resource
import shlex
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))  # the harness

import blackhole  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402
import rows  # noqa: E402
from measure import Measurement, Sink, measure  # noqa: E402
from systems import Collector, Dualtrace, Rotel, System, keep_nice  # noqa: E402


class Bench:
    """One run: the sink, the systems, the results so far."""

    def __init__(self, options: argparse.Namespace, systems: list[System], folder: Path):
        self.options = options
        self.load_binary = options.build / "tests/bench/dualtrace-load"
        self.systems = systems
        self.folder = folder
        self.sink = Sink(options.build / "tests/bench/dualtrace-sink", folder / "sink")
        self.cost: list[dict] = []
        self.blackhole: list[dict] = []

    def selected(self, row: str, pattern: str) -> list[System]:
        return [system for system in self.systems
                if re.fullmatch(pattern, system.key.removesuffix("-before")) and
                re.search(self.options.only, f"{row}/{system.key}")]

    @contextmanager
    def running(self, system: System, gzip: bool):
        """The system in a folder of its own, on the disk that is measured."""
        with tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as name:
            running = system.start(Path(name), self.sink, gzip)
            try:
                yield running, Path(name)
            finally:
                running.stop()

    def run_rows(self) -> None:
        for row in rows.ROWS:
            if self.options.quick and not row.quick:
                continue
            for system in self.selected(row.key, row.systems):
                with self.running(system, row.gzip) as (running, folder):
                    self.add(row.key, row.title, system, self.measure(
                        running, folder, system, row.load, self.options.seconds))

    def run_overload(self) -> None:
        for system in self.selected(rows.OVERLOAD_KEY, rows.OVERLOAD_SYSTEMS):
            if isinstance(system, Dualtrace):
                system = system.with_changes(rows.OVERLOAD_LIMITS)
            with self.running(system, gzip=False) as (running, folder):
                seconds = self.options.seconds
                closed = self.measure(running, folder, system, rows.BEFORE_OVERLOAD, seconds / 2)
                sent = closed.load["spans_sent"]
                taken = closed.load["spans_per_second"]
                options = replace(rows.OVERLOAD, rate=int(taken * rows.OVERLOAD_FACTOR))
                overload = self.measure(running, folder, system, options, seconds, sent)
                sent += overload.load["spans_sent"]
                after = self.measure(running, folder, system, rows.AFTER_OVERLOAD, seconds, sent)
            title = f"{rows.OVERLOAD_FACTOR} times overload, plain"
            self.add("overload", title, system, overload)
            self.add("after-overload", "right after it: 20k/s, plain", system, after)

    def run_blackhole(self) -> None:
        for system in self.selected(rows.BLACKHOLE_KEY, rows.BLACKHOLE_SYSTEMS):
            with self.running(system, gzip=True) as (running, folder):
                result = blackhole.run(
                    self.load_binary, folder, running, self.sink, rows.BLACKHOLE,
                    self.options.blackhole_seconds, rows.AROUND_BLACKHOLE_SECONDS)
            if not self.blackhole:
                print(f"\n{report.BLACKHOLE_HEAD}")
            self.blackhole.append({"system": system.title, "key": system.key, **result})
            print(report.blackhole_line(self.blackhole[-1]), flush=True)

    def measure(self, running, folder, system, load, seconds, first_span=0) -> Measurement:
        return measure(self.load_binary, folder, running, self.sink, system.destinations, load,
                       seconds, first_span)

    def add(self, row: str, title: str, system: System, measured: Measurement) -> None:
        if not self.cost:
            print(report.COST_HEAD)
        self.cost.append({"row": row, "title": title, "key": system.key, "system": system.title,
                          "refused": measured.refused, "lost": measured.lost,
                          "duplicates": measured.duplicates, **asdict(measured)})
        print(report.cost_line(self.cost[-1]), flush=True)


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
    """All that is selected; what was done stands in the result even if the run is broken off."""
    with tempfile.TemporaryDirectory(dir=options.build, prefix="bench-") as name:
        bench = Bench(options, make_systems(options), Path(name))
        try:
            bench.run_rows()
            if not options.quick:
                bench.run_overload()
                bench.run_blackhole()
        finally:
            bench.sink.stop()
            result = {"cost": bench.cost, "blackhole": bench.blackhole,
                      "seconds": options.seconds, "blackhole_seconds": options.blackhole_seconds,
                      "command": command(sys.argv[1:]),
                      **machine.describe(ROOT, Path(name))}
            (options.build / "bench-results.json").write_text(json.dumps(result, indent=1))
    return result


def allow_descriptors() -> None:
    """A thousand connections are near what a shell usually allows."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def command(arguments: list[str]) -> str:
    """As it was typed: without what ./dev adds."""
    words = iter(arguments)
    typed = ["./dev", "bench"]
    for word in words:
        if word in ("--build", "--collector", "--rotel"):
            next(words)
        else:
            typed.append(shlex.quote(word))
    return " ".join(typed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--collector", type=Path, help="binary of the Collector; none: left out")
    parser.add_argument("--rotel", type=Path, help="binary of rotel; none: left out")
    parser.add_argument("--before", type=Path, help="the agent of another build, beside this one")
    parser.add_argument("--seconds", type=float, default=5, help="how long each row's load lasts")
    parser.add_argument("--blackhole-seconds", type=float, default=rows.BLACKHOLE_SECONDS)
    parser.add_argument("--quick", action="store_true", help="the most telling rows only")
    parser.add_argument("--only", default="", help="a pattern, searched in row/system: "
                        "20k-gzip, dualtrace, '(llm|10kB)/dualtrace', blackhole, overload")
    parser.add_argument("--write-docs", action="store_true",
                        help="put the parts that were run into docs/benchmarks.md and .svg")
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
