# SPDX-License-Identifier: Apache-2.0
"""Agents and operators are replaced and nodes drained under load: nothing that was acknowledged is
lost, and no client waits longer than one retry of its SDK."""

import pytest
from harness.asking_pods import AskingPods
from harness.chart import NAMESPACE, RELEASE
from harness.live_cluster import namespace
from harness.processes import wait_until

RATE = 1000  # spans per second on each node
RETRY = 2.0  # seconds; OTLP exporters retry after one, and this machine is busy


def settle(live, loads, capsys) -> None:
    """Stops the load, and compares what was acknowledged to its clients with what the destinations
    have."""
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


def agents_run(live, image: str) -> None:
    live.wait_until_ready(timeout=240)
    wait_until(lambda: live.images() == [image] * 2, "the old agents have ended", 120, every=0.5)


def test_an_upgrade_of_the_agent_loses_nothing(live, loads, capsys):
    live.sandbox.wait_for_more_traces(200)
    image = live.load_program("dualtrace-agent", "2")
    live.create_export(agent={"image": image})
    agents_run(live, image)
    settle(live, loads, capsys)


@pytest.fixture
def asking_pods(live, export):
    live.apply(namespace("asking"))
    running = AskingPods(live.kubectl, "asking")
    yield running
    running.stop()
    live.kubectl("delete", "namespace", "asking", "--wait=false")


def test_an_upgrade_by_helm_and_the_way_back_lose_nothing(live, loads, asking_pods, capsys):
    live.create_export()
    agents_run(live, "localhost/dualtrace-agent:1")
    live.sandbox.wait_for_more_traces(200)
    live.install("2")
    agents_run(live, "localhost/dualtrace-agent:2")
    live.helm.run("rollback", RELEASE, "--namespace", NAMESPACE, "--wait", "--timeout=110s")
    agents_run(live, "localhost/dualtrace-agent:1")
    settle(live, loads, capsys)
    injected = asking_pods.stop()
    with capsys.disabled():
        print(f"\n{len(injected)} pods asked meanwhile, {injected.count(True)} were injected")
    assert injected and all(injected)


def test_a_restart_of_the_operator_is_not_noticed(live, loads, capsys):
    live.kubectl("rollout", "restart", f"--namespace={NAMESPACE}", f"deployment/{RELEASE}")
    live.wait_for_rollout(f"deployment/{RELEASE}", NAMESPACE)
    live.sandbox.wait_for_more_traces(200)
    settle(live, loads, capsys)


def test_draining_a_node_leaves_its_agent_to_what_still_runs_there(live, loads, capsys):
    live.sandbox.wait_for_more_traces(200)
    live.kubectl("drain", "node2", "--ignore-daemonsets", "--delete-emptydir-data")
    live.sandbox.wait_for_more_traces(200)
    live.kubectl("uncordon", "node2")
    live.wait_for_rollout(f"deployment/{RELEASE}", NAMESPACE)
    settle(live, loads, capsys)


def test_a_node_that_comes_back_delivers_what_it_held(live, export, tmp_path):
    """The pod leaves the node with spans that one destination has not accepted; they stay on the
    node's disk for the next agent."""
    live.create_export(agent={"nodeSelector": {"dualtrace.dev/agents": "yes"}})
    for node in ("node1", "node2"):
        live.kubectl("label", "node", node, "dualtrace.dev/agents=yes", "--overwrite")
    live.wait_until_ready()
    live.sandbox.fault("databricks", "refuse")
    node = live.cluster.nodes().each[1]
    load = live.load_from(node, RATE, tmp_path)
    live.sandbox.wait_for_more_traces(100, timeout=30)
    told = load.stop()
    live.kubectl("drain", "node2", "--ignore-daemonsets", "--delete-emptydir-data")
    live.kubectl("label", "node", "node2", "dualtrace.dev/agents-")
    live.wait_for_agents(1)
    live.sandbox.fault("databricks", "none")
    assert not told.stored <= live.sandbox.traces("databricks")

    live.kubectl("uncordon", "node2")
    live.kubectl("label", "node", "node2", "dualtrace.dev/agents=yes")
    live.wait_until_delivered(told.stored)
