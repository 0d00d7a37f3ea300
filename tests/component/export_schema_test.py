# SPDX-License-Identifier: Apache-2.0
"""A real API server accepts and rejects DualTraceExports as the examples say, and prints them
well."""

import re
from pathlib import Path

import pytest
import yaml
from docs.schema_files import read_schema
from harness.exports import EXAMPLES, ROOT, exports_path, install_exports, read_export
from harness.processes import wait_until

CASES = ROOT / "tests" / "data" / "exports"
ACCEPTED = sorted([*(CASES / "accepted").glob("*.yaml"), *EXAMPLES.glob("*.yaml")])
REFUSED = sorted((CASES / "refused").glob("*.yaml"))
MINIMAL = EXAMPLES / "minimal.yaml"
FULL = EXAMPLES / "dualtraceexport.yaml"


@pytest.fixture(scope="module")
def plane(control_plane):
    install_exports(control_plane)
    return control_plane


@pytest.fixture(scope="module")
def exports(plane) -> str:
    """The API path of exports in a namespace of this file."""
    return exports_path(plane.new_namespace("schema"))


def tried(plane, exports: str, example: Path) -> tuple[int, dict]:
    return plane.api.post(f"{exports}?dryRun=All&fieldValidation=Strict", read_export(example))


def created(plane, exports: str, example: Path, name: str) -> dict:
    status, stored = plane.api.post(exports, read_export(example, name))
    assert status == 201, stored
    return stored


def claim(example: Path, name: str) -> str:
    return re.search(rf"^# {name}: (.*)$", example.read_text(), re.MULTILINE).group(1)


@pytest.mark.parametrize("example", ACCEPTED, ids=lambda path: path.stem)
def test_it_accepts(plane, exports, example):
    status, answer = tried(plane, exports, example)
    assert status == 201, answer


@pytest.mark.parametrize("example", REFUSED, ids=lambda path: path.stem)
def test_it_refuses(plane, exports, example):
    """It is rejected because of exactly one field, with the message that the example gives."""
    status, answer = tried(plane, exports, example)
    field, says = claim(example, "field"), claim(example, "says")
    if says == "unknown field":
        assert status == 400
        assert f'unknown field "{field}"' in answer["message"]
        return
    assert status == 422, answer
    causes = {one["field"]: one["message"] for one in answer["details"]["causes"]}
    causes.pop("<nil>", None)  # "some validation rules were not checked"
    assert list(causes) == [field]
    assert says in causes[field]


def with_value(field: str, value: object) -> dict:
    export = read_export(FULL)
    *sections, name = field.split(".")
    section = export
    for one in sections:
        section = section.setdefault(one, {})
    section[name] = value
    return export


