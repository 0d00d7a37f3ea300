# SPDX-License-Identifier: Apache-2.0
"""The pods of tests/data/injection, which unit tests compare with the webhook's output. A real API
server accepts them, and real SDKs read the intended settings from their variables."""

import re
from pathlib import Path

import pytest
import yaml
from arize.otel import GRPCSpanExporter, HTTPSpanExporter
from harness.exports import ROOT
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as OtlpGrpc
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as OtlpHttp
from opentelemetry.sdk.resources import OTELResourceDetector

FOLDER = ROOT / "tests" / "data" / "injection"
AFTER = sorted(FOLDER.glob("*.after.yaml"))
AGENTS = "agents-dualtrace.observability.svc.cluster.local"
# The values of a node's downward API.
FIELDS = {
    "metadata.name": "the-pod",
    "metadata.namespace": "the-namespace",
    "metadata.uid": "the-uid",
    "spec.nodeName": "the-node",
}


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text())


def containers(pod: dict) -> list[dict]:
    return pod["spec"]["containers"] + pod["spec"].get("initContainers", [])


def expand(text: str, known: dict[str, str]) -> str:
    """Expands as the kubelet does: "$$" is "$", and only variables that are already defined are
    expanded."""

    def resolved(match: re.Match) -> str:
        return "$" if match[0] == "$$" else known.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", resolved, text)


def environment(container: dict) -> dict[str, str]:
    known: dict[str, str] = {}
    for entry in container.get("env", []):
        if source := entry.get("valueFrom"):
            known[entry["name"]] = FIELDS[source["fieldRef"]["fieldPath"]]
        else:
            known[entry["name"]] = expand(entry.get("value", ""), known)
    return known


@pytest.fixture
def container_of(monkeypatch):
    """Gives this process the environment variables of a container."""

    def enter(example: str, name: str) -> dict[str, str]:
        pod = read(FOLDER / f"{example}.after.yaml")
        known = environment(next(one for one in containers(pod) if one["name"] == name))
        for variable, value in known.items():
            monkeypatch.setenv(variable, value)
        return known

    return enter


@pytest.mark.parametrize("example", AFTER, ids=lambda path: path.name.removesuffix(".after.yaml"))
def test_the_api_server_takes_it(control_plane, example):
    namespace = control_plane.new_namespace("injected")
    pods = f"/api/v1/namespaces/{namespace}/pods?dryRun=All&fieldValidation=Strict"
    pod = read(example)
    for owner in pod["metadata"].get("ownerReferences", []):
        owner["uid"] = "0c771b22-9e9e-48bf-b9f3-8d014db7f420"  # the examples omit it
    status, stored = control_plane.api.post(pods, pod)
    assert status == 201, stored
    for asked, got in zip(containers(pod), containers(stored), strict=True):
        assert got.get("env") == asked.get("env")


def test_an_sdk_reads_the_attributes_of_the_pod(container_of):
    container_of("deployment", "app")
    assert OTELResourceDetector().detect().attributes == {
        "service.name": "web",
        "service.namespace": "the-namespace",
        "service.instance.id": "the-namespace.the-pod.app",
        "k8s.namespace.name": "the-namespace",
        "k8s.pod.name": "the-pod",
        "k8s.pod.uid": "the-uid",
        "k8s.node.name": "the-node",
        "k8s.container.name": "app",
        "k8s.deployment.name": "web",
        "k8s.replicaset.name": "web-5d9c7f",
    }


def test_an_sdk_reads_the_users_attributes_as_before(container_of):
    container_of("what_the_user_set", "app")
    read_back = OTELResourceDetector().detect().attributes
    assert read_back["service.name"] == "storefront"
    assert read_back["team"] == "support"
    assert read_back["k8s.node.name"] == "the-node"
    assert read_back["service.version"] == "1.2 (blue, green)"


def test_an_sdk_sends_spans_over_http(container_of):
    container_of("deployment", "app")
    assert OtlpHttp()._endpoint == f"http://{AGENTS}:4318/v1/traces"


def test_an_sdk_sends_spans_over_grpc(container_of):
    container_of("chosen_containers", "app")
    assert OtlpGrpc()._endpoint == f"{AGENTS}:4317"


def test_arizes_library_finds_the_agents_by_either_protocol(container_of):
    known = container_of("deployment", "app")
    keys = {"space_id": "any", "api_key": "any"}
    assert GRPCSpanExporter(**keys)._endpoint == f"{AGENTS}:4317"
    assert HTTPSpanExporter(**keys)._endpoint == known["ARIZE_COLLECTOR_ENDPOINT"]
    assert known["ARIZE_COLLECTOR_ENDPOINT"].endswith(":4317/v1/traces")
