# SPDX-License-Identifier: Apache-2.0
"""A team sets one annotation. Its spans go to the agent of the same node, and from there to both
destinations. If no webhook answers, its pods start nevertheless and are listed in the
status."""

import json

import pytest
from harness.chart import NAMESPACE, RELEASE
from harness.live_cluster import APPLICATION_NAMESPACE, EXPORT, EXPORT_NAMESPACE
from harness.processes import wait_until
from harness.sandbox import DESTINATIONS

SPANS_OF_A_TRACE = 6  # at least: the agent, its steps, two model calls, the tool


@pytest.fixture(scope="module")
def pods(live):
    live.create_export()
    live.wait_until_ready()
    live.start_application()
    return live.application_pods()


def resource_of(live, destination: str, trace_id: str) -> dict:
    rows = live.sandbox.rows(destination, trace_id)
    assert len(rows) >= SPANS_OF_A_TRACE
    return json.loads(rows[0]["resource"])["attributes"]


def test_the_installation_proves_itself(live):
    assert "Succeeded" in live.helm.run("test", RELEASE, "--namespace", NAMESPACE)


def test_the_spans_of_an_annotated_pod_are_at_both_destinations(live, pods):
    for pod in pods:
        name = pod["metadata"]["name"]
        assert pod["metadata"]["annotations"]["dualtrace.dev/injected"] == (
            f"{EXPORT_NAMESPACE}/{EXPORT}"
        )
        trace = live.trace_of(pod)
        live.wait_until_delivered({trace["trace_id"]})
        for destination in DESTINATIONS:
            resource = resource_of(live, destination, trace["trace_id"])
            assert resource["k8s.pod.name"] == name
            assert resource["k8s.node.name"] == pod["spec"]["nodeName"]
            assert resource["k8s.namespace.name"] == APPLICATION_NAMESPACE
            assert resource["k8s.deployment.name"] == "support-desk"
            assert resource["k8s.container.name"] == "desk"
            assert resource["service.name"] == "support-desk"


def test_they_went_through_the_agent_of_their_own_node(live, pods):
    for pod in pods:
        made = len(live.trace_of(pod)["spans"])
        for lane in live.agent_status(pod["spec"]["nodeName"])["lanes"]:
            assert lane["spans"]["accepted"] == made


def test_the_status_counts_them(live, pods):
    def injection() -> dict:
        found = live.get(f"dualtraceexports/{EXPORT}", EXPORT_NAMESPACE)
        return found["status"].get("injection", {})

    wait_until(lambda: injection().get("injected") == 2, "both are counted", 60, every=0.5)

    # Without a webhook, a pod starts unchanged and without delay.
    place = f"--namespace={NAMESPACE}"
    live.kubectl("scale", place, f"deployment/{RELEASE}", "--replicas=0")
    selector = "--selector=app.kubernetes.io/name=dualtrace-operator"
    live.kubectl("wait", place, "pod", selector, "--for=delete", "--timeout=90s")
    place = f"--namespace={APPLICATION_NAMESPACE}"
    live.kubectl("rollout", "restart", place, "deployment/support-desk")
    live.wait_for_rollout("deployment/support-desk", APPLICATION_NAMESPACE)
    live.kubectl("scale", f"--namespace={NAMESPACE}", f"deployment/{RELEASE}", "--replicas=2")
    live.wait_for_rollout(f"deployment/{RELEASE}", NAMESPACE)

    def missed() -> bool:
        started = [
            f"{APPLICATION_NAMESPACE}/{one['metadata']['name']}" for one in live.application_pods()
        ]
        said = injection()
        return said.get("missed") == sorted(started) and said["annotated"] == 2

    wait_until(missed, "the missed pods are named", 120, every=0.5)
    live.kubectl("rollout", "restart", place, "deployment/support-desk")
    live.wait_for_rollout("deployment/support-desk", APPLICATION_NAMESPACE)
    wait_until(
        lambda: injection() == {"annotated": 2, "injected": 2, "unserved": 0}, "they have it now", 120, every=0.5
    )
