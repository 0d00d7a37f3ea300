# SPDX-License-Identifier: Apache-2.0
"""Applications in four languages, configured only by the environment variables of their SDKs, get
one annotation: the spans of each pod go to the agent of its own node, over either protocol, and
carry their origin. The pods meet the Pod Security Standard "restricted"."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import application_image as images
from harness.live_cluster import APPLICATION_NAMESPACE, EXPORT, EXPORT_NAMESPACE, namespace
from harness.processes import wait_until
from harness.sandbox import DESTINATIONS
from harness.tools import tool_folder

CLIENTS = Path(__file__).parents[2] / "component" / "clients"
SPACE = "sdks"
# Tests the SDK's parsing of attributes: characters that would end one, and non-ASCII ones.
MOTTO = "100% grüße, a=b+1"
PROTOCOLS = {"http": {}, "grpc": {"dualtrace.dev/protocol": "grpc"}}  # the pod's annotation


def write_python(file: Path, name: str) -> None:
    images.write_python_archive(file, name, CLIENTS / "python" / "client.py")


def write_nodejs(file: Path, name: str) -> None:
    modules = tool_folder("js") / "node_modules"
    images.write_node_archive(file, name, modules, CLIENTS / "js" / "client.js")


def write_go(file: Path, name: str) -> None:
    images.write_program_archive(file, name, tool_folder("go") / "client")


def write_java(file: Path, name: str) -> None:
    images.write_java_archive(file, name, tool_folder("java"), "Client")


WRITERS = {"python": write_python, "nodejs": write_nodejs, "go": write_go, "java": write_java}


def deployment(name: str, image: str, annotations: dict[str, str]) -> dict:
    """Two pods on one node and one on the other, so that the ledgers of the nodes differ."""
    labels = {"app": name}
    container = {
        "name": "main",
        "image": image,
        "imagePullPolicy": "Never",
        "args": ["--stay"],
        # Its metrics and logs are not exported.
        "env": [
            {"name": "OTEL_METRICS_EXPORTER", "value": "none"},
            {"name": "OTEL_LOGS_EXPORTER", "value": "none"},
        ],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": labels},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": SPACE},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": annotations},
                "spec": {
                    "securityContext": {
                        "runAsNonRoot": True,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "topologySpreadConstraints": [spread],
                    "containers": [container],
                },
            },
        },
    }


@dataclass(frozen=True)
class Application:
    name: str
    pods: list[dict]
    traces: list[dict]  # as each pod reports them
    accepted: dict[str, dict[str, int]]  # spans accepted during the test, by node and lane

    def each(self):
        return zip(self.pods, self.traces, strict=True)


@pytest.fixture(scope="module")
def space(live):
    """The namespace of the applications, with an export; nothing else sends to it."""
    live.kubectl("delete", "namespace", APPLICATION_NAMESPACE, "--ignore-not-found")
    live.create_export()
    live.wait_until_ready()
    live.wait_for_agents(2)
    live.apply(namespace(SPACE, "restricted"))
    yield
    live.kubectl("delete", "namespace", SPACE, "--timeout=100s")


@pytest.fixture(scope="module", params=WRITERS)
def image(request, live, space, tmp_path_factory) -> str:
    name = f"localhost/{request.param}-client:1"
    archive = tmp_path_factory.mktemp("image") / "image.tar"
    WRITERS[request.param](archive, name)
    live.cluster.nodes().load_image(archive)
    archive.unlink()
    return name


def accepted(live) -> dict[str, dict[str, int]]:
    """According to the agents' ledgers."""
    return {
        node: {one["name"]: one["spans"]["accepted"] for one in live.agent_status(node)["lanes"]}
        for node in ("node1", "node2")
    }


def wait_until_stored(live, trace: dict) -> None:
    for destination in DESTINATIONS:
        wait_until(
            lambda: len(live.sandbox.rows(destination, trace["trace_id"]))
            >= len(trace["span_ids"]),
            f"the trace is at {destination}",
            60,
            every=0.2,
        )


@pytest.fixture(scope="module", params=PROTOCOLS)
def application(request, live, image) -> Application:
    name = f"{image.removeprefix('localhost/').rpartition('-')[0]}-{request.param}"
    annotations = {
        "dualtrace.dev/inject": "true",
        "resource.opentelemetry.io/motto": MOTTO,
        **PROTOCOLS[request.param],
    }
    before = accepted(live)
    live.apply(deployment(name, image, annotations))
    live.wait_for_rollout(f"deployment/{name}", SPACE)
    pods = live.get("pods", SPACE, f"--selector=app={name}")["items"]
    traces = [live.trace_of(pod) for pod in pods]
    for trace in traces:
        wait_until_stored(live, trace)
    after = accepted(live)
    meanwhile = {
        node: {lane: after[node][lane] - before[node][lane] for lane in lanes}
        for node, lanes in after.items()
    }
    yield Application(name, pods, traces, meanwhile)
    live.kubectl("delete", f"--namespace={SPACE}", f"deployment/{name}", "--wait=false")


def test_its_pods_are_injected(application):
    for pod in application.pods:
        injected = pod["metadata"]["annotations"]["dualtrace.dev/injected"]
        assert injected == f"{EXPORT_NAMESPACE}/{EXPORT}"


def test_both_destinations_have_the_spans_that_it_made(live, application):
    for trace in application.traces:
        for destination in DESTINATIONS:
            rows = live.sandbox.rows(destination, trace["trace_id"])
            assert sorted(row["span_id"] for row in rows) == sorted(trace["span_ids"])


def test_they_say_where_they_come_from(live, application):
    for pod, trace in application.each():
        for destination in DESTINATIONS:
            for row in live.sandbox.rows(destination, trace["trace_id"]):
                resource = json.loads(row["resource"])["attributes"]
                assert resource["service.name"] == application.name
                assert resource["k8s.namespace.name"] == SPACE
                assert resource["k8s.deployment.name"] == application.name
                assert resource["k8s.container.name"] == "main"
                assert resource["k8s.pod.name"] == pod["metadata"]["name"]
                assert resource["k8s.pod.uid"] == pod["metadata"]["uid"]
                assert resource["k8s.node.name"] == pod["spec"]["nodeName"]
                assert resource["motto"] == MOTTO


def test_they_went_through_the_agent_of_their_own_node(application):
    made = Counter()
    for pod, trace in application.each():
        made[pod["spec"]["nodeName"]] += len(trace["span_ids"])
    assert made["node1"] != made["node2"]
    assert application.accepted == {
        node: dict.fromkeys(DESTINATIONS, made[node]) for node in ("node1", "node2")
    }