def beyond(field: dict) -> str:
    """Just more than the largest value."""
    if field["type"] == "size":
        units = {"Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
        return str(int(field["most"][:-2]) * units[field["most"][-2:]] + 1)
    return str(int(field["most"]) + 1) if field["type"] == "number" else f"{field['most']}1s"


def test_it_has_the_bounds_of_the_agents_configuration(plane, exports, request):
    """Each field that only passes through, at its bounds and beyond them."""
    schema = read_schema(request.config.getoption("--binaries"))
    bounded = [field for field in schema["fields"] if field["least"]]
    assert len(bounded) > 2
    for field in bounded:
        wrong = {beyond(field): f"must be between {field['least']} and {field['most']}"}
        if field["expected"]:
            wrong["?"] = field["expected"]
        for value in (field["least"], field["most"], *wrong):
            typed = int(value) if field["type"] == "number" else value
            path = f"{exports}?dryRun=All&fieldValidation=Strict"
            status, answer = plane.api.post(path, with_value(field["path"], typed))
            assert status == (422 if value in wrong else 201), (field["path"], value, answer)
            assert wrong.get(value, "") in str(answer), (field["path"], value)


def test_it_accepts_the_export_of_the_page(plane, exports):
    page = (ROOT / "docs" / "resource.md").read_text()
    export = yaml.safe_load(page.split("```yaml\n")[1].split("```")[0])
    del export["metadata"]["namespace"]
    status, answer = plane.api.post(f"{exports}?dryRun=All&fieldValidation=Strict", export)
    assert status == 201, answer


def test_an_export_is_stored_with_every_default(plane, exports):
    stored = created(plane, exports, MINIMAL, "defaults")["spec"]
    full = read_export(FULL)["spec"]
    del full["delivery"]["adoptFrom"]  # it has no default
    assert stored["delivery"] == full["delivery"]
    assert stored["agent"] == {
        "imagePullPolicy": "IfNotPresent",
        "logLevel": "Info",
        "traffic": "PreferSameNode",
    }
    assert stored["arize"]["credentials"] == full["arize"]["credentials"]


def condition(kind: str, status: str, reason: str) -> dict:
    return {
        "type": kind,
        "status": status,
        "observedGeneration": 1,
        "lastTransitionTime": "2026-01-02T03:04:05Z",
        "reason": reason,
        "message": f"This is {reason}.",
    }


STATUS = {
    "observedGeneration": 1,
    "consent": "AllAsBefore",
    "conditions": [condition("Ready", "False", "Paused"), condition("ConfigValid", "True", "Valid")],
    "agents": {
        "desired": 12,
        "ready": 11,
        "updated": 12,
        "nodesSilent": [{"node": "node-4", "since": "2026-01-02T03:04:05Z"}],
    },
    "destinations": [
        {
            "name": "arize",
            "state": "Delivering",
            "backlogBytes": 2**53,
            "oldestUndelivered": "2026-01-02T03:04:05Z",
            "lastDelivered": "2026-01-02T03:04:05.123456Z",
            "credential": {"fingerprint": "0123456789abcdef", "nodes": "12/12"},
        },
        {
            "name": "databricks",
            "state": "Paused",
            "lastError": {"reason": "Unauthenticated", "message": "401"},
            "nodesFailing": ["node-1", "node-2", "node-3", "node-4", "node-5"],
        },
    ],
    "injection": {
        "annotated": 9,
        "injected": 7,
        "unserved": 2,
        "unservedPods": ["shop/web-2", "shop/web-3"],
        "shutOut": 1,
        "missed": ["shop/web-0", "shop/web-1"],
        "skipped": [{"reason": "NoClusterDNS", "pods": 2}],
        "warned": [{"reason": "BehindProxy", "pods": 1}],
    },
    "nodesWithBacklog": [
        {
            "node": "node-5",
            "disk": "2a-65f0-7",
            "goneSince": "2026-01-02T03:04:05Z",
            "destinations": [{"name": "arize", "spans": 41, "bytes": 2**41}],
        }
    ],
    "nodesLost": [
        {
            "node": "node-6",
            "disk": disk,
            "since": "2026-01-02T03:04:05Z",
            "destinations": [{"name": "arize", "spans": 40, "bytes": 2**40}],
        }
        for disk in ("2b-65f0-7", "2c-65f0-7")
    ],
    "recentLosses": [
        {
            "node": "node-7",
            "destination": "arize",
            "word": "expired",
            "reason": "Age",
            "spans": 7,
            "last": "2026-01-02T03:04:05Z",
            "message": "too old",
            "until": "2026-01-02T03:05:35Z",
        }
    ],
}


def test_a_status_is_shown_in_columns(plane, exports):
    created(plane, exports, FULL, "shown")
    path = f"{exports}/shown/status?fieldValidation=Strict"
    status, stored = plane.api.patch(path, {"status": STATUS})
    assert (status, stored["status"]) == (200, STATUS)
    arguments = ["get", "dte", "shown", "--namespace", stored["metadata"]["namespace"]]
    header, row = plane.kubectl(*arguments).splitlines()
    assert header.split() == ["NAME", "READY", "NODES", "AGENTS", "ARIZE", "DATABRICKS", "AGE"]
    assert row.split()[:-1] == ["shown", "False", "12", "11", "Delivering", "Paused"]
    assert "Paused   This is Paused." in plane.kubectl(*arguments, "--output", "wide")


def test_the_spec_cannot_be_changed_by_way_of_the_status(plane, exports):
    created(plane, exports, MINIMAL, "guarded")
    change = {"spec": {"delivery": {"maxAge": "1h"}}, "status": {"observedGeneration": 1}}
    status, stored = plane.api.patch(f"{exports}/guarded/status", change)
    assert (status, stored["spec"]["delivery"]["maxAge"]) == (200, "72h")
    assert stored["metadata"]["generation"] == 1


def test_storage_may_be_changed_later(plane, exports):
    created(plane, exports, MINIMAL, "moved")
    change = {"spec": {"delivery": {"storage": "EmptyDir"}}}
    assert plane.api.patch(f"{exports}/moved", change)[0] == 200


def test_kubectl_explains_it(plane):
    published = "VERSION:    v1alpha1"
    wait_until(lambda: published in plane.kubectl("explain", "dte", check=False), "it is published")
    text = plane.kubectl("explain", "dte.spec", "--recursive")
    assert "workspaceURL\t<string> -required-" in text
    assert "Where the spans go" in plane.kubectl("explain", "dte.spec")
    assert "the oldest spans beyond" in plane.kubectl("explain", "dte.spec.delivery.maxBacklog")


def served_with(plane, exports: str, crd: dict, example: Path, status: int) -> None:
    """Waits until the CRD is in effect for the example."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/dualtraceexports.dualtrace.dev"
    plane.api.patch(path, crd)
    wait_until(lambda: tried(plane, exports, example)[0] == status, f"the example gets {status}")


def test_an_export_from_before_a_rule_can_still_be_told_what_is_wrong(plane, exports):
    """The operator can therefore write its status. Only when that field changes must it become
    valid."""
    example = CASES / "refused" / "table_of_two_parts.yaml"
    today = yaml.safe_load((ROOT / "crds" / "dualtraceexport.yaml").read_text())
    before = yaml.safe_load((ROOT / "crds" / "dualtraceexport.yaml").read_text())
    spec = before["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    del spec["properties"]["databricks"]["properties"]["table"]["x-kubernetes-validations"]
    served_with(plane, exports, before, example, 201)
    try:
        created(plane, exports, example, "early")
    finally:
        served_with(plane, exports, today, example, 422)
    assert plane.api.patch(f"{exports}/early/status", {"status": STATUS})[0] == 200
    labels = {"metadata": {"labels": {"team": "agents"}}}
    assert plane.api.patch(f"{exports}/early", labels)[0] == 200
    wrong = {"spec": {"databricks": {"table": "still.wrong"}}}
    assert plane.api.patch(f"{exports}/early", wrong)[0] == 422
    right = {"spec": {"databricks": {"table": "main.traces.spans"}}}
    assert plane.api.patch(f"{exports}/early", right)[0] == 200
