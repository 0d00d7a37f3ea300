# SPDX-License-Identifier: Apache-2.0
"""A node that cannot run the new agent, because it is full or NotReady, does not hold up the
others: they get the new agent, this node keeps the old one, and the status names it immediately.
Under load, nothing is lost."""

import json

import pytest
from harness.live_cluster import APPLICATION_NAMESPACE, EXPORT, EXPORT_NAMESPACE, namespace
from harness.processes import wait_until

RATE = 200  # spans per second on each node


def images(live, node: str) -> list[str]:
    pods = [pod for pod in live.agent_pods() if pod["spec"].get("nodeName") == node]
    return sorted(pod["spec"]["containers"][0]["image"] for pod in pods)


def failing(live) -> dict[str, dict]:
    """The status of nodes that cannot run the agent, by name."""
    status = live.get(f"dualtraceexports/{EXPORT}", EXPORT_NAMESPACE)["status"]
    return {one["node"]: one for one in status["agents"].get("nodesFailing", [])}


def upgrade(live, tag: str) -> tuple[str, str]:
    """The agents' images before and after the upgrade."""
    (before,) = images(live, "node1")
    after = live.load_program("dualtrace-agent", tag)
    live.create_export(agent={"image": after})
    return before, after


def wait_until_done(live, image: str) -> None:
    live.wait_until_ready(timeout=240)
    for node in ("node1", "node2"):
        wait_until(lambda: images(live, node) == [image], f"{node} has its agent", 120, every=0.5)
    assert not failing(live)


def judge_the_rest(live, before: str, after: str, why: str) -> None:
    """Checks both nodes while node2 cannot run the new agent."""
    wait_until(lambda: images(live, "node1") == [after], "node1 has the new agent", 120, every=0.5)
    wait_until(lambda: "node2" in failing(live), "node2 is named", 60, every=0.5)
    assert why in json.dumps(failing(live)["node2"])
    assert before in images(live, "node2")
    rolling = live.condition("Progressing")
    assert rolling["reason"] in ("RollingOut", "NodesFailing")
    assert "node2" in rolling["message"]
    # Do not check Ready: the node may run CoreDNS and the sandbox, which are then unreachable.
    agents = live.condition("AgentsAvailable")
    assert agents["status"] == "True", agents


def millicores(quantity: str) -> int:
    return int(quantity.removesuffix("m")) if quantity.endswith("m") else int(quantity) * 1000


@pytest.fixture
def full_node(live, export):
    """node2 has no room for a second agent."""
    live.apply(namespace(APPLICATION_NAMESPACE, "privileged"))
    node = json.loads(live.kubectl("get", "node", "node2", "--output=json"))
    pods = json.loads(
        live.kubectl(
            *("get", "pods", "--all-namespaces", "--output=json"),
            "--field-selector=spec.nodeName=node2,status.phase=Running",
        )
    )["items"]
    used = sum(
        millicores(container["resources"].get("requests", {}).get("cpu", "0"))
        for pod in pods
        for container in pod["spec"]["containers"]
    )
    free = millicores(node["status"]["allocatable"]["cpu"]) - used
    container = {
        "name": "all",
        "image": "localhost/busybox:1",
        "command": ["sleep", "infinity"],
        "resources": {"requests": {"cpu": f"{free - 20}m"}},  # an agent requests 50m
    }
    spec = {"nodeName": "node2", "terminationGracePeriodSeconds": 0, "containers": [container]}
    name = {"name": "all-of-it", "namespace": APPLICATION_NAMESPACE}
    live.apply({"apiVersion": "v1", "kind": "Pod", "metadata": name, "spec": spec})
    where = f"--namespace={APPLICATION_NAMESPACE}"
    live.kubectl("wait", where, "pod/all-of-it", "--for=condition=Ready", "--timeout=60s")
    yield lambda: live.kubectl("delete", where, "pod/all-of-it", "--ignore-not-found")
    live.kubectl("delete", where, "pod/all-of-it", "--ignore-not-found")


def test_a_full_node_keeps_its_agent_and_the_others_get_the_new_one(live, loads, full_node):
    before, after = upgrade(live, "full")
    judge_the_rest(live, before, after, "Insufficient cpu")
    full_node()
    wait_until_done(live, after)
    live.settle(loads)


def test_a_node_that_is_not_ready_holds_up_nobody(live, loads):
    with live.cluster.nodes().each[1].unreachable():
        live.kubectl("wait", "node/node2", "--for=condition=Ready=Unknown", "--timeout=120s")
        before, after = upgrade(live, "unreachable")
        judge_the_rest(live, before, after, "node2")
    wait_until_done(live, after)
    live.settle(loads)
