# SPDX-License-Identifier: Apache-2.0
"""A real Kubernetes for tests, and what they do to it. The fixture `control_plane` gives a test
file its own: etcd, kube-apiserver and kube-controller-manager on loopback, in a few seconds. With
USE_EXISTING_CLUSTER=true, it is the cluster of KUBECONFIG. Tests that stop, change or audit their
control plane are then skipped, and the namespaces of the others are deleted."""

import secrets
from pathlib import Path

import pytest
from cluster.daemon import Daemon

from harness import existing_cluster
from harness.audit import AuditEntry, AuditLog
from harness.existing_cluster import ExistingCluster
from harness.kubectl import Kubectl
from harness.kubernetes_api import KubernetesApi
from harness.own_cluster import OwnCluster
from harness.processes import wait_until
from harness.service_account import REQUESTED_SECONDS_MIN, ServiceAccountKubeconfig


class ControlPlane:
    """`.api` may be used by many threads; the rest is for one."""

    def __init__(self, folder: Path, api_server_flags: tuple[str, ...] = ()):
        """Skips the test if the programs are not installed."""
        self.folder = folder
        self._cluster: OwnCluster | ExistingCluster = (
            ExistingCluster(folder)
            if existing_cluster.is_wanted()
            else OwnCluster(folder, api_server_flags)
        )
        self.server = self._cluster.server
        self.kubeconfig = self._cluster.kubeconfig
        self.api = KubernetesApi(self._cluster.connect())
        self.kubectl = Kubectl(self.kubeconfig, folder / "kubectl")
        self._namespaces: list[str] = []
        self._accounts: dict[Path, ServiceAccountKubeconfig] = {}

    def start(self) -> "ControlPlane":
        self._cluster.start()
        return self

    def end(self) -> None:
        if isinstance(self._cluster, ExistingCluster):  # our own cluster is removed as a whole
            for name in self._namespaces:
                self.api.delete(f"/api/v1/namespaces/{name}")
        self._cluster.end()

    def processes(self) -> list[Daemon]:
        return self._cluster.processes

    def authority(self) -> str:
        """The CA certificate for verifying the API server."""
        return self._cluster.authority()

    # --- use ---

    def new_namespace(self, prefix: str) -> str:
        """A new namespace, ready for pods."""
        name = f"{prefix}-{secrets.token_hex(3)}"
        status, answer = self.api.post("/api/v1/namespaces", {"metadata": {"name": name}})
        assert status == 201, answer
        self._namespaces.append(name)
        if self._cluster.runs_controllers():
            account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
            wait_until(lambda: self.api.get(account)[0] == 200, f"{name} has its ServiceAccount")
        return name

    def kubeconfig_for(self, namespace: str, service_account: str, lifetime: float = 3600) -> Path:
        """A kubeconfig with a token of this ServiceAccount, which is created if it does not exist.
        The token is rejected after `lifetime` seconds, which may be a few (and about 10 more). Next
        to the file are the `token` and `ca.crt` that it refers to."""
        folder = self.folder / f"{namespace}-{service_account}-{len(self._accounts) + 1}"
        account = ServiceAccountKubeconfig(self.api, folder, namespace, service_account)
        path = account.write(self.server, self._cluster.authority(), namespace)
        self._accounts[path] = account
        self.renew_token(path, lifetime)
        return path

    def renew_token(self, kubeconfig: Path, lifetime: float = 3600) -> None:
        key = self._own().token_key if lifetime < REQUESTED_SECONDS_MIN else None
        self._accounts[kubeconfig].renew_token(lifetime, key)

    def renew_authority(self, kubeconfig: Path) -> None:
        self._accounts[kubeconfig].renew_authority(self._cluster.authority())

    # --- never done to an existing cluster ---

    def _own(self) -> OwnCluster:
        if isinstance(self._cluster, ExistingCluster):
            pytest.skip("not done to an existing cluster")
        return self._cluster

    def require_own(self) -> None:
        """For tests that would disturb other users of the cluster."""
        self._own()

    def require_controllers(self) -> None:
        if not self._cluster.has_controllers:
            pytest.skip("no kube-controller-manager on this machine")

    def stop_api_server(self) -> None:
        """Stops it immediately, as if its machine had died. Connections to its port are then
        refused."""
        self._own().stop_api_server()
        self.api.forget_connections()

    def start_api_server(self) -> None:
        """Starts it on the same port with the stored objects; returns when it is ready."""
        self._own().start_api_server()

    def stop_controller_manager(self) -> None:
        self._own().stop_controller_manager()

    def start_controller_manager(self) -> None:
        self._own().start_controller_manager()

    def compact(self) -> None:
        """Makes every earlier resourceVersion too old (410) to resume from: etcd compacts them, and
        the restarted API server has no cache of them either."""
        self.stop_api_server()
        self._own().compact()
        self.start_api_server()

    def plant(self, objects: dict[str, dict]) -> None:
        """Writes directly into etcd, without the API server's admission, by keys such as
        "pods/<namespace>/<name>": tens of thousands in a minute. Objects are complete, with a
        uid."""
        self._own().plant(objects)

    def rotate_serving_certificate(self) -> None:
        """Gives the API server a certificate of a new CA. The admin's kubeconfig trusts it
        immediately; those of `kubeconfig_for` only after `renew_authority`. Connections stay open
        until their client, or `stop_api_server`, closes them."""
        self._own().rotate_server_authority()
        self.api.connect_by(self._own().connect())

    def audit_position(self) -> int:
        return AuditLog(self._own().audit_log).size()

    def audit(self, user: str | None = None, since: int = 0) -> list[AuditEntry]:
        """All answered requests, optionally those of one user, from a position on."""
        entries = AuditLog(self._own().audit_log).entries(since)
        return [one for one in entries if user is None or one.user == user]
