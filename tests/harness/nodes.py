# SPDX-License-Identifier: Apache-2.0
"""Nodes without a kubelet: the controllers see them, and the test plays the kubelet's part for
their pods."""

import secrets
from datetime import datetime, timezone

from harness.kubernetes_api import KubernetesApi
from harness.processes import wait_until


def now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Node:
    def __init__(self, api: KubernetesApi, labels: dict[str, str] | None = None):
        self.name = f"node-{secrets.token_hex(3)}"
        self._api = api
        meta = {"name": self.name, "labels": {"kubernetes.io/os": "linux", **(labels or {})}}
        status, answer = api.post("/api/v1/nodes", {"metadata": meta})
        assert status == 201, answer
        ready = {"type": "Ready", "status": "True", "reason": "Test", "lastHeartbeatTime": now()}
        self._patch(f"/api/v1/nodes/{self.name}/status", {"status": {"conditions": [ready]}})

    def remove(self) -> None:
        self._api.delete(f"/api/v1/nodes/{self.name}")

    def pods(self, namespace: str) -> list[dict]:
        """The pods that a DaemonSet created for this node and that are not being deleted."""
        pods = self._api.get(f"/api/v1/namespaces/{namespace}/pods")[1]["items"]
        return [
            pod
            for pod in pods
            if self.name in str(pod["spec"].get("affinity"))
            and "deletionTimestamp" not in pod["metadata"]
        ]

    def run_pod(self, namespace: str, address: str) -> dict:
        """Waits for the pod and reports that it runs here and is ready."""
        (pod,) = wait_until(lambda: self.pods(namespace), f"{self.name} has a pod")
        path = f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}"
        target = {"apiVersion": "v1", "kind": "Node", "name": self.name}
        status, answer = self._api.post(
            f"{path}/binding", {"metadata": {"name": pod["metadata"]["name"]}, "target": target}
        )
        assert status == 201, answer
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": now()}
        container = {"name": "agent", "ready": True, "restartCount": 0, "image": "", "imageID": ""}
        self._patch(
            f"{path}/status",
            {
                "status": {
                    "phase": "Running",
                    "podIP": address,
                    "podIPs": [{"ip": address}],
                    "conditions": [ready],
                    "containerStatuses": [container],
                }
            },
        )
        return pod

    def _patch(self, path: str, patch: dict) -> None:
        status, answer = self._api.patch(path, patch)
        assert status == 200, answer
