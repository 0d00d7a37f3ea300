# SPDX-License-Identifier: Apache-2.0
"""A change to a child is reverted immediately if the operator owns the field, and kept if it does
not. An operator with nothing to do writes nothing."""

import time

import pytest
from harness.audit import READ_VERBS
from harness.children import APIS, MANAGER, path_of
from harness.installation import ALONE
from harness.operator import USER
from harness.managed_fields import managers
from harness.nodes import Node
from harness.processes import wait_until
from harness.tenant import Tenant

EXPORT = "sturdy"
PERMITS = "--permit-priority-classes=system-node-critical"
QUIET_ROUNDS = 8
# The first write after the start does not count as a conflict. Then five changes are reverted
# immediately, the next one after two seconds, and the one after that after four.
QUARREL_WRITES, QUARREL_SECONDS_MIN = 1 + 5 + 2, 2 + 4

# One field that the operator owns, of each kind.
EDITS = {
    "serviceaccounts": {"automountServiceAccountToken": True},
    "configmaps": {"data": {"agent.yaml": "logLevel: Debug\n"}},
    "networkpolicies": {"spec": {"egress": None}},
    "services": {"spec": {"internalTrafficPolicy": "Local"}},
    "daemonsets": {
        "spec": {
            "template": {"spec": {"containers": [{"name": "agent", "image": "evil.example/x:1"}]}}
        }
    },
}


@pytest.fixture(scope="module")
def operator(installation):
    """It resyncs every ten minutes, so changes that it reverts sooner were found by a watch."""
    return installation.operator(*ALONE, PERMITS).start()


@pytest.fixture(scope="module")
def tenant(operator, control_plane, installation):
    made = Tenant(control_plane, "drift")
    installation.allow_in(made.namespace, "secret-reader.yaml")
    made.create(EXPORT)
    made.wait_until_settled(EXPORT)
    return made


@pytest.fixture
def plan(tenant):
    return tenant.plan(EXPORT)


def is_back(tenant, plan, since_uid: str, deleted: bool, plural: str) -> bool:
    child = tenant.child(plural, EXPORT)
    if child is None or (child["metadata"]["uid"] == since_uid) == deleted:
        return False
    return tenant.plan(EXPORT) == plan


@pytest.mark.parametrize("how", ["edited", "deleted"])
@pytest.mark.parametrize("plural", APIS)
def test_a_child_is_put_back(tenant, plan, plural, how):
    uid = tenant.child(plural, EXPORT)["metadata"]["uid"]
    begun = time.monotonic()
    if how == "deleted":
        tenant.delete_child(plural, EXPORT)
    else:
        before = tenant.versions()
        edited = tenant.patch_child(plural, EXPORT, EDITS[plural])["metadata"]
        assert edited["uid"] == uid
        assert edited["resourceVersion"] != before[plural, edited["name"]]
    wait_until(
        lambda: is_back(tenant, plan, uid, how == "deleted", plural),
        f"{plural} is as it was",
        every=0.02,
    )
    print(f"{plural} {how}: put back in {time.monotonic() - begun:.3f} s")


def test_labels_and_owners_are_put_back(tenant, plan):
    """Without these labels, the operator would not find its children again."""
    for plural, meta in (
        ("serviceaccounts", {"labels": {"app.kubernetes.io/managed-by": None}}),
        ("configmaps", {"labels": {"dualtrace.dev/export": "another"}}),
        ("networkpolicies", {"ownerReferences": [{"$patch": "replace"}]}),
    ):
        tenant.patch_child(plural, EXPORT, {"metadata": meta})
        wait_until(lambda: tenant.plan(EXPORT) == plan, "it is as it was")


