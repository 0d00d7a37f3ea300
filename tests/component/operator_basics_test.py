"""The operator on a real control plane, with the rights of its manifests and no others: an export
becomes what it plans, stays that way, and leaves nothing."""

import time

import pytest
from harness.children import CHILDREN, apply_export, child, child_path, children, settled
from harness.exports import API, install_exports
from harness.operator import ACCOUNT, NAMESPACE, USER, install_operator, refusals
from harness.processes import wait_until

MERGE_PATCH = "application/merge-patch+json"


@pytest.fixture(scope="module")
def plane(control_plane):
    control_plane.require_controllers()
    install_exports(control_plane)
    install_operator(control_plane)
    node = {"metadata": {"name": "by-hand", "labels": {"kubernetes.io/os": "linux"}}}
    status, answer = control_plane.api.post("/api/v1/nodes", node)
    assert status == 201, answer
    return control_plane


@pytest.fixture
def namespace(plane) -> str:
    return plane.new_namespace("basics")


@pytest.fixture(scope="module")
def operator(module_stage, plane):
    kubeconfig = plane.kubeconfig_for(NAMESPACE, ACCOUNT)
    return module_stage.operator(kubeconfig).wait_until_leading()


def test_an_export_becomes_children_that_it_owns(plane, operator, namespace):
    since = plane.audit_position()
    export = apply_export(plane, namespace)
    for plural, found in settled(plane, namespace).items():
        (owner,) = found["metadata"]["ownerReferences"]
        assert owner["uid"] == export["metadata"]["uid"], plural
        assert owner["controller"] and owner["blockOwnerDeletion"], plural
    pods = f"/api/v1/namespaces/{namespace}/pods"
    (pod,) = wait_until(lambda: plane.api.get(pods)[1]["items"], "the DaemonSet has its pod")
    assert pod["spec"]["containers"][0]["image"] == "registry.example/dualtrace-agent:0.1.0"
    assert refusals(plane, since) == []


def test_a_deleted_export_leaves_nothing(plane, operator, namespace):
    apply_export(plane, namespace)
    settled(plane, namespace)
    plane.kubectl("delete", "dte", "agents", "--namespace", namespace, "--timeout=60s")
    wait_until(lambda: not children(plane, namespace), "all children are gone", timeout=60)


@pytest.mark.parametrize(
    ("plural", "patch", "changed"),
    [
        ("configmaps", {"data": {"agent.yaml": "mine"}}, ["data", "agent.yaml"]),
        (
            "services",
            {"spec": {"internalTrafficPolicy": "Cluster"}},
            ["spec", "internalTrafficPolicy"],
        ),
        ("daemonsets", {"spec": {"minReadySeconds": 77}}, ["spec", "minReadySeconds"]),
        ("networkpolicies", {"spec": {"policyTypes": ["Egress"]}}, ["spec", "policyTypes"]),
        (
            "serviceaccounts",
            {"automountServiceAccountToken": True},
            ["automountServiceAccountToken"],
        ),
        ("configmaps", {"metadata": {"ownerReferences": None}}, ["metadata", "ownerReferences"]),
        ("services", {"metadata": {"labels": None}}, ["metadata", "labels"]),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, list) else "",
)
def test_an_edited_child_is_put_back(plane, operator, namespace, plural, patch, changed):
    apply_export(plane, namespace)

    def value(found: dict):
        for name in changed:
            found = found.get(name)
        return found

    wanted = value(settled(plane, namespace)[plural])
    began = time.monotonic()
    status, edited = plane.api.patch(child_path(namespace, plural), patch, MERGE_PATCH)
    assert status == 200 and value(edited) != wanted, edited
    wait_until(
        lambda: value(child(plane, namespace, plural)) == wanted, "it is put back", every=0.02
    )
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("plural", CHILDREN)
def test_a_deleted_child_comes_back(plane, operator, namespace, plural):
    apply_export(plane, namespace)
    was = settled(plane, namespace)[plural]["metadata"]["uid"]
    assert plane.api.delete(child_path(namespace, plural))[0] in (200, 202)
    began = time.monotonic()

    def uid():
        found = child(plane, namespace, plural)
        return found["metadata"]["uid"] if found else was

    wait_until(lambda: uid() != was, f"another of {plural}", every=0.02)
    assert time.monotonic() - began < 2


def test_what_others_own_of_a_child_is_left_alone(plane, operator, namespace):
    apply_export(plane, namespace)
    settled(plane, namespace)
    path = child_path(namespace, "services")
    notes = {"metadata": {"annotations": {"example.com/note": "ours"}}}
    plane.api.patch(path, notes, MERGE_PATCH)
    plane.api.patch(path, {"spec": {"internalTrafficPolicy": "Cluster"}}, MERGE_PATCH)

    def put_back() -> bool:
        return child(plane, namespace, "services")["spec"]["internalTrafficPolicy"] == "Local"

    wait_until(put_back, "the policy is put back")
    found = child(plane, namespace, "services")
    assert found["metadata"]["annotations"]["example.com/note"] == "ours"


def all_exports(plane) -> list[dict]:
    return plane.api.get(f"{API}/dualtraceexports")[1]["items"]


def test_a_quiet_minute_writes_nothing_but_the_lease(plane, operator, namespace):
    apply_export(plane, namespace)
    settled(plane, namespace)
    # Numbers are written half a minute after the last writing; those of the other tests, too.
    wait_until(
        lambda: all(one["status"]["agents"]["updated"] == 1 for one in all_exports(plane)),
        "each status tells of its pod",
        timeout=60,
    )
    time.sleep(5)
    since = plane.audit_position()
    time.sleep(60)
    writes = [one for one in plane.audit(user=USER, since=since) if one.is_write]
    assert {one.resource for one in writes} == {"leases"}, writes
    assert operator.metric("leader_election_master_status") == 1
