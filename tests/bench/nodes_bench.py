# SPDX-License-Identifier: Apache-2.0
"""`./dev bench nodes`: dualtrace and the OpenTelemetry Collector as agents of two real nodes, one
after the other, under the same load from the same pods: CPU, memory, delay to both destinations,
disk, and the effect on spans and clients when an agent is killed or a node is drained.

Prints Markdown; --write-docs puts it into docs/benchmarks.md. Only compare figures of the same run.
"""

import argparse
import re
import signal
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]  # the harness, and the code that builds images

import machine  # noqa: E402
import report  # noqa: E402
from cluster.cluster import Cluster, default_folder  # noqa: E402
from cluster.daemon import all_marked  # noqa: E402
from harness.live_cluster import LiveCluster  # noqa: E402
from nodes import page  # noqa: E402
from nodes.destinations import Destinations  # noqa: E402
from nodes.load import Loads  # noqa: E402
from nodes.phases import EVENTS, ROWS, Stand, idle, loaded, under_load  # noqa: E402
from nodes.systems import CollectorOnNodes, DualtraceOnNodes, NodeSystem  # noqa: E402


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def two_nodes(binaries: Path):
    """Uses a separate folder, the same in each run: after a run that was killed, the next one
    cleans up. Everything that is started here ends with the cluster."""
    folder = default_folder().with_name("bench-nodes")
    cluster = Cluster(folder)
    cluster.down()
    cluster.up(nodes=2)
    try:
        with all_marked(folder):
            yield LiveCluster(cluster, binaries)
    finally:
        cluster.down()


class Bench:
    """One run. Used from one thread."""

    def __init__(self, options: argparse.Namespace, live: LiveCluster, folder: Path):
        self.options = options
        self.live = live
        programs = options.build / "tests/bench"
        self.destinations = Destinations(live, programs / "dualtrace-sink", folder)
        self.loads = Loads(live, programs / "dualtrace-load", folder)
        self.results: list[dict] = []

    def systems(self) -> list[NodeSystem]:
        made: list[NodeSystem] = [DualtraceOnNodes(self.live)]
        if self.options.collector:
            made.append(CollectorOnNodes(self.live, self.options.collector))
        return made

    def run(self) -> None:
        for system in self.systems():
            if not any(self.selected(key, system) for key in self.keys()):
                continue
            say(f"installing {system.title}")
            system.install(self.destinations.ca_file)
            self.run_phases(system)
            system.remove()

    @staticmethod
    def keys() -> list[str]:
        return ["idle", *[row.key for row in ROWS], *[event.key for event in EVENTS]]

    def selected(self, key: str, system: NodeSystem) -> bool:
        return bool(re.search(self.options.only, f"{key}/{system.key}"))

    def run_phases(self, system: NodeSystem) -> None:
        stand = Stand(self.live, system, self.destinations, self.loads)
        options = self.options
        self.phase("idle", "idle", "idle", stand, lambda: idle(stand, options.seconds))
        for row in ROWS:
            self.phase(row.key, "load", row.title, stand,
                       lambda row=row: loaded(stand, row.shape, options.seconds))
        for event in EVENTS:
            self.phase(event.key, "event", event.title, stand,
                       lambda event=event: under_load(stand, event, options.event_seconds))

    def phase(self, key: str, kind: str, title: str, stand: Stand, measure) -> None:
        if not self.selected(key, stand.system):
            return
        say(f"{stand.system.key}: {title}")
        system = stand.system
        self.results.append({"key": key, "kind": kind, "title": title, "system": system.title,
                             "result": measure()})
        say(page.LINES[kind](title, system.title, self.results[-1]["result"]))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench nodes", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--collector", type=Path, help="the Collector's binary; default: omit it")
    parser.add_argument("--seconds", type=float, default=60, help="how long each load lasts (60)")
    parser.add_argument("--event-seconds", type=float, default=40,
                        help="how long the load of a phase with an event lasts (40)")
    parser.add_argument("--only", default="", help="a pattern, searched in phase/system: idle, "
                        "trickle/collector, '(kill|drain|reboot)/dualtrace'")
    parser.add_argument("--write-docs", action="store_true")
    options = parser.parse_args()
    options.build = options.build.resolve()
    return options


def main() -> None:
    options = parsed()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the cluster is cleaned up
    with ExitStack() as ends:
        live = ends.enter_context(two_nodes(options.build))
        folder = live.cluster.folder / "bench"
        folder.mkdir()
        bench = Bench(options, live, folder)
        ends.callback(bench.destinations.stop)
        around = machine.describe(ROOT, folder)
        try:
            bench.run()
        finally:  # keep the results up to an interruption
            text = page.markdown(bench.results, around, options)
            print(text)
    if options.write_docs:
        report.publish(ROOT / "docs", "nodes", text)


if __name__ == "__main__":
    main()
