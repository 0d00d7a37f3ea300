# SPDX-License-Identifier: Apache-2.0
"""The phases of a run, the same for each system: idle, under each load, and under load while
something happens to an agent or a node."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass

from cluster.node import Node
from harness.live_cluster import LiveCluster
from measure import arrived_at, sampling, wait_delivered
from systems import DESTINATIONS, disk_mib

from nodes.counters import Container, Memory, Syncs
from nodes.destinations import Destinations
from nodes.load import LABEL, Loads, Shape
from nodes.systems import NodeSystem

SAMPLE_SECONDS = 0.5
QUIET_SECONDS = 75  # longer than any system's back-off
BEFORE_EVENT_SECONDS = 8  # under load, before the event
LATE_SECONDS = 5  # duplicates may arrive after everything else


@dataclass(frozen=True)
class Row:
    key: str
    title: str
    shape: Shape


ROWS = [
    Row("trickle", "200 spans/s a node, 10 a request", Shape(rate=200, spans=10)),
    Row("busy", "5,000 spans/s a node, 100 a request", Shape(rate=5000, spans=100)),
]
DURING_EVENTS = Shape(rate=1000, spans=20)


@dataclass
class Stand:
    """The environment of a phase. Used from one thread."""

    live: LiveCluster
    system: NodeSystem
    destinations: Destinations
    loads: Loads

    @property
    def nodes(self) -> list[Node]:
        return self.live.cluster.nodes().each

    def containers(self) -> list[Container]:
        return [self.system.container_on(node) for node in self.nodes]

    def wait_delivered(self, accepted: int) -> None:
        """Waits until everything has arrived, or nothing more arrives."""
        wait_delivered(self.destinations.sink, DESTINATIONS, accepted, QUIET_SECONDS)

    def arrived(self, accepted: int) -> dict:
        sink = self.destinations.sink
        return {name: asdict(arrived_at(sink, name, accepted)) for name in DESTINATIONS}

    def syncs(self) -> Syncs:
        return Syncs([self.system.store_on(node) for node in self.nodes])

    def disk_mib(self) -> float:
        return max(disk_mib(self.system.store_on(node)) for node in self.nodes)


def cpu_of(containers: list[Container]) -> float:
    return sum(container.cpu_seconds() for container in containers)


def written_by(containers: list[Container]) -> int:
    return sum(container.written_bytes() for container in containers)


def idle(stand: Stand, seconds: float) -> dict:
    containers = stand.containers()
    begun, before = time.monotonic(), cpu_of(containers)
    with sampled_memory(containers) as sampled:
        time.sleep(seconds)
    took = time.monotonic() - begun
    return {
        "cpu_ms_per_second": (cpu_of(containers) - before) * 1e3 / took / len(containers),
        **memory_of(sampled),
    }


def sampled_memory(containers: list[Container]):
    return sampling(lambda: [container.memory() for container in containers], SAMPLE_SECONDS)


def memory_of(sampled: list[list[Memory]]) -> dict:
    """The memory of one node's agent."""
    resident = [one.resident for at_once in sampled for one in at_once]
    working_set = [one.working_set for at_once in sampled for one in at_once]
    return {
        "resident_mib": sum(resident) / len(resident),
        "resident_max_mib": max(resident),
        "working_set_mib": sum(working_set) / len(working_set),
        "working_set_max_mib": max(working_set),
    }


def loaded(stand: Stand, shape: Shape, seconds: float) -> dict:
    """CPU time, written bytes and syncs are counted until the last span has arrived."""
    containers = stand.containers()
    stand.destinations.sink.forget()
    cpu, written = cpu_of(containers), written_by(containers)
    with sampled_memory(containers) as sampled, closing(stand.syncs()) as syncs:
        load = stand.loads.start(stand.system.address(), shape, seconds)
        result = load.result()
        stand.wait_delivered(result.accepted)
        synced = syncs.read()
    arrived = stand.arrived(result.accepted)
    spans = result.accepted.bit_count()
    return {
        "spans": spans,
        "unanswered": result.unanswered,
        "cpu_us_per_span": (cpu_of(containers) - cpu) * 1e6 / max(spans, 1),
        "written_bytes_per_span": (written_by(containers) - written) / max(spans, 1),
        "accept_p50_ms": max(load["p50_ms"] for load in result.loads),
        "accept_p99_ms": max(load["p99_ms"] for load in result.loads),
        "arrived": arrived,
        "store_mib": stand.disk_mib(),
        **memory_of(sampled),
        "syncs_per_second": None if synced is None else synced / seconds / len(containers),
    }


@dataclass(frozen=True)
class Event:
    key: str
    title: str
    happen: Callable[[Stand], None]
    undo: Callable[[Stand], None] = lambda stand: None


def kill_agent(stand: Stand) -> None:
    """Kills it as the kernel's OOM killer does. The kubelet starts another container in the same
    pod."""
    for pid in stand.system.container_on(stand.nodes[0]).processes():
        os.kill(pid, signal.SIGKILL)


def drain(stand: Stand) -> None:
    """The load continues, like an application that is slow to stop."""
    stand.live.kubectl(
        *("drain", stand.nodes[1].name, "--ignore-daemonsets", "--delete-emptydir-data"),
        f"--pod-selector=app!={LABEL}",
    )


def uncordon(stand: Stand) -> None:
    stand.live.kubectl("uncordon", stand.nodes[1].name)


def drain_and_end_agent(stand: Stand) -> None:
    """Simulates the reboot that follows: the agent is stopped, too, and returns with the
    node."""
    drain(stand)
    pod = stand.system.pod_on(stand.nodes[1])["metadata"]
    place = f"--namespace={pod['namespace']}"
    stand.live.kubectl("delete", "pod", place, pod["name"], "--wait=false")


EVENTS = [
    Event("kill", "one agent killed (`kill -9`)", kill_agent),
    Event("drain", "one node drained", drain, uncordon),
    Event("reboot", "one node drained, its agent's pod deleted", drain_and_end_agent, uncordon),
]


def under_load(stand: Stand, event: Event, seconds: float) -> dict:
    stand.destinations.sink.forget()
    load = stand.loads.start(stand.system.address(), DURING_EVENTS, seconds, probed=True)
    try:
        time.sleep(BEFORE_EVENT_SECONDS)
        event.happen(stand)
        result = load.result()
        stand.wait_delivered(result.accepted)
        time.sleep(LATE_SECONDS)
        arrived = stand.arrived(result.accepted)
    finally:
        load.end()
        event.undo(stand)
    stand.system.wait_until_ready()
    return {
        "spans": result.accepted.bit_count(),
        "unanswered": result.unanswered,
        "longest_outage": result.longest_outage,
        "arrived": arrived,
    }
