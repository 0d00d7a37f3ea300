# SPDX-License-Identifier: Apache-2.0
"""The load: dualtrace-load in a pod on each node, to the system's Service, with its own span
numbers, and optionally a probe next to each (probe.py)."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from cluster.node import Node
from harness.live_cluster import LiveCluster, namespace
from harness.processes import wait_until
from measure import as_set

from nodes.outcome import LoadResult, set_of
from nodes.probe import Probe
from nodes.systems import load_image

IMAGE = "localhost/load:1"
SPACE = "load"
LABEL = "bench-load"
RESULTS = "bench-load"  # in the node's /var/lib
LOAD_SPANS = 1_000_000  # span numbers per run for one node's load, and as many for its probe
PROBE_SPANS = 50_000
# The generator waits half a minute for answers, and until the kernel's timeout for a connection.
OVERTIME_SECONDS = 240


@dataclass(frozen=True)
class Shape:
    """The load of each node's pod, over OTLP/gRPC without TLS or compression, as SDKs do."""

    rate: int  # spans per second
    spans: int  # per request
    connections: int = 8
    span_bytes: int = 600

    def arguments(self, host: str, seconds: float, first_span: int) -> list[str]:
        named = {"host": host, "port": 4317, "seconds": seconds, "first-span": first_span}
        named |= {"rate": self.rate, "spans": self.spans, "connections": self.connections}
        named |= {"span-bytes": self.span_bytes, "ok-file": "/results/ok"}
        return [f"--{name}={value}" for name, value in named.items()]


def pod(name: str, node: str, arguments: list[str]) -> dict:
    mount = {"name": "results", "mountPath": "/results"}
    path = {"path": f"/var/lib/{RESULTS}", "type": "DirectoryOrCreate"}
    container = {"name": "load", "image": IMAGE, "imagePullPolicy": "Never", "args": arguments}
    container |= {"volumeMounts": [mount], "securityContext": {"runAsUser": 0}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": SPACE, "labels": {"app": LABEL}},
        "spec": {
            "restartPolicy": "Never",
            "nodeSelector": {"kubernetes.io/hostname": node},
            "terminationGracePeriodSeconds": 0,
            "containers": [container],
            "volumes": [{"name": "results", "hostPath": path}],
        },
    }


class Loads:
    """Successive runs, each with new span numbers, so that late or duplicate spans are never
    attributed to the next run."""

    def __init__(self, live: LiveCluster, binary: Path, folder: Path):
        self._live = live
        self._folder = folder
        self._runs = 0
        load_image(live, IMAGE, binary)
        live.apply(namespace(SPACE))

    @property
    def _nodes(self) -> list[Node]:
        return self._live.cluster.nodes().each

    def start(self, address: str, shape: Shape, seconds: float, probed: bool = False) -> "Running":
        """Returns when all parts are running."""
        first = self._runs * len(self._nodes) * (LOAD_SPANS + PROBE_SPANS)
        self._runs += 1
        assert shape.rate * seconds <= LOAD_SPANS, "a load has more spans than numbers"
        pods, probes = [], []
        for number, node in enumerate(self._nodes):
            results = node.machine.folder / "lib" / RESULTS
            shutil.rmtree(results, ignore_errors=True)
            begin = first + number * LOAD_SPANS
            arguments = shape.arguments(address, seconds, begin)
            pods.append((f"{node.name}-{self._runs}", results, begin))
            self._live.apply(pod(pods[-1][0], node.name, arguments))
            if probed:
                begin = first + len(self._nodes) * LOAD_SPANS + number * PROBE_SPANS
                name = f"probe-{node.name}"
                enter = node.machine.in_network()
                probes.append(Probe(enter, address, begin, self._folder, name))
        running = Running(self._live, pods, probes, seconds)
        running.wait_for("Running", "Succeeded", timeout=60)
        return running


class Running:
    def __init__(self, live: LiveCluster, pods: list[tuple], probes: list[Probe], seconds: float):
        self._live = live
        self._pods = pods
        self._probes = probes
        self._seconds = seconds

    def wait_for(self, *phases: str, timeout: float) -> None:
        def phase(name: str) -> str:
            return self._live.get(f"pods/{name}", SPACE)["status"].get("phase", "")

        for name, _, _ in self._pods:
            ended = f"{name} is {phases[0]}"
            wait_until(lambda name=name: phase(name) in phases, ended, timeout, every=0.5)

    def result(self) -> LoadResult:
        """Returns when it has finished."""
        self.wait_for("Succeeded", "Failed", timeout=self._seconds + OVERTIME_SECONDS)
        probes = [probe.stop() for probe in self._probes]
        accepted, loads = 0, []
        for name, results, first_span in self._pods:
            printed = self._live.kubectl("logs", f"--namespace={SPACE}", name)
            lines = [line for line in printed.splitlines() if line.startswith("{")]
            assert lines, f"{name} has no result: {printed}"
            loads.append(json.loads(lines[-1]))
            accepted |= as_set((results / "ok").read_bytes()) << first_span
            self._live.kubectl("delete", "pod", f"--namespace={SPACE}", name, "--wait=false")
        for probe in probes:
            accepted |= set_of(probe["ok"])
        return LoadResult(accepted, loads, probes)

    def end(self) -> None:
        """Stops it, whatever its state."""
        for probe in self._probes:
            probe.process.kill()
