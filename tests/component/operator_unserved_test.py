# SPDX-License-Identifier: Apache-2.0
"""Injected pods on nodes without an agent are found, counted and named, through a real API server.
If nothing else receives their spans, the condition Ready reports it."""

import pytest
from harness.nodes import Node
from harness.processes import wait_until
from harness.tenant import ARIZE, Tenant

EXPORT = "agents"


@pytest.fixture
def nodes(control_plane, installation):
    made = {pool: Node(control_plane.api, {"pool": pool}) for pool in ("served", "bare")}
    yield made
    for node in made.values():
        node.remove()


def spec(traffic: str) -> dict:
    agent = {"nodeSelector": {"pool": "served"}, "traffic": traffic}
    return {"arize": ARIZE, "agent": agent}


def run_application(tenant: Tenant, node: Node) -> str:
    """A pod that requests the export and is bound to that node, as a scheduler would do."""
    pod = {
        "metadata": {"generateName": "app-", "annotations": {"dualtrace.dev/inject": EXPORT}},
        "spec": {"containers": [{"name": "app", "image": "registry.example/app:1"}]},
    }
    pods = f"/api/v1/namespaces/{tenant.namespace}/pods"

    def injected() -> dict | None:
        status, made = tenant.api.post(pods, pod)
        assert status == 201, made
        if "dualtrace.dev/injected" in made["metadata"]["annotations"]:
            return made
        tenant.api.delete(f"{pods}/{made['metadata']['name']}?gracePeriodSeconds=0")
        return None

    name = wait_until(injected, "the webhook knows the export")["metadata"]["name"]
    target = {"apiVersion": "v1", "kind": "Node", "name": node.name}
    binding = {"metadata": {"name": name}, "target": target}
    status, answer = tenant.api.post(f"{pods}/{name}/binding", binding)
    assert status == 201, answer
    return name


def counts(tenant: Tenant) -> tuple:
    injection = tenant.get(EXPORT).get("status", {}).get("injection", {})
    return injection.get("injected"), injection.get("unserved"), injection.get("unservedPods")


def test_pods_on_nodes_without_an_agent_are_named(control_plane, launch, nodes):
    tenant = Tenant(control_plane, "unserved")
    operator = launch()
    tenant.create(EXPORT, spec("SameNode"))
    nodes["served"].run_pod(tenant.namespace, "127.0.0.9")
    tenant.wait_for_reason(EXPORT, "AgentsAvailable", "Available")
    run_application(tenant, nodes["served"])
    wait_until(lambda: counts(tenant) == (1, 0, None), "the first is served", 60, every=0.5)

    lonely = run_application(tenant, nodes["bare"])
    found = tenant.wait_for_reason(EXPORT, "AgentsAvailable", "PodsUnserved", timeout=120)
    assert f"1 injected pods ({tenant.namespace}/{lonely})" in found["message"]
    assert nodes["bare"].name in found["message"]
    assert counts(tenant) == (2, 1, [f"{tenant.namespace}/{lonely}"])
    assert tenant.condition(EXPORT, "Ready")["reason"] == "PodsUnserved"
    events = f"/apis/events.k8s.io/v1/namespaces/{tenant.namespace}/events"
    wait_until(
        lambda: any(e["reason"] == "PodsUnserved" for e in tenant.api.get(events)[1]["items"]),
        "an event reports this",
    )

    # A new operator continues with the same state.
    operator.stop()
    launch()
    tenant.wait_for_reason(EXPORT, "AgentsAvailable", "PodsUnserved")

    tenant.change(EXPORT, {"agent": {"traffic": "PreferSameNode"}})
    served = tenant.wait_for_reason(EXPORT, "AgentsAvailable", "ServedByOtherNodes", timeout=120)
    assert served["status"] == "True"
    pods = f"/api/v1/namespaces/{tenant.namespace}/pods"
    tenant.api.delete(f"{pods}/{lonely}?gracePeriodSeconds=0")
    tenant.wait_for_reason(EXPORT, "AgentsAvailable", "Available")
