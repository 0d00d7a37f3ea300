"""Agents are replaced under load: nothing that was answered OK is lost, and no client waits for
longer than a retry of its SDK."""

import pytest
from harness.chart import NAMESPACE, RELEASE
from harness.live_cluster import EXPORT_NAMESPACE
from harness.node_load import NodeLoad
from harness.processes import wait_until

RATE = 1000  # spans a second on each node
RETRY = 2.0  # seconds; OTLP exporters wait for one before they try again, and this is a busy machine


@pytest.fixture(scope="module")
def export(live):
    live.create_export()
    live.wait_until_ready()


def load_from(node, live, folder) -> NodeLoad:
    return NodeLoad(node.machine.in_network(), live.service_address(), RATE, folder, node.name)


@pytest.fixture
def loads(live, export, tmp_path):
    running = [load_from(node, live, tmp_path) for node in live.cluster.nodes().each]
    yield running
    for load in running:
        if not load.process.ended:
            load.process.kill()


def settle(live, loads, capsys) -> None:
    """Ends the load, and compares what its clients were told with what the destinations have."""
    for load in loads:
        told = load.stop()
        with capsys.disabled():
            print(
                f"\n{load.process.name}: {len(told.stored)} requests OK, {told.refused} refused,"
                f" {told.unanswered} unanswered, longest outage {told.longest_outage:.2f} s"
            )
        assert told.stored
        assert told.longest_outage < RETRY
        live.wait_until_delivered(told.stored)


def images(live) -> list[str]:
    """Of the agents, those that are ending too."""
    pods = live.get("pods", EXPORT_NAMESPACE)["items"]
    return [pod["spec"]["containers"][0]["image"] for pod in pods]


def has_sent(live, traces: int) -> bool:
    return len(live.sandbox.traces("arize")) >= traces


def test_an_upgrade_of_the_agent_loses_nothing(live, loads, capsys):
    before = len(live.sandbox.traces("arize"))
    wait_until(lambda: has_sent(live, before + 200), "the load is under way", every=0.5)
    image = live.load_program("dualtrace-agent", "2")
    live.create_export(image=image)
    live.wait_until_ready(timeout=240)
    wait_until(lambda: images(live) == [image] * 2, "the old agents have ended", 120, every=0.5)
    settle(live, loads, capsys)


def test_a_restart_of_the_operator_is_not_noticed(live, loads, capsys):
    live.kubectl("rollout", "restart", f"--namespace={NAMESPACE}", f"deployment/{RELEASE}")
    live.wait_for_rollout(f"deployment/{RELEASE}", NAMESPACE)
    before = len(live.sandbox.traces("arize"))
    wait_until(lambda: has_sent(live, before + 200), "the load goes on", every=0.5)
    settle(live, loads, capsys)


def test_a_node_that_comes_back_delivers_what_it_held(live, export, tmp_path):
    """The pod leaves the node with spans that one destination has not taken; they wait on the
    node's disk for the next one."""
    live.create_export(nodeSelector={"dualtrace.dev/agents": "yes"})
    for node in ("node1", "node2"):
        live.kubectl("label", "node", node, "dualtrace.dev/agents=yes", "--overwrite")
    live.wait_until_ready()
    live.sandbox.fault("databricks", "refuse")
    node = live.cluster.nodes().each[1]
    load = load_from(node, live, tmp_path)
    known = live.sandbox.traces("arize")
    wait_until(lambda: len(live.sandbox.traces("arize") - known) >= 100, "spans", every=0.5)
    told = load.stop()
    live.kubectl("drain", "node2", "--ignore-daemonsets", "--delete-emptydir-data")
    live.kubectl("label", "node", "node2", "dualtrace.dev/agents-")
    wait_until(
        lambda: len(images(live)) == 1, "its agent has ended", 120, every=0.5
    )
    live.sandbox.fault("databricks", "none")
    assert not told.stored <= live.sandbox.traces("databricks")

    live.kubectl("uncordon", "node2")
    live.kubectl("label", "node", "node2", "dualtrace.dev/agents=yes")
    live.wait_until_delivered(told.stored)
