# SPDX-License-Identifier: Apache-2.0
"""A team's namespace: its exports, the Secrets that they name, and the children that the operator
created."""

import base64
import time

from harness import sandbox
from harness.children import APIS, Plan, child_path, children_in, plan_as_applied
from harness.control_plane import ControlPlane
from harness.exports import exports_path
from harness.kubernetes_api import STRATEGIC_MERGE_PATCH
from harness.processes import PATIENCE_SECONDS, wait_until

SECRETS = {
    "arize": {"api-key": sandbox.API_KEY, "space-id": sandbox.SPACE_ID},
    "databricks": {"token": sandbox.TOKEN},
}
ARIZE = {"region": "US", "project": "tests", "credentials": {"secretName": "arize"}}
DATABRICKS = {
    "workspaceURL": "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com",
    "table": "main.traces.agents_otel_spans",
    "auth": {"token": {"secretName": "databricks"}},
}
BOTH = {"arize": ARIZE, "databricks": DATABRICKS}
GC_SECONDS = 90  # Kubernetes' garbage collector discovers a new kind of owner within 30 s


class Tenant:
    """`.api` is the admin's."""

    def __init__(self, plane: ControlPlane, prefix: str = "team", secrets: bool = True):
        self.plane = plane
        self.api = plane.api
        self.namespace = plane.new_namespace(prefix)
        self.exports = exports_path(self.namespace)
        if secrets:
            for name, content in SECRETS.items():
                self.put_secret(name, content)

    # --- exports ---

    def create(self, name: str, spec: dict = BOTH) -> dict:
        status, answer = self.api.post(
            self.exports,
            {
                "apiVersion": "dualtrace.dev/v1alpha1",
                "kind": "DualTraceExport",
                "metadata": {"name": name},
                "spec": spec,
            },
        )
        assert status == 201, answer
        return answer

    def get(self, name: str) -> dict:
        status, answer = self.api.get(f"{self.exports}/{name}")
        assert status == 200, answer
        return answer

    def change(self, name: str, spec: dict) -> dict:
        """A merge patch."""
        status, answer = self.api.patch(f"{self.exports}/{name}", {"spec": spec})
        assert status == 200, answer
        return answer

    def delete(self, name: str) -> None:
        status, answer = self.api.delete(f"{self.exports}/{name}")
        assert status == 200, answer

    def delete_with_children(self, name: str) -> None:
        """Waits until Kubernetes has deleted them: until then, the operator can still see them."""
        self.delete(name)
        wait_until(
            lambda: not any(self.child(plural, name) for plural in APIS),
            f"the children of {name} are collected",
            GC_SECONDS,
        )

    def condition(self, name: str, kind: str) -> dict:
        """The reason is "" until the operator has reported this condition."""
        conditions = self.get(name).get("status", {}).get("conditions", [])
        found = [one for one in conditions if one["type"] == kind]
        return (
            found[0] if found else {"type": kind, "status": "Unknown", "reason": "", "message": ""}
        )

    def wait_for_reason(self, name: str, kind: str, reason: str, timeout: float = PATIENCE_SECONDS) -> dict:
        def there() -> dict | None:
            condition = self.condition(name, kind)
            return condition if condition["reason"] == reason else None

        try:
            return wait_until(there, f"{kind} of {name} is {reason}", timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.condition(name, kind)}") from None

    # --- children ---

    def child(self, plural: str, export: str) -> dict | None:
        status, answer = self.api.get(child_path(plural, self.namespace, export))
        assert status in (200, 404), answer
        return answer if status == 200 else None

    def patch_child(self, plural: str, export: str, patch: dict, by: str = "somebody") -> dict:
        """Patches as kubectl edit would, with this field manager."""
        path = f"{child_path(plural, self.namespace, export)}?fieldManager={by}"
        status, answer = self.api.patch(path, patch, STRATEGIC_MERGE_PATCH)
        assert status == 200, answer
        return answer

    def delete_child(self, plural: str, export: str) -> None:
        assert self.api.delete(child_path(plural, self.namespace, export))[0] == 200

    def children(self) -> list[tuple[str, dict]]:
        return children_in(self.api, self.namespace)

    def versions(self) -> dict[tuple[str, str], str]:
        """The resourceVersion of each child."""
        return {
            (plural, one["metadata"]["name"]): one["metadata"]["resourceVersion"]
            for plural, one in self.children()
        }

    def plan(self, export: str) -> Plan:
        return plan_as_applied(self.api, self.get(export))

    def is_settled(self, export: str) -> bool:
        """Whether all children exist and the status belongs to the newest spec."""
        obj = self.get(export)
        observed = obj.get("status", {}).get("observedGeneration")
        return observed == obj["metadata"]["generation"] and len(
            plan_as_applied(self.api, obj).by_plural
        ) == len(APIS)

    def wait_until_settled(self, export: str, timeout: float = PATIENCE_SECONDS) -> None:
        wait_until(lambda: self.is_settled(export), f"{export} is settled", timeout)

    def wait_for_plan(self, export: str, wanted: Plan, timeout: float = PATIENCE_SECONDS) -> float:
        """Waits until its children are exactly as planned; returns the number of seconds."""
        begun = time.monotonic()
        try:
            wait_until(lambda: self.plan(export) == wanted, f"{export} is as planned", timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.plan(export).difference(wanted)}") from None
        return time.monotonic() - begun

    # --- Secrets ---

    def put_secret(self, name: str, content: dict[str, str]) -> None:
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name},
            "data": {
                key: base64.b64encode(text.encode()).decode() for key, text in content.items()
            },
        }
        path = f"/api/v1/namespaces/{self.namespace}/secrets"
        status, answer = self.api.put(f"{path}/{name}", secret)
        if status == 404:
            status, answer = self.api.post(path, secret)
        assert status in (200, 201), answer["message"]

    def delete_secret(self, name: str) -> None:
        path = f"/api/v1/namespaces/{self.namespace}/secrets/{name}"
        assert self.api.delete(path)[0] == 200
