# SPDX-License-Identifier: Apache-2.0
"""All nodes of a cluster, and what they share: the network, the images, the names."""

import json
import subprocess
import sys
import time
from pathlib import Path

from cluster import network
from cluster.binaries import find
from cluster.daemon import Daemon
from cluster.machine import Machine
from cluster.node import PAUSE_IMAGE, Node
from cluster.servers import Home, Servers
from images.plain import write_plain_archive

HERE = Path(__file__).parent
TOOLS_IMAGE = "localhost/busybox:1"  # a shell, wget and httpd, for tests and debugging
TOOLS = ["cat", "hostname", "httpd", "ls", "nslookup", "sh", "sleep", "wget"]


class Nodes:
    def __init__(self, count: int, state: Path, cgroup: str):
        self._state = state
        self._switch = Machine("switch", state / "switch", cgroup)
        self.each = [Node(number, state, cgroup) for number in range(1, count + 1)]

    def start_machines(self, api_port: int) -> Home:
        """Returns where the control plane must run: next to the first node, so that it reaches
        Services and pods. `api_port` of this machine then leads to it."""
        pause = self._state / "pause"
        subprocess.run(["cc", "-static", "-Os", "-pipe", "-o", pause, HERE / "pause.c"], check=True)
        programs = find("kubelet").parent
        for machine in [self._switch, *[node.machine for node in self.each]]:
            machine.folder.mkdir()
            machine.start(programs, pause)
        network.connect([node.machine for node in self.each], self._switch)
        first = self.each[0]
        relay = [sys.executable, HERE / "relay.py", api_port, first.machine.pid]
        Daemon("relay", self._state).start([*relay, f"127.0.0.1:{api_port}"])
        return Home(first.machine.in_network(), first.address)

    def start(self, servers: Servers) -> None:
        """Returns when all are Ready and names are resolved."""
        for node in self.each:
            node.start_containerd()
        self._load_common_images()
        server = f"https://{self.each[0].address}:{servers.api_port}"
        for node in self.each:
            node.start_kubelet(servers.identities, server)
        kubectl = [find("kubectl"), f"--cache-dir={self._state / 'kubectl'}"]
        kubectl.append(f"--kubeconfig={servers.kubeconfig}")
        self._wait_until_ready(kubectl)
        manifest = HERE / "coredns" / "coredns.yaml"
        subprocess.run([*kubectl, "apply", "--filename", manifest], check=True, stdout=sys.stderr)
        rollout = ["rollout", "status", "--namespace=kube-system", "deployment/coredns"]
        subprocess.run([*kubectl, *rollout, "--timeout=120s"], check=True, stdout=sys.stderr)

    def load_image(self, tar: Path) -> None:
        for node in self.each:
            node.load_image(tar)

    def _load_common_images(self) -> None:
        tar = self._state / "image.tar"
        links = {f"/bin/{tool}": "/busybox" for tool in TOOLS}
        for name, program, more in (
            (PAUSE_IMAGE, self._state / "pause", {}),
            ("localhost/coredns:1", find("coredns"), {}),
            (TOOLS_IMAGE, find("busybox"), links),
        ):
            write_plain_archive(tar, name, program, links=more)
            self.load_image(tar)
        tar.unlink()

    def _wait_until_ready(self, kubectl: list, timeout: float = 120) -> None:
        deadline = time.monotonic() + timeout
        while self._ready_nodes(kubectl) < len(self.each):
            if time.monotonic() > deadline:
                raise RuntimeError(f"not within {timeout} s: {len(self.each)} nodes are Ready")
            time.sleep(0.5)

    @staticmethod
    def _ready_nodes(kubectl: list) -> int:
        command = [*kubectl, "get", "nodes", "--output=json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return sum(
            condition["type"] == "Ready" and condition["status"] == "True"
            for node in json.loads(done.stdout)["items"]
            for condition in node["status"].get("conditions", [])
        )