def test_what_others_own_is_left_alone(tenant, control_plane, operator):
    """Annotations of all kinds, including those of `kubectl rollout restart`, and fields that other
    controllers own."""
    kubectl = ["--namespace", tenant.namespace]
    name = f"{EXPORT}-dualtrace"
    for kind in ("serviceaccount", "configmap", "networkpolicy", "service", "daemonset"):
        control_plane.kubectl("label", *kubectl, kind, name, "team=blue")
        control_plane.kubectl("annotate", *kubectl, kind, name, "example.com/seen=yes")
    control_plane.kubectl("rollout", "restart", *kubectl, f"daemonset/{name}")
    control_plane.kubectl("set", "env", *kubectl, f"daemonset/{name}", "DEBUG=1")
    tenant.patch_child("services", EXPORT, {"spec": {"sessionAffinity": "ClientIP"}})
    tenant.patch_child("configmaps", EXPORT, {"data": {"notes": "by hand"}})
    tenant.patch_child(
        "daemonsets",
        EXPORT,
        {
            "spec": {
                "template": {
                    "spec": {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["192.0.2.1"]}}
                }
            }
        },
        by="dns-controller",
    )

    # Also change a field of the operator's own, so that it certainly writes all of them.
    tenant.change(
        EXPORT,
        {"delivery": {"maxAge": "36h"}, "agent": {"priorityClassName": "system-node-critical"}},
    )
    tenant.wait_until_settled(EXPORT)
    wait_until(
        lambda: tenant.child("daemonsets", EXPORT)["spec"]["template"]["spec"].get(
            "priorityClassName"
        ),
        "the change is there",
    )
    for plural, child in tenant.children():
        assert child["metadata"]["labels"]["team"] == "blue", plural
        assert child["metadata"]["annotations"]["example.com/seen"] == "yes", plural
    template = tenant.child("daemonsets", EXPORT)["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]
    (agent,) = template["spec"]["containers"]
    assert {"name": "DEBUG", "value": "1"} in agent["env"]
    assert template["spec"]["dnsPolicy"] == "None"
    assert tenant.child("services", EXPORT)["spec"]["sessionAffinity"] == "ClientIP"
    config = tenant.child("configmaps", EXPORT)["data"]
    assert config["notes"] == "by hand" and "36h" in config["agent.yaml"]


def test_a_stranger_is_not_taken_over(tenant, control_plane):
    """An object that has a child's name but is not ours is left unchanged, and the export's status
    reports it."""
    stranger = {"metadata": {"name": "second-dualtrace"}, "data": {"mine": "yes"}}
    path = path_of("configmaps", tenant.namespace)
    assert control_plane.api.post(path, stranger)[0] == 201
    tenant.create("second")
    ready = tenant.wait_for_reason("second", "Ready", "ApplyFailed")
    assert f"ConfigMap {tenant.namespace}/second-dualtrace" in ready["message"]
    assert tenant.child("configmaps", "second")["data"] == {"mine": "yes"}
    tenant.delete_child("configmaps", "second")
    tenant.wait_for_reason("second", "Progressing", "Stable")
    assert MANAGER in managers(tenant.child("configmaps", "second"))
    tenant.delete_with_children("second")


@pytest.fixture(scope="module")
def before_node(tenant, control_plane):
    """The audit position before a node joined on which the agent does not start. One for all tests,
    because Kubernetes counts a removed node for most of a minute."""
    since = control_plane.audit_position()
    node = Node(control_plane.api)
    try:
        tenant.wait_for_reason(EXPORT, "AgentsAvailable", "PodsUnavailable")
        yield since
    finally:
        node.remove()


def test_a_status_that_moves_costs_no_apply(control_plane, before_node):
    def writes() -> list:
        return [one for one in control_plane.audit(USER, before_node) if one.is_write]

    # A request appears in the log slightly after its effect.
    wait_until(lambda: any(one.subresource == "status" for one in writes()), "the status is logged")
    assert not [one for one in writes() if one.resource == "daemonsets"]


@pytest.fixture
def eager(operator, installation):
    """Replaces it by an operator that resyncs every second."""
    assert operator.stop() == 0
    made = installation.operator(*ALONE, "--resync=1s", PERMITS).start()
    yield made
    assert made.stop() == 0
    operator.start()


def test_looking_at_what_has_not_changed_writes_nothing(tenant, control_plane, before_node, eager):
    tenant.wait_for_reason(EXPORT, "CredentialsSynced", "Synced")
    agents = {"desired": 1, "ready": 0, "updated": 1}
    # Counts are written every 30 seconds, and a pod must lack a node for 30 seconds before the
    # message names that node.
    wait_until(
        lambda: tenant.get(EXPORT)["status"]["agents"] == agents
        and "(not on " in tenant.condition(EXPORT, "AgentsAvailable")["message"],
        "the status is complete for that node",
        timeout=180,
    )
    before, status = tenant.versions(), tenant.get(EXPORT)["metadata"]["resourceVersion"]
    since = control_plane.audit_position()
    eager.wait_for_rounds(1, QUIET_ROUNDS)
    entries = control_plane.audit(USER, since)
    assert tenant.versions() == before
    assert tenant.get(EXPORT)["metadata"]["resourceVersion"] == status
    assert not [one for one in entries if one.is_write]
    reads = [one for one in entries if one.verb in READ_VERBS]
    print(f"{len(reads)} reads in {QUIET_ROUNDS} rounds")
    assert len(reads) < QUIET_ROUNDS, [(one.verb, one.resource, one.uri) for one in reads]


# Keep this test last: the operator reverts later changes to that Service up to a minute late.
def test_a_quarrel_is_not_fought_at_any_speed(tenant, control_plane):
    """Someone who keeps changing the field back wins for a while, but does not start a fight at the
    API server."""
    since, begun = control_plane.audit_position(), time.monotonic()

    def fought() -> bool:
        tenant.patch_child("services", EXPORT, EDITS["services"], by="another-controller")
        asked = [one for one in control_plane.audit(USER, since) if one.resource == "services"]
        return len([one for one in asked if "dryRun" not in one.uri]) >= QUARREL_WRITES

    wait_until(fought, f"it has put it back {QUARREL_WRITES} times", timeout=90, every=0.2)
    took = time.monotonic() - begun
    print(f"{QUARREL_WRITES} writes in a quarrel of {took:.1f} s")
    assert took >= QUARREL_SECONDS_MIN

    def is_back() -> bool:
        service = tenant.child("services", EXPORT)
        return service["spec"]["internalTrafficPolicy"] == "Cluster"

    wait_until(is_back, "the operator wins in the end")
