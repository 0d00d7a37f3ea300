# SPDX-License-Identifier: Apache-2.0
"""The operator creates an export's children exactly as planned, and they are deleted with it."""

import json

import pytest
import yaml
from harness.children import APIS, MANAGER, children_in
from harness.exports import EXAMPLES, ROOT, exports_path
from harness.managed_fields import applied_by
from harness.nodes import Node
from harness.processes import wait_until
from harness.tenant import GC_SECONDS, Tenant

PLANS = ROOT / "tests" / "data" / "plan"
GOLDEN = sorted(folder.name for folder in PLANS.iterdir())
GOLDEN_IMAGE = "registry.example.com/dualtrace/agent:0.1.0"  # the operator's default
AGENT_IMAGE = "registry.example/dualtrace-agent:test"


@pytest.fixture(scope="module")
def operator(installation):
    permits = ["--permit-images=*", "--permit-priority-classes=*", "--permit-env=*"]
    permits += ["--permit-se-linux-options"]
    return installation.operator("--leader-elect=false", *permits).start()


@pytest.fixture(scope="module")
def plane(operator, control_plane):
    return control_plane


def planned(name: str, uid: str) -> dict[str, dict]:
    """The golden objects of an example, by plural, for an export with this uid."""
    example = json.loads((PLANS / name / "export.json").read_text())
    objects = {}
    for plural in APIS:
        text = (PLANS / name / f"{plural}.json").read_text()
        text = text.replace(example["metadata"]["uid"], uid).replace(GOLDEN_IMAGE, AGENT_IMAGE)
        objects[plural] = json.loads(text)
    return objects


def without_address(obj: dict) -> dict:
    """Without the fields that identify the object."""
    rest = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind")}
    rest["metadata"] = {
        key: value for key, value in obj["metadata"].items() if key not in ("name", "namespace")
    }
    return rest


@pytest.mark.parametrize("name", GOLDEN)
def test_the_children_are_the_planned_ones(plane, name):
    """The children match tests/data/plan as the API server returns them, and the operator owns
    exactly the fields in them."""
    export = json.loads((PLANS / name / "export.json").read_text())
    namespace = export["metadata"]["namespace"]
    plane.api.post("/api/v1/namespaces", {"metadata": {"name": namespace}})
    export["metadata"] = {"name": export["metadata"]["name"]}
    status, stored = plane.api.post(exports_path(namespace), export)
    assert status == 201, stored

    def complete() -> list | None:
        found = children_in(plane.api, namespace)
        return found if len(found) == len(APIS) else None

    found = dict(wait_until(complete, "all children are there"))
    golden = planned(name, stored["metadata"]["uid"])
    for plural, wanted in golden.items():
        child = found[plural]
        assert child["metadata"]["name"] == wanted["metadata"]["name"]
        assert applied_by(MANAGER, child) == without_address(wanted), plural


def test_the_example_is_applied_looked_at_and_deleted(plane, installation):
    """With the usual commands: kubectl apply, get, describe, delete."""
    tenant = Tenant(plane, "example")
    namespace = tenant.namespace
    installation.allow_in(namespace, "secret-reader.yaml")
    node = Node(plane.api)
    example = yaml.safe_load((EXAMPLES / "dualtraceexport.yaml").read_text())
    example["metadata"]["namespace"] = namespace
    del example["spec"]["className"]  # this operator has no class
    plane.kubectl("apply", "--filename", "-", stdin=yaml.safe_dump(example))
    try:
        wait_until(lambda: len(tenant.children()) == len(APIS), "all are there")
        (pod,) = wait_until(lambda: node.pods(namespace), "the DaemonSet controller made its pod")
        assert pod["spec"]["serviceAccountName"] == "agents-dualtrace"
        assert pod["metadata"]["labels"]["dualtrace.dev/export"] == "agents"
        read_well(plane, namespace)
    finally:
        node.remove()
    plane.kubectl("delete", "dte", "agents", "--namespace", namespace, "--timeout=60s")
    wait_until(lambda: not tenant.children(), "nothing is left", timeout=GC_SECONDS)
    # They are not recreated: once the operator serves a later export, it has seen the deletion.
    tenant.create("later")
    tenant.wait_until_settled("later")
    assert {one["metadata"]["name"] for _, one in tenant.children()} == {"later-dualtrace"}


def read_well(plane, namespace: str) -> None:
    get = ["get", "dte", "agents", "--namespace", namespace]

    def nodes_are_counted() -> bool:
        row = plane.kubectl(*get).splitlines()[1].split()
        return row[2:4] == ["1", "0"]

    wait_until(nodes_are_counted, "the status counts nodes", every=0.5)
    header, row = plane.kubectl(*get, "--output", "wide").splitlines()
    titles = ["NAME", "READY", "NODES", "AGENTS", "ARIZE", "DATABRICKS", "AGE", "REASON", "MESSAGE"]
    assert header.split() == titles
    # The example names two Secrets that do not exist.
    assert row.split()[:4] == ["agents", "False", "1", "0"]
    assert "SecretMissing" in row and "Secret company-authority (spec.databricks.ca)" in row
    described = plane.kubectl("describe", "dte", "agents", "--namespace", namespace)
    text = " ".join(described.split())
    for expected in (
        "Observed Generation: 1",
        "Agents: Desired: 1",
        "Reason: SecretMissing Status: False Type: CredentialsSynced",
        "Reason: Valid Status: True Type: ConfigValid",
        "Warning SecretMissing",
        "dualtrace-operator CredentialsSynced: Secret proxy (spec.arize.proxyAuth)",
    ):
        assert expected in text, described
    assert "Reason: NoNodes" not in text  # the node is counted


def test_kubectl_explains_what_a_person_writes(plane):
    published = "VERSION:    v1alpha1"
    wait_until(lambda: published in plane.kubectl("explain", "dte", check=False), "it is published")
    example = yaml.safe_load((EXAMPLES / "dualtraceexport.yaml").read_text())
    for field in example["spec"]:
        explained = plane.kubectl("explain", f"dte.spec.{field}")
        description = explained.partition("DESCRIPTION:")[2].partition("FIELDS:")[0].strip()
        assert len(description) > 20, explained


def test_a_namespace_with_exports_can_be_deleted(plane):
    tenant = Tenant(plane, "leaving")
    for name in ("one", "two"):
        tenant.create(name)
    for name in ("one", "two"):
        tenant.wait_until_settled(name)
    plane.kubectl("delete", "namespace", tenant.namespace, "--timeout=60s")
    assert plane.api.get(f"/api/v1/namespaces/{tenant.namespace}")[0] == 404


def test_a_namespace_is_deleted_while_its_exports_are_being_served(plane):
    tenant = Tenant(plane, "hasty")
    for number in range(5):
        tenant.create(f"number-{number}")
    plane.kubectl("delete", "namespace", tenant.namespace, "--timeout=60s")
    assert plane.api.get(f"/api/v1/namespaces/{tenant.namespace}")[0] == 404


def test_nothing_of_the_operator_is_needed_to_delete(plane, operator):
    tenant = Tenant(plane, "orphaned")
    for name in ("kept", "deleted"):
        tenant.create(name)
    for name in ("kept", "deleted"):
        tenant.wait_until_settled(name)
    assert operator.stop() == 0
    try:
        tenant.delete_with_children("deleted")
        plane.kubectl("delete", "namespace", tenant.namespace, "--timeout=60s")
        assert plane.api.get(f"/api/v1/namespaces/{tenant.namespace}")[0] == 404
    finally:
        operator.start()
