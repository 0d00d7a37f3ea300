"""A real API server takes and refuses DualTraceExports as the examples say, and shows them well."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "tests" / "data" / "exports"
ACCEPTED = sorted([*(EXAMPLES / "accepted").glob("*.yaml"), *(ROOT / "docs" / "examples").glob("*.yaml")])
REFUSED = sorted((EXAMPLES / "refused").glob("*.yaml"))
API = "/apis/dualtrace.dev/v1alpha1"


@pytest.fixture(scope="module")
def plane(control_plane):
    control_plane.kubectl("apply", "--filename", ROOT / "crds" / "dualtraceexport.yaml")
    crd = "crd/dualtraceexports.dualtrace.dev"
    control_plane.kubectl("wait", "--for=condition=Established", crd, "--timeout=30s")
    return control_plane


@pytest.fixture(scope="module")
def exports(plane) -> str:
    """The path of the exports in a namespace of this file."""
    return f"{API}/namespaces/{plane.new_namespace('schema')}/dualtraceexports"


def load(example: Path) -> dict:
    export = yaml.safe_load(example.read_text())
    export["metadata"].pop("namespace", None)
    return export


def tried(plane, exports: str, example: Path) -> tuple[int, dict]:
    return plane.api.post(f"{exports}?dryRun=All&fieldValidation=Strict", load(example))


def claim(example: Path, name: str) -> str:
    return re.search(rf"^# {name}: (.*)$", example.read_text(), re.MULTILINE).group(1)


@pytest.mark.parametrize("example", ACCEPTED, ids=lambda path: path.stem)
def test_it_accepts(plane, exports, example):
    status, answer = tried(plane, exports, example)
    assert status == 201, answer


@pytest.mark.parametrize("example", REFUSED, ids=lambda path: path.stem)
def test_it_refuses(plane, exports, example):
    """Because of one field alone, with the message that the example claims."""
    status, answer = tried(plane, exports, example)
    field, says = claim(example, "field"), claim(example, "says")
    if says == "unknown field":
        assert (status, f'strict decoding error: unknown field "{field}"' in answer["message"]) == (400, True), answer
        return
    assert status == 422, answer
    causes = [
        one for one in answer["details"]["causes"] if "some validation rules were not checked" not in one["message"]
    ]
    assert [one["field"] for one in causes] == [field]
    assert causes[0]["message"].endswith(says) or says in causes[0]["message"]


def test_an_export_is_stored_with_every_default(plane, exports):
    status, stored = plane.api.post(exports, load(ROOT / "docs" / "examples" / "minimal.yaml"))
    assert status == 201, stored
    full = load(ROOT / "docs" / "examples" / "dualtraceexport.yaml")["spec"]
    for section in ("delivery", "agent"):
        for name, value in stored["spec"][section].items():
            if name != "resources":
                assert full[section][name] == value, name
    assert stored["spec"]["agent"]["resources"] == {
        "requests": {"cpu": "50m", "memory": "64Mi"},
        "limits": {"memory": "512Mi"},
    }
    assert stored["spec"]["arize"]["credentials"]["spaceIDKey"] == "space-id"


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
    "conditions": [condition("Ready", "False", "Paused"), condition("ConfigValid", "True", "Valid")],
    "agents": {"desired": 12, "ready": 11, "updated": 12},
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
}


def test_a_status_is_shown_in_columns(plane, exports):
    export = load(ROOT / "docs" / "examples" / "dualtraceexport.yaml")
    export["metadata"]["name"] = "shown"
    assert plane.api.post(exports, export)[0] == 201
    status, stored = plane.api.patch(f"{exports}/shown/status?fieldValidation=Strict", {"status": STATUS})
    assert (status, stored["status"]) == (200, STATUS)
    namespace = exports.split("/")[-2]
    arguments = ["get", "dte", "shown", "--namespace", namespace]
    header, row = plane.kubectl(*arguments).splitlines()
    assert header.split() == ["NAME", "READY", "NODES", "AGENTS", "ARIZE", "DATABRICKS", "AGE"]
    assert row.split()[:-1] == ["shown", "False", "12", "11", "Delivering", "Paused"]
    assert "Paused   This is Paused." in plane.kubectl(*arguments, "--output", "wide")


def test_the_spec_cannot_be_changed_by_way_of_the_status(plane, exports):
    export = load(ROOT / "docs" / "examples" / "minimal.yaml")
    export["metadata"]["name"] = "guarded"
    assert plane.api.post(exports, export)[0] == 201
    change = {"spec": {"delivery": {"maxAge": "1h"}}, "status": {"observedGeneration": 1}}
    status, stored = plane.api.patch(f"{exports}/guarded/status", change)
    assert (status, stored["spec"]["delivery"]["maxAge"]) == (200, "72h")
    assert stored["metadata"]["generation"] == 1


def test_storage_may_be_changed_later(plane, exports):
    export = load(ROOT / "docs" / "examples" / "minimal.yaml")
    export["metadata"]["name"] = "moved"
    assert plane.api.post(exports, export)[0] == 201
    assert plane.api.patch(f"{exports}/moved", {"spec": {"delivery": {"storage": "EmptyDir"}}})[0] == 200


def test_kubectl_explains_it(plane):
    text = plane.kubectl("explain", "dte.spec", "--recursive")
    assert "workspaceURL\t<string> -required-" in text
    assert "Where the spans go" in plane.kubectl("explain", "dte.spec")
    assert "the oldest spans beyond" in plane.kubectl("explain", "dte.spec.delivery.maxBacklog")
