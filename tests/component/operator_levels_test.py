# SPDX-License-Identifier: Apache-2.0
"""The operator is level-triggered: whatever events it misses, and whoever else writes, it ends in
the same state."""

import pytest
from harness.installation import ALONE, SHORT_LEASE
from harness.nodes import Node
from harness.processes import wait_until
from harness.reference import assert_ends_well, assert_quiet, reference_plans
from harness.tenant import ARIZE, BOTH, Tenant

EXPORT = "steady"


@pytest.fixture(scope="module")
def direct(installation):
    return installation.account()


@pytest.fixture(scope="module")
def proxy(installation):
    return installation.proxy()


@pytest.fixture(scope="module")
def plan(installation):
    return reference_plans(installation, {EXPORT: BOTH})[EXPORT]


def of(tenant: Tenant) -> list[str]:
    return [*ALONE, f"--watch-namespaces={tenant.namespace}"]


def test_two_at_once_agree(installation, control_plane, plan):
    """Two instances without leader election do not undo each other's work."""
    tenant = Tenant(control_plane, "twice")
    tenant.create(EXPORT)
    both = [installation.operator(*of(tenant)).launch() for _ in range(2)]
    assert_ends_well(tenant, EXPORT, plan)
    tenant.change(EXPORT, {"databricks": None})
    wait_until(lambda: "databricks" not in config_of(tenant), "the change is there")
    assert_quiet(control_plane)
    for one in both:
        assert one.stop() == 0


def config_of(tenant: Tenant) -> str:
    child = tenant.child("configmaps", EXPORT)
    return child["data"]["agent.yaml"] if child else ""


def mess_up(tenant: Tenant) -> None:
    """Makes changes of all kinds. Afterwards, only EXPORT is wanted, as before."""
    tenant.create("deleted")
    tenant.create("recreated", {"arize": ARIZE})
    tenant.change(EXPORT, {"databricks": None})
    tenant.change(EXPORT, BOTH)
    tenant.delete("recreated")
    tenant.create("recreated")
    tenant.delete_child("services", EXPORT)
    tenant.patch_child("daemonsets", EXPORT, {"spec": {"minReadySeconds": 77}})
    tenant.patch_child("configmaps", EXPORT, {"data": {"agent.yaml": "logLevel: Debug\n"}})
    tenant.delete("deleted")
    tenant.delete("recreated")


def test_it_catches_up_with_what_happened_while_it_did_not_run(installation, control_plane, plan):
    tenant = Tenant(control_plane, "late")
    tenant.create(EXPORT)
    operator = installation.operator(*of(tenant)).start()
    assert_ends_well(tenant, EXPORT, plan)
    operator.kill()
    mess_up(tenant)
    assert tenant.plan(EXPORT) != plan
    operator.start()
    assert_ends_well(tenant, EXPORT, plan)
    assert operator.stop() == 0


def test_a_leader_that_is_cut_off_ends_and_its_successor_catches_up(
    installation, control_plane, direct, proxy, plan
):
    tenant = Tenant(control_plane, "deposed")
    tenant.create(EXPORT)
    options = [*SHORT_LEASE, f"--watch-namespaces={tenant.namespace}"]
    operator = installation.operator(*options, kubeconfig=proxy.kubeconfig(direct)).start()
    assert_ends_well(tenant, EXPORT, plan)
    proxy.disconnect()
    mess_up(tenant)
    assert operator.process.wait(60) == 1
    assert operator.logged("leadership was lost")
    proxy.reconnect()
    operator.start()  # as the kubelet would do
    assert_ends_well(tenant, EXPORT, plan)
    assert operator.stop() == 0


def test_agents_are_rolled_for_what_they_cannot_reload_and_for_nothing_else(
    installation, control_plane
):
    tenant = Tenant(control_plane, "rolled")
    node = Node(control_plane.api)
    operator = installation.operator(*of(tenant)).start()
    try:
        tenant.create(EXPORT)
        (pod,) = wait_until(lambda: node.pods(tenant.namespace), "there is a pod")
        tenant.wait_until_settled(EXPORT)
        before = tenant.child("daemonsets", EXPORT)["metadata"]

        tenant.change(EXPORT, {"delivery": {"maxAge": "36h"}, "agent": {"logLevel": "Debug"}})
        wait_until(lambda: "36h" in config_of(tenant), "the agents have a new configuration")
        tenant.wait_until_settled(EXPORT)
        assert_quiet(control_plane)
        after = tenant.child("daemonsets", EXPORT)["metadata"]
        assert (after["uid"], after["generation"]) == (before["uid"], before["generation"])
        (same,) = node.pods(tenant.namespace)
        assert same["metadata"]["uid"] == pod["metadata"]["uid"]

        config = tenant.child("configmaps", EXPORT)["metadata"]["resourceVersion"]
        tenant.change(EXPORT, {"agent": {"image": "registry.example/dualtrace-agent:2"}})

        def rolled() -> bool:
            images = [one["spec"]["containers"][0]["image"] for one in node.pods(tenant.namespace)]
            return "registry.example/dualtrace-agent:2" in images

        wait_until(rolled, "there is a pod of the new template")
        assert tenant.child("configmaps", EXPORT)["metadata"]["resourceVersion"] == config
        assert (
            tenant.child("daemonsets", EXPORT)["metadata"]["generation"] == after["generation"] + 1
        )
    finally:
        node.remove()
    assert operator.stop() == 0
