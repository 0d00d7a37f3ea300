# SPDX-License-Identifier: Apache-2.0
"""The systems compared on nodes: dualtrace with its chart and one export, and the OpenTelemetry
Collector with collector.yaml. Both compress for both destinations, as the Collector does by
default, and trust the destinations' CA; everything else is their own default."""

import tempfile
from pathlib import Path

import yaml
from cluster.node import Node
from harness.chart import NAMESPACE, RELEASE
from harness.live_cluster import EXPORT, EXPORT_NAMESPACE, LiveCluster, export, namespace
from harness.processes import wait_until
from images.plain import write_plain_archive

from nodes.counters import Container

COLLECTOR_IMAGE = "localhost/collector:1"


def load_image(live: LiveCluster, name: str, program: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tar = Path(folder) / "image.tar"
        write_plain_archive(tar, name, program)
        live.cluster.nodes().load_image(tar)


class NodeSystem:
    """A DaemonSet whose pods accept spans on every node."""

    key = ""
    title = ""
    space = ""  # the namespace of its pods and its Service
    service = ""
    container = ""
    store = ""  # in the node's /var/lib

    def __init__(self, live: LiveCluster):
        self.live = live

    def install(self, ca_file: Path) -> None:
        """Returns when it accepts spans on every node."""
        raise NotImplementedError

    def remove(self) -> None:
        raise NotImplementedError

    def address(self) -> str:
        return self.live.get(f"services/{self.service}", self.space)["spec"]["clusterIP"]

    def store_on(self, node: Node) -> Path:
        return node.machine.folder / "lib" / self.store

    def pod_on(self, node: Node) -> dict | None:
        """The pod on that node that is not being deleted."""
        for pod in self.live.get("pods", self.space)["items"]:
            stays = "deletionTimestamp" not in pod["metadata"]
            if stays and pod["spec"].get("nodeName") == node.name:
                return pod
        return None

    def container_on(self, node: Node) -> Container:
        pod = self.pod_on(node)
        assert pod, f"{self.title} has no pod on {node.name}"
        statuses = pod["status"]["containerStatuses"]
        (status,) = [one for one in statuses if one["name"] == self.container]
        return Container(node.machine.cgroup, status["containerID"].rpartition("/")[2])

    def ready_on(self, node: Node) -> bool:
        conditions = (self.pod_on(node) or {}).get("status", {}).get("conditions", [])
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

    def wait_until_ready(self, timeout: float = 120) -> None:
        for node in self.live.cluster.nodes().each:
            wait_until(
                lambda node=node: self.ready_on(node),
                f"{self.title} is ready on {node.name}",
                timeout,
                every=0.5,
            )


class DualtraceOnNodes(NodeSystem):
    key = "dualtrace"
    title = "dualtrace (Disk)"
    space = EXPORT_NAMESPACE
    service = f"{EXPORT}-dualtrace"
    container = "agent"
    store = f"dualtrace/{EXPORT_NAMESPACE}/{EXPORT}-dualtrace"

    def install(self, ca_file: Path) -> None:
        self.live.install()
        self.live.sandbox.ca_file = ca_file
        databricks = {**export()["spec"]["databricks"], "compression": "GZIP"}
        self.live.create_export(databricks=databricks)
        self.live.wait_until_ready()

    def remove(self) -> None:
        self.live.kubectl("delete", "dualtraceexports", EXPORT, f"--namespace={self.space}")
        self.live.wait_for_agents(0)
        self.live.helm.run("uninstall", RELEASE, "--namespace", NAMESPACE, "--wait")


class CollectorOnNodes(NodeSystem):
    key = "collector"
    title = "Collector (file_storage)"
    space = "collector"
    service = "collector"
    container = "collector"
    store = "otelcol"

    def __init__(self, live: LiveCluster, binary: Path):
        super().__init__(live)
        self.binary = binary

    def install(self, ca_file: Path) -> None:
        load_image(self.live, COLLECTOR_IMAGE, self.binary)
        meta = {"name": "destinations", "namespace": self.space}
        trust = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}
        trust["data"] = {"ca.crt": ca_file.read_text()}
        manifest = Path(__file__).with_name("collector.yaml").read_text()
        self.live.apply(namespace(self.space), trust, *yaml.safe_load_all(manifest))
        self.wait_until_ready()

    def remove(self) -> None:
        self.live.kubectl("delete", "namespace", self.space)
