# SPDX-License-Identifier: Apache-2.0
"""An upgrade from an earlier version by `helm upgrade`, with the earlier values and under load:
nothing is lost, no pod lacks its variables, and nothing has to be rewritten. Afterwards, each
version's operator works with the other version's agents. DUALTRACE_BEFORE is a checkout of the
earlier version with its build/release; if it is not set, the test is skipped."""

import os
from pathlib import Path

import pytest
from harness.agent import merged
from harness.asking_pods import AskingPods, is_injected
from harness.live_cluster import EXPORT, EXPORT_NAMESPACE, namespace
from harness.processes import wait_until

RATE = 200  # spans per second on each node
BEFORE = os.environ.get("DUALTRACE_BEFORE")

pytestmark = pytest.mark.skipif(not BEFORE, reason="DUALTRACE_BEFORE does not name an earlier version")


def wait_for_agents(live, tag: str) -> None:
    live.wait_until_ready(timeout=240)
    wanted = {f"localhost/dualtrace-agent:{tag}"}
    wait_until(lambda: set(live.images()) == wanted, f"all agents are of {tag}", 120, every=0.5)


@pytest.fixture(scope="module")
def before(fresh):
    version = Path(BEFORE)
    chart, binaries = version / "helm" / "dualtrace", version / "build" / "release"
    fresh.install("before", {}, chart=chart, binaries=binaries)
    fresh.create_export(injection={})  # in that version, this admitted all namespaces
    wait_for_agents(fresh, "before")
    return fresh


def test_nothing_is_lost_and_nothing_has_to_be_rewritten(before, tmp_path, capsys):
    live = before
    live.apply(namespace("asking"))
    wait_until(lambda: is_injected(live.kubectl, "asking"), "pods are injected", 60)
    uid = live.get(f"dualtraceexports/{EXPORT}", EXPORT_NAMESPACE)["metadata"]["uid"]
    written = live.get(f"dualtraceexports/{EXPORT}", EXPORT_NAMESPACE)["spec"]
    loads = [live.load_from(node, RATE, tmp_path) for node in live.cluster.nodes().each]
    asking = AskingPods(live.kubectl, "asking")
    live.sandbox.wait_for_more_traces(200)
    told = live.install("now", {})
    wait_for_agents(live, "now")
    live.sandbox.wait_for_more_traces(200)
    injected = asking.stop()
    live.settle(loads)
    assert injected and all(injected)
    after = live.get(f"dualtraceexports/{EXPORT}", EXPORT_NAMESPACE)
    assert after["metadata"]["uid"] == uid
    assert merged(after["spec"], written) == after["spec"]
    # The warning names the fields that users must set before the old rules end.
    assert f"{EXPORT_NAMESPACE}/{EXPORT}" in told and "namespaceSelector" in told
    with capsys.disabled():
        print(f"\n{len(injected)} pods asked meanwhile, all were injected")


def settled_load(live, folder: Path) -> None:
    loads = [live.load_from(node, RATE, folder) for node in live.cluster.nodes().each]
    live.sandbox.wait_for_more_traces(100)
    live.settle(loads)


def agent_image(tag: str) -> dict:
    return {"agent": {"image": {"repository": "localhost/dualtrace-agent", "tag": tag}}}


def test_this_operator_works_with_agents_of_before(before, tmp_path):
    before.install("now", agent_image("before"))
    wait_for_agents(before, "before")
    settled_load(before, tmp_path)
    before.wait_until_ready()


def test_the_operator_of_before_works_with_agents_of_this_version(before, tmp_path):
    version = Path(BEFORE)
    before.install(
        "before",
        agent_image("now"),
        chart=version / "helm" / "dualtrace",
        binaries=version / "build" / "release",
    )
    wait_for_agents(before, "now")
    settled_load(before, tmp_path)
    before.wait_until_ready()
