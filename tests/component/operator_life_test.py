"""How the operator begins and ends, and what its manifests give it."""

import re
import subprocess

import pytest
import yaml
from harness.children import CHILDREN, apply_export, children, settled
from harness.exports import ROOT, install_exports
from harness.operator import ACCOUNT, MANIFESTS, NAMESPACE, holder, install_operator, refusals


@pytest.fixture(scope="module")
def plane(control_plane):
    control_plane.require_controllers()
    install_exports(control_plane)
    install_operator(control_plane)
    return control_plane


@pytest.fixture(scope="module")
def kubeconfig(plane):
    return plane.kubeconfig_for(NAMESPACE, ACCOUNT)


def test_only_the_namespaces_asked_for_are_served(plane, stage, kubeconfig):
    """With Roles there, and none elsewhere."""
    first, second, elsewhere = [plane.new_namespace(name) for name in ("a", "b", "elsewhere")]
    plane.kubectl("delete", "--filename", MANIFESTS / "rbac.yaml")
    try:
        for served in (first, second):
            manifest = MANIFESTS / "rbac-namespaced.yaml"
            plane.kubectl("apply", "--namespace", served, "--filename", manifest)
        since = plane.audit_position()
        stage.operator(kubeconfig, f"--watch-namespaces={first},{second}")
        for each in (elsewhere, first, second):
            apply_export(plane, each)
        for served in (first, second):
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


def test_every_option_is_described(stage):
    operator = stage.binaries / "operator" / "dualtrace-operator"
    asked = subprocess.run([operator, "--help"], capture_output=True, text=True, check=True)
    options = set(re.findall(r"--[a-z-]+", asked.stdout)) - {"--help", "--version"}
    described = set(re.findall(r"`(--[a-z-]+)`", (ROOT / "docs" / "operator.md").read_text()))
    assert options == described


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
    plane.kubectl("apply", "--dry-run=server", "--filename", MANIFESTS / "deployment.yaml")
    space = plane.new_namespace("restricted")
    plane.kubectl("label", "namespace", space, "pod-security.kubernetes.io/enforce=restricted")
    deployment = yaml.safe_load((MANIFESTS / "deployment.yaml").read_text())
    pod = deployment["spec"]["template"]
    pod["metadata"]["name"] = "operator"
    pod["spec"]["serviceAccountName"] = "default"
    status, answer = plane.api.post(f"/api/v1/namespaces/{space}/pods?dryRun=All", pod)
    assert status == 201, answer
