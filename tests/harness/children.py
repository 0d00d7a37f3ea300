"""What a DualTraceExport owns, in tests that have a Kubernetes and an operator. The export is the
example with every field, `agents`, in namespaces of the tests."""

from harness.control_plane import ControlPlane
from harness.exports import EXAMPLES, exports_path, read_export
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


def child_path(namespace: str, plural: str) -> str:
    return f"{CHILDREN[plural]}/namespaces/{namespace}/{plural}/{CHILD}"


def child(plane: ControlPlane, namespace: str, plural: str) -> dict | None:
    status, found = plane.api.get(child_path(namespace, plural))
    return found if status == 200 else None


def children(plane: ControlPlane, namespace: str) -> dict[str, dict]:
    found = {plural: child(plane, namespace, plural) for plural in CHILDREN}
    return {plural: one for plural, one in found.items() if one}


def apply_export(plane: ControlPlane, namespace: str) -> dict:
    status, stored = plane.api.post(exports_path(namespace), read_export(EXPORT))
    assert status == 201, stored
    return stored


def settled(plane: ControlPlane, namespace: str) -> dict[str, dict]:
    """All children, once they are there and the status says what became of them."""
    wait_until(lambda: len(children(plane, namespace)) == len(CHILDREN), "all children")
    path = f"{exports_path(namespace)}/agents"
    wait_until(lambda: plane.api.get(path)[1].get("status", {}).get("conditions"), "a status")
    return children(plane, namespace)
