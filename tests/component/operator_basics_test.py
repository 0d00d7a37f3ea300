"""The operator on a real control plane, with the rights of its manifests and no others: an export
becomes what it plans, stays that way, and leaves nothing."""

import time

import pytest
import yaml
from harness.exports import EXAMPLES, exports_path, install_exports, read_export
from harness.operator import (
    ACCOUNT,
    MANIFESTS,
    NAMESPACE,
    USER,
    holder,
    install_account,
    install_operator,
)
from harness.processes import wait_until

EXPORT = EXAMPLES / "dualtraceexport.yaml"
CHILD = "agents-dualtrace"
CHILDREN = {
    "serviceaccounts": "/api/v1",
    "configmaps": "/api/v1",
    "services": "/api/v1",
    "daemonsets": "/apis/apps/v1",
    "networkpolicies": "/apis/networking.k8s.io/v1",
}
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


@pytest.fixture(scope="module")
def kubeconfig(plane):
    return plane.kubeconfig_for(NAMESPACE, ACCOUNT)


@pytest.fixture
def namespace(plane) -> str:
    return plane.new_namespace("basics")


@pytest.fixture
def operator(stage, plane, kubeconfig):
    return stage.operator(kubeconfig).wait_until_leading()


def child_path(namespace: str, plural: str) -> str:
    return f"{CHILDREN[plural]}/namespaces/{namespace}/{plural}/{CHILD}"


def child(plane, namespace: str, plural: str) -> dict | None:
    status, found = plane.api.get(child_path(namespace, plural))
    return found if status == 200 else None


def children(plane, namespace: str) -> dict[str, dict]:
    found = {plural: child(plane, namespace, plural) for plural in CHILDREN}
    return {plural: one for plural, one in found.items() if one}


def apply_export(plane, namespace: str) -> dict:
    status, stored = plane.api.post(exports_path(namespace), read_export(EXPORT))
    assert status == 201, stored
    return stored


def settled(plane, namespace: str) -> dict[str, dict]:
    """All children, once they are there and the status says what became of them."""
    wait_until(lambda: len(children(plane, namespace)) == len(CHILDREN), "all children are there")
    path = f"{exports_path(namespace)}/agents"
    wait_until(lambda: plane.api.get(path)[1].get("status", {}).get("conditions"), "a status")
    return children(plane, namespace)


def refusals(plane, since: int) -> list:
    """What the operator asked for and was not allowed, but for Secrets, which it can do without."""
    entries = plane.audit(user=USER, since=since)
    return [one for one in entries if one.code in (401, 403) and one.resource != "secrets"]


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

    def value():
        found = child(plane, namespace, plural)
        for name in changed:
            found = found.get(name)
        return found

    settled(plane, namespace)
    wanted = value()
    path = child_path(namespace, plural)
    status, answer = plane.api.patch(path, patch, MERGE_PATCH)
    assert status == 200 and value() != wanted, answer
    began = time.monotonic()
    wait_until(lambda: value() == wanted, f"{changed} is put back", every=0.02)
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


def test_a_quiet_minute_writes_nothing_but_the_lease(plane, operator, namespace):
    apply_export(plane, namespace)
    settled(plane, namespace)
    path = f"{exports_path(namespace)}/agents"
    # Numbers are written half a minute after the last writing.
    wait_until(
        lambda: plane.api.get(path)[1]["status"]["agents"]["updated"] == 1,
        "the status tells of the pod",
        timeout=60,
    )
    time.sleep(5)
    since = plane.audit_position()
    time.sleep(60)
    writes = [one for one in plane.audit(user=USER, since=since) if one.is_write]
    assert {one.resource for one in writes} == {"leases"}, writes
    assert operator.metric("leader_election_master_status") == 1


def test_only_the_namespaces_asked_for_are_served(plane, stage, kubeconfig, namespace):
    """With Roles there, and none elsewhere."""
    elsewhere = plane.new_namespace("elsewhere")
    second = plane.new_namespace("second")
    plane.kubectl("delete", "--filename", MANIFESTS / "rbac.yaml")
    try:
        for served in (namespace, second):
            manifest = MANIFESTS / "rbac-namespaced.yaml"
            plane.kubectl("apply", "--namespace", served, "--filename", manifest)
        since = plane.audit_position()
        stage.operator(kubeconfig, f"--watch-namespaces={namespace},{second}")
        for each in (elsewhere, namespace, second):
            apply_export(plane, each)
        for served in (namespace, second):
            settled(plane, served)
        assert children(plane, elsewhere) == {}
        assert refusals(plane, since) == []
    finally:
        install_operator(plane)


def test_the_rights_are_the_same_in_one_namespace_as_in_all():
    def rules(file: str) -> list:
        documents = yaml.safe_load_all((MANIFESTS / file).read_text())
        return [one["rules"] for one in documents if "rules" in one]

    assert rules("rbac.yaml") == rules("rbac-namespaced.yaml")


def test_a_terminated_operator_gives_its_lease_to_the_next(plane, stage, kubeconfig):
    first = stage.operator(kubeconfig).wait_until_leading()
    second = stage.operator(kubeconfig)
    assert holder(plane) == first.identity and not second.leads
    assert first.stop() == 0
    second.wait_until_leading(timeout=8)  # much less than a lease
    assert holder(plane) == second.identity


def test_an_operator_that_may_not_list_ends_and_says_what_it_waited_for(plane, stage):
    stranger = plane.kubeconfig_for(NAMESPACE, "stranger")
    operator = stage.operator(stranger, "--sync-timeout=2s", start=False).launch()
    assert operator.process.wait(30) == 1
    (line,) = operator.logged("the API server did not list everything in time")
    for plural in ("dualtraceexports", "pods", *CHILDREN):
        assert plural in line["error"]


def test_the_manifests_are_what_an_api_server_takes(plane):
    install_account(plane)
    plane.kubectl("apply", "--dry-run=server", "--filename", MANIFESTS / "deployment.yaml")
    space = plane.new_namespace("restricted")
    plane.kubectl("label", "namespace", space, "pod-security.kubernetes.io/enforce=restricted")
    deployment = yaml.safe_load((MANIFESTS / "deployment.yaml").read_text())
    pod = deployment["spec"]["template"]
    pod["metadata"]["name"] = "operator"
    pod["spec"]["serviceAccountName"] = "default"
    status, answer = plane.api.post(f"/api/v1/namespaces/{space}/pods?dryRun=All", pod)
    assert status == 201, answer
