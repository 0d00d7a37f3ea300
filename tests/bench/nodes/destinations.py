# SPDX-License-Identifier: Apache-2.0
"""Both destinations outside the cluster: the counting sink, with TLS, in the network of the first
node but not among its pods. In the cluster, they are Services without a selector."""

import json
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

from cluster.node import Node
from harness.authority import Authority
from harness.http import answers
from harness.live_cluster import DESTINATIONS, LiveCluster, namespace
from harness.processes import Process, wait_until
from measure import Sink

RELAY = Path(__file__).resolve().parents[2] / "cluster" / "relay.py"
SINK_PORTS = {"arize": "grpc_tls", "databricks": "http_tls"}  # the sink's names for them
HOSTS = {name: f"{name}.{DESTINATIONS}.svc" for name in SINK_PORTS}


def service(name: str, address: str, port: int) -> list[dict]:
    """A Service that leads from port 443 to an address outside the cluster's pods."""
    meta = {"name": name, "namespace": DESTINATIONS}
    ports = [{"name": "tls", "port": 443, "targetPort": port, "protocol": "TCP"}]
    slice_meta = {**meta, "labels": {"kubernetes.io/service-name": name}}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": ports}},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": slice_meta,
            "addressType": "IPv4",
            "ports": [{"name": "tls", "port": port, "protocol": "TCP"}],
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        },
    ]


class NodeSink(Sink):
    """The sink in a node's network; its counts can be read through a port of this machine."""

    def __init__(self, binary: Path, folder: Path, node: Node, certificate: Path, key: Path):
        command = [*node.machine.in_network(), binary, "--tls-host", "0.0.0.0"]
        command += ["--certificate", certificate, "--key", key]
        self.process = Process("sink", command, folder)
        self.ends = ExitStack()
        self.ends.callback(self.process.kill)
        output = wait_until(self.process.output, "the sink is ready", process=self.process)
        self.inner = json.loads(output.partition("\n")[0])
        self.grpc_port, self.http_port = 0, self._relayed(folder, node)

    def _relayed(self, folder: Path, node: Node) -> int:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [sys.executable, "-B", RELAY, port, node.machine.pid]
        relay = Process("relay", [*command, f"127.0.0.1:{self.inner['http']}"], folder)
        self.ends.callback(relay.kill)
        url = f"http://127.0.0.1:{port}/counts"
        wait_until(lambda: answers(url), "the sink answers through its relay", process=relay)
        return port

    def stop(self) -> None:
        self.ends.close()


class Destinations:
    """Both destinations, until it is stopped."""

    def __init__(self, live: LiveCluster, sink_binary: Path, folder: Path):
        node = live.cluster.nodes().each[0]
        names = ",".join(f"DNS:{host}" for host in HOSTS.values())
        authority = Authority(folder / "authority")
        self.ca_file = authority.certificate
        certificate, key = authority.issue("destinations", alternatives=names)
        self.sink = NodeSink(sink_binary, folder, node, certificate, key)
        live.apply(namespace(DESTINATIONS))
        for name, port in SINK_PORTS.items():
            live.apply(*service(name, node.address, self.sink.inner[port]))

    def stop(self) -> None:
        self.sink.stop()
