# SPDX-License-Identifier: Apache-2.0
"""Numbered spans: the benchmark's generator numbers what it sends and its sink records what
arrived, so loss and duplicates are counted exactly at rates that the sandbox's database could not
handle."""

from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass

from harness.processes import wait_until
from harness.sandbox import DESTINATIONS
from harness.stage import Stage
from measure import Load, LoadOptions, Sink
from systems import SPACE_ID, Running

LONG = 7200  # seconds; only stops a hanging test, never decides a result


@dataclass
class Arrived:
    """The spans that one destination has received: a set of numbers, as the bits of an integer."""

    spans: int = 0
    duplicates: int = 0


class Numbered:
    """An agent between generator and sink, not started yet, and the sets of promised and received
    spans."""

    def __init__(self, stage: Stage, *configs: dict):
        bench = stage.binaries / "tests" / "bench"
        self.load_binary = bench / "dualtrace-load"
        self.sink = Sink(bench / "dualtrace-sink", stage.folder / "sink")
        stage.others.append(self.sink.process)
        self.agent = stage.agent(self._destinations(stage), *configs, start=False)
        self.accepted = 0  # a set of spans' numbers
        self.arrived = {name: Arrived() for name in DESTINATIONS}
        self._next_span = 0

    def _destinations(self, stage: Stage) -> dict:
        folder = stage.folder
        (folder / "key").write_text("key")
        (folder / "space").write_text(SPACE_ID)
        return {
            "arize": {
                "endpoint": f"http://127.0.0.1:{self.sink.grpc_port}",
                "credentials": {"apiKeyFile": f"{folder}/key", "spaceIDFile": f"{folder}/space"},
            },
            "databricks": {
                "workspaceURL": f"http://127.0.0.1:{self.sink.http_port}",
                "table": "main.traces.numbered_otel_spans",
                "auth": {"tokenFile": f"{folder}/key"},
            },
            # However far the lanes fall behind, nothing expires.
            "delivery": {"maxBacklog": "256Gi"},
        }

    @contextmanager
    def load(self, options: LoadOptions, seconds: float):
        """Runs the generator during the with block and to its end; the yielded dictionary then has
        its counts."""
        port = self.agent.ports[0]
        running = Running(self.agent.process, port, port, self.agent.folder)
        folder, first = self.agent.folder, self._next_span
        load = Load(self.load_binary, folder, running, options, seconds, first)
        counted: dict = {}
        try:
            yield counted
        finally:
            result, accepted = load.result()
        (folder / f"ok-{first}").unlink()
        counted.update(result)
        self.accepted |= accepted
        self._next_span += result["spans_sent"]

    def wait_for(self, destination: str) -> None:
        """Waits until it has everything; the load must have stopped."""
        accepted = self.accepted.bit_count()

        def delivered():
            spans = self.agent.spans(destination)
            return spans["accepted"] >= accepted and spans["backlog"] == 0

        what = f"everything is at {destination}"
        wait_until(delivered, what, timeout=LONG, process=self.agent.process)

    def collect(self) -> dict:
        """Records what arrived since the last call, and clears the sink; no request may be in
        flight. Returns the sink's counts."""
        counts = self.sink.counts()
        for name, arrived in self.arrived.items():
            seen = self.sink.seen(name)
            again = (seen & arrived.spans).bit_count() + counts[name]["duplicates"]
            arrived.duplicates += again
            arrived.spans |= seen
        self.sink.forget()
        return counts

    def lines(self) -> Iterable[str]:
        accepted = self.accepted.bit_count()
        for name, arrived in self.arrived.items():
            lost = (self.accepted & ~arrived.spans).bit_count()
            yield f"{name}: {accepted:,} spans accepted, {lost} lost, {arrived.duplicates:,} twice"

    def judge(self) -> list[str]:
        """Whether everything that was promised arrived, and the ledger agrees."""
        self.agent.assert_books_balance()
        findings = []
        for name, arrived in self.arrived.items():
            came = arrived.spans.bit_count()
            if lost := (self.accepted & ~arrived.spans).bit_count():
                findings.append(f"{name}: {lost} spans are lost")
            if (delivered := self.agent.spans(name)["delivered"]) != came:
                findings.append(f"{name}: the ledger has {delivered} delivered, {came} arrived")
        return findings
