# SPDX-License-Identifier: Apache-2.0
"""A cluster with real nodes, on which dualtrace is installed and delivers to the sandbox: for the
tests in tests/cluster/journey and the demo."""

import json
import shutil
from pathlib import Path

import yaml
from cluster.cluster import Cluster
from cluster.node import Node
from images.machine import this_machine
from images.made import Made, Naming, Source, make
from images.version import read_revision
from release.programs import PROGRAMS

from harness import sandbox, shifted_clock
from harness.application_image import write_python_archive
from harness.chart import CHART, NAMESPACE, RELEASE, Helm, nested
from harness.kubectl import Kubectl
from harness.node_load import NodeLoad
from harness.processes import wait_until
from harness.span_store import SpanStore

ROOT = Path(__file__).resolve().parents[2]
DESTINATIONS = "destinations"  # the namespace that plays the outside world
EXPORT_NAMESPACE = "observability"
EXPORT = "agents"
APPLICATION_NAMESPACE = "shop"
TAG = "1"  # of the images of this build


def secret(name: str, namespace: str, **values: str) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": values,
    }


ENFORCE = "pod-security.kubernetes.io/enforce"


def namespace(name: str, standard: str = "privileged") -> dict:
    """`standard` is the Pod Security Standard that the namespace enforces."""
    metadata = {"name": name, "labels": {ENFORCE: standard}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


class LiveSandbox(SpanStore):
    """The sandbox in the cluster: admin calls go through the API server."""

    def __init__(self, live: "LiveCluster"):
        folder = live.cluster.folder / "node1" / "lib" / "dualtrace-sandbox"
        super().__init__(folder / "spans.db")
        self.ca_file = folder / "ca.pem"
        self._live = live

    def admin(self, path: str, body: dict | None = None):
        pods = self._live.get("pods", DESTINATIONS, "--selector=app=sandbox")["items"]
        name = pods[0]["metadata"]["name"]
        raw = f"/api/v1/namespaces/{DESTINATIONS}/pods/{name}:8080/proxy{path}"
        if body is None:
            return json.loads(self._live.kubectl("get", "--raw", raw))
        posting = ("create", "--raw", raw, "--filename", "-")
        return self._live.kubectl(*posting, stdin=json.dumps(body))

    def fault(self, destination: str, kind: str, **members) -> None:
        self.admin(f"/faults/{destination}", {"kind": kind, **members})

    def traces(self, destination: str) -> set[str]:
        sql = "SELECT DISTINCT trace_id FROM spans WHERE destination = ?"
        return {row["trace_id"] for row in self.query(sql, destination)}

    def wait_for_more_traces(self, count: int, timeout: float = 60) -> None:
        """Waits for this many more traces at Arize."""
        wanted = len(self.traces("arize")) + count
        wait_until(
            lambda: len(self.traces("arize")) >= wanted,
            f"{count} traces arrive",
            timeout,
            every=0.5,
        )


class LiveCluster:
    """Needs a running cluster, and keeps files in its folder. Used from one thread."""

    def __init__(self, cluster: Cluster, binaries: Path):
        self.cluster = cluster
        self.binaries = binaries
        self.kubectl = Kubectl(cluster.kubeconfig, cluster.folder / "kubectl")
        self.helm = Helm("helm4", cluster.folder / "helm", cluster.kubeconfig)
        self.sandbox = LiveSandbox(self)
        self.machine = this_machine()  # its architecture is that of the images

    # --- access ---

    def apply(self, *objects: dict) -> None:
        text = yaml.safe_dump_all(objects)
        self.kubectl("apply", "--server-side", "--force-conflicts", "--filename=-", stdin=text)

    def get(self, what: str, namespace_name: str, *more: str) -> dict:
        place = f"--namespace={namespace_name}"
        return json.loads(self.kubectl("get", what, place, "--output=json", *more))

    def wait_for_rollout(self, what: str, namespace_name: str, timeout: int = 120) -> None:
        place = f"--namespace={namespace_name}"
        self.kubectl("rollout", "status", place, what, f"--timeout={timeout}s")

    # --- content ---

    def load_program(self, program: str, tag: str = TAG, binaries: Path | None = None) -> str:
        """Loads an image of the program, of this build or another one, onto the nodes; returns its
        name."""
        folder = self.cluster.folder / "images"
        made = self._made(folder, program, tag, binaries)
        self.cluster.nodes().load_image(made.archive)
        shutil.rmtree(folder)
        return made.name

    def _made(
        self, folder: Path, program: str, tag: str, binaries: Path | None = None
    ) -> Made:
        source = Source(binaries or self.binaries, self.machine, read_revision())
        return make(source, folder, program, Naming(tag, "localhost", source=None))

    def load_agent_with_clock(self, tag: str, seconds: int) -> str:
        """Loads an image of this build's agent, with a clock that is ahead by this number of
        seconds, onto the nodes; returns its name."""
        folder = self.cluster.folder / "images"
        made = self._made(folder, "dualtrace-agent", tag)
        archive = folder / "shifted.tar"
        name = shifted_clock.write_image(archive, made, tag, seconds)
        self.cluster.nodes().load_image(archive)
        shutil.rmtree(folder)
        return name

    def install(
        self,
        tag: str = TAG,
        values: dict | None = None,
        *,
        release: str = RELEASE,
        space: str = NAMESPACE,
        chart: Path = CHART,
        binaries: Path | None = None,
    ) -> str:
        """Installs or upgrades the chart, with images of this build under that tag, as a platform
        team would; returns Helm's output. `chart` and `binaries` may belong to another version;
        `values` replace a shared namespace."""
        operator, agent = (
            self.load_program(program, tag, binaries)
            for program in PROGRAMS
        )
        images = nested(
            image__repository=operator.rpartition(":")[0],
            image__tag=tag,
            agent__image__repository=agent.rpartition(":")[0],
            agent__image__tag=tag,
        )
        self.apply(namespace(space, "restricted"))
        return self.helm.run(
            *("upgrade", "--install", release, chart, "--namespace", space),
            *("--wait", "--timeout=110s"),
            values=images | (nested(sharedNamespaces=[EXPORT_NAMESPACE]) if values is None else values),
        )

    def start_sandbox(self) -> None:
        self.load_program("dualtrace-sandbox")
        keys = {
            "api-key": sandbox.API_KEY,
            "token": sandbox.TOKEN,
            "access.json": json.dumps(sandbox.ACCESS),
        }
        manifest = ROOT / "tests" / "cluster" / "sandbox.yaml"
        self.apply(namespace(DESTINATIONS), secret("keys", DESTINATIONS, **keys))
        self.apply(*yaml.safe_load_all(manifest.read_text()))
        self.wait_for_rollout("deployment/sandbox", DESTINATIONS)

    def start_application(self, annotated: bool = True) -> None:
        """Runs the demo's LangChain agent on each node, changed only by one annotation."""
        archive = self.cluster.folder / "application.tar"
        script = ROOT / "tests" / "demo" / "langchain_agent.py"
        write_python_archive(archive, "localhost/support-desk:1", script)
        self.cluster.nodes().load_image(archive)
        archive.unlink()
        self.apply(namespace(APPLICATION_NAMESPACE, "restricted"), application(annotated))
        self.wait_for_rollout("deployment/support-desk", APPLICATION_NAMESPACE)

    def application_pods(self) -> list[dict]:
        pods = self.get("pods", APPLICATION_NAMESPACE, "--selector=app=support-desk")["items"]
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def trace_of(self, pod: dict) -> dict:
        """The application's own output: the spans that it has sent."""
        name = pod["metadata"]["name"]
        place = f"--namespace={pod['metadata']['namespace']}"

        def printed() -> dict | None:
            lines = self.kubectl("logs", place, name).splitlines()
            lines = [line for line in lines if line.startswith("{") and '"trace_id"' in line]
            return json.loads(lines[0]) if lines else None

        return wait_until(printed, f"{name} has answered", timeout=90, every=0.5)

    def agent_pods(self, team: str = EXPORT_NAMESPACE) -> list[dict]:
        """Including those that are terminating."""
        return self.get("pods", team)["items"]

    def images(self, space: str = EXPORT_NAMESPACE) -> list[str]:
        """The images of each container of each pod, including those that are terminating."""
        pods = self.get("pods", space)["items"]
        return [one["image"] for pod in pods for one in pod["spec"]["containers"]]

    def wait_for_agents(self, count: int, timeout: float = 120) -> None:
        """Waits until there are exactly this many pods."""
        wait_until(
            lambda: len(self.agent_pods()) == count, f"{count} agents are left", timeout, every=0.5
        )

    def agent_status(self, node: str) -> dict:
        """The report of the agent on that node, requested as the operator does."""
        pods = self.agent_pods()
        (name,) = [one["metadata"]["name"] for one in pods if one["spec"]["nodeName"] == node]
        raw = f"/api/v1/namespaces/{EXPORT_NAMESPACE}/pods/{name}:8888/proxy/status"
        return json.loads(self.kubectl("get", "--raw", raw))

    def create_export(
        self, standard: str = "privileged", team: str = EXPORT_NAMESPACE, **more
    ) -> None:
        """Creates it with its Secrets, in its own namespace, the team's, which enforces the Pod
        Security Standard; `more` is the rest of its spec."""
        arize = {"api-key": sandbox.API_KEY, "space-id": sandbox.SPACE_ID}
        trust = {"name": "destinations", "namespace": team}
        self.apply(
            namespace(team, standard),
            secret("arize", team, **arize),
            secret("databricks", team, token=sandbox.TOKEN),
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": trust,
                "data": {"ca.crt": self.sandbox.ca_file.read_text()},
            },
        )
        self.apply(export(team, **more))

    def condition(self, kind: str, team: str = EXPORT_NAMESPACE) -> dict:
        found = self.get(f"dualtraceexports/{EXPORT}", team)
        conditions = found.get("status", {}).get("conditions", [])
        generation = found["metadata"]["generation"]
        return next(
            (
                one
                for one in conditions
                if one["type"] == kind and one["observedGeneration"] == generation
            ),
            {"type": kind, "status": "Unknown", "reason": "", "message": ""},
        )

    def wait_until_ready(self, timeout: float = 180, team: str = EXPORT_NAMESPACE) -> None:
        def there() -> bool:
            over = self.condition("Progressing", team)["reason"] == "Stable"
            return over and self.condition("Ready", team)["status"] == "True"

        try:
            wait_until(there, "the export is Ready and Stable", timeout, every=0.5)
        except AssertionError as error:
            text = self.kubectl("describe", "dte,pods", f"--namespace={team}")
            raise AssertionError(f"{error}\n{text}") from None

    def load_from(
        self, node: Node, rate: float, folder: Path, team: str = EXPORT_NAMESPACE
    ) -> NodeLoad:
        """Sends this many spans per second from that node's network to the export."""
        service = self.get(f"services/{EXPORT}-dualtrace", team)
        address = service["spec"]["clusterIP"]
        return NodeLoad(node.machine.in_network(), address, rate, folder, f"{node.name}-{team}")

    def settle(self, loads: list[NodeLoad]) -> None:
        """Stops them; everything that was acknowledged to their clients arrives."""
        for load in loads:
            told = load.stop()
            assert told.stored
            self.wait_until_delivered(told.stored)

    def wait_until_delivered(self, traces: set[str], timeout: float = 120) -> None:
        for destination in sandbox.DESTINATIONS:
            wait_until(
                lambda: traces <= self.sandbox.traces(destination),
                f"{len(traces)} traces are at {destination}",
                timeout,
                every=0.5,
            )


def application(annotated: bool) -> dict:
    made = yaml.safe_load((ROOT / "tests" / "cluster" / "application.yaml").read_text())
    if not annotated:
        del made["spec"]["template"]["metadata"]["annotations"]
    return made


def export(team: str = EXPORT_NAMESPACE, **more) -> dict:
    trust = {"configMapName": "destinations", "key": "ca.crt"}
    return {
        "apiVersion": "dualtrace.dev/v1alpha1",
        "kind": "DualTraceExport",
        "metadata": {"name": EXPORT, "namespace": team},
        "spec": {
            "arize": {
                "endpoint": "https://arize.destinations.svc:443",
                "project": "support-agents",
                "credentials": {"secretName": "arize"},
                "ca": trust,
            },
            "databricks": {
                "workspaceURL": "https://databricks.destinations.svc",
                "table": sandbox.TABLE,
                "auth": {"token": {"secretName": "databricks"}},
                "ca": trust,
            },
            "injection": {"namespaceSelector": {}},
            **more,
        },
    }
