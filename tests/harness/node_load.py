# SPDX-License-Identifier: Apache-2.0
"""A load (load.py) in a node's network, where Services resolve as they do for that node's pods. It
runs in its own process, because entering a network namespace affects a whole process. Run as a
program, this file is that process."""

import argparse
import json
import secrets
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from harness.load import Load, Outcome, Shape
from harness.processes import Process, wait_until

TESTS = Path(__file__).resolve().parents[1]
SPANS = 20  # per request


@dataclass(frozen=True)
class Services:
    """The load's target, with the interface through which Load addresses an agent."""

    grpc_endpoint: str
    http_endpoint: str


@dataclass(frozen=True)
class Told:
    """The responses that the load's clients got."""

    stored: set[str]  # trace ids of requests that were answered OK
    refused: int
    unanswered: int
    longest_outage: float  # seconds from the first failed attempt to the next OK


class NodeLoad:
    """`enter` is a command that starts another in the node's network."""

    def __init__(self, enter: list[str], address: str, rate: float, folder: Path, name: str):
        self._result = folder / f"{name}.json"
        arguments = [*enter, sys.executable, "-m", "harness.node_load", "--address", address]
        arguments += ["--rate", rate, "--result", self._result]
        self.process = Process(name, arguments, folder, {"PYTHONPATH": str(TESTS)})
        wait_until(lambda: "running" in self.process.output(), "the load runs", process=self.process)

    def stop(self) -> Told:
        assert self.process.stop(timeout=90) == 0, self.process.output()
        told = json.loads(self._result.read_text())
        return Told(**{**told, "stored": set(told["stored"])})


def longest_outage(sent: list) -> float:
    """Clients retry immediately, each with its next request."""
    longest, since = 0.0, None
    for one in sorted(sent, key=lambda one: one.at + one.took):
        if one.outcome is Outcome.OK:
            if since is not None:
                longest = max(longest, one.at + one.took - since)
            since = None
        elif since is None:
            since = one.at
    return longest


def run(arguments: argparse.Namespace) -> None:
    services = Services(f"{arguments.address}:4317", f"{arguments.address}:4318")
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    seed = secrets.randbits(64)  # its trace ids derive from it and differ from those of other loads
    load = Load(lambda: services, Shape(spans=SPANS, rate=arguments.rate), seed)
    print("running", flush=True)
    over.wait()
    load.stop()
    outcomes = [one.outcome for one in load.sent]
    result = {
        "stored": [load.trace_id(one.number) for one in load.sent if one.outcome is Outcome.OK],
        "refused": outcomes.count(Outcome.REFUSED),
        "unanswered": outcomes.count(Outcome.UNKNOWN),
        "longest_outage": longest_outage(load.sent),
    }
    arguments.result.write_text(json.dumps(result))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--result", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    run(parsed())
