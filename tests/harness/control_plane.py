"""A real Kubernetes control plane for tests: etcd, kube-apiserver and kube-controller-manager on
loopback, with what tests do to it. One of its own for each test file (the fixture `control_plane`),
in a few seconds; or, with USE_EXISTING_CLUSTER=true, the cluster that KUBECONFIG names, to which
nothing is done: the tests that would do something are skipped."""

import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import urllib.request
from pathlib import Path

import pytest
from cluster.binaries import NotThere, find
from cluster.daemon import Daemon
from cluster.servers import Servers

from harness.audit import AuditEntry, AuditLog
from harness.kubernetes_api import KubernetesApi, over_tls
from harness.processes import wait_until
from harness.service_account import ServiceAccountKubeconfig


class ReservedPort:
    """A port of loopback that stays the tests' own while nobody listens on it: a bound socket that
    does not listen keeps others away, and a server that sets SO_REUSEADDR in. Connections to it
    are refused meanwhile."""

    def __init__(self):
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number = self._socket.getsockname()[1]

    def close(self) -> None:
        self._socket.close()


class ControlPlane:
    """Thread-safe but for start, stop and the faults."""

    def __init__(self, folder: Path, extra_flags: tuple[str, ...] = ()):
        """`extra_flags` are the API server's."""
        try:
            self._kubectl = find("kubectl")
            find("etcd"), find("kube-apiserver")
        except NotThere as missing:
            pytest.skip(str(missing))
        self.folder = folder
        self._extra_flags = extra_flags
        self._ports = [ReservedPort(), ReservedPort()]
        self._servers = Servers(folder, *[port.number for port in self._ports])
        self.server = self._servers.server
        self.kubeconfig = self._servers.kubeconfig
        self.api = KubernetesApi(self._connector())
        self._accounts: dict[Path, ServiceAccountKubeconfig] = {}
        self._audit = AuditLog(folder / "audit.log")

    # --- life ---

    def start(self) -> "ControlPlane":
        self._servers.start_etcd()
        self._servers.start_api_server(self._extra_flags)
        if self._servers.has_controllers:
            self.start_controller_manager()
        return self

    def end(self) -> None:
        self._servers.stop()
        for port in self._ports:
            port.close()
        shutil.rmtree(self.folder / "etcd-data", ignore_errors=True)

    def processes(self) -> list[Daemon]:
        return self._servers.daemons()

    def require_controllers(self) -> None:
        if not self._servers.has_controllers:
            pytest.skip("no kube-controller-manager among KUBEBUILDER_ASSETS")

    def stop_api_server(self) -> None:
        """At once, as if its machine had died; connections to its port are refused from now on."""
        self._servers.api_server.kill()
        self.api.forget_connections()

    def start_api_server(self) -> None:
        """On the same port, with what was stored; returns when it is ready."""
        self._servers.start_api_server(self._extra_flags)

    def stop_controller_manager(self) -> None:
        self._servers.controller_manager.kill()

    def start_controller_manager(self) -> None:
        self._servers.start_controller_manager()

    # --- faults ---

    def compact(self) -> None:
        """Makes every resourceVersion of before too old (410) to go on from: etcd forgets them, and
        the API server, started anew, has no memory of its own of them either."""
        self.stop_api_server()
        # A revision more, so that also the newest resourceVersion of before is an old one.
        self._etcd("kv/put", {"key": "Y29tcGFjdGVk", "value": ""})
        revision = self._etcd("kv/range", {"key": "Y29tcGFjdGVk"})["header"]["revision"]
        self._etcd("kv/compaction", {"revision": revision, "physical": True})
        self.start_api_server()

    def rotate_serving_certificate(self) -> None:
        """From now on the API server shows a certificate of a new authority. The admin's kubeconfig
        trusts it at once; those of `kubeconfig_for` do not before `renew_authority`."""
        self._servers.rotate_server_authority()
        self.api.connect_by(self._connector())

    def _etcd(self, call: str, request: dict) -> dict:
        url = f"http://127.0.0.1:{self._servers.etcd_port}/v3/{call}"
        with urllib.request.urlopen(url, json.dumps(request).encode(), timeout=30) as answer:
            return json.load(answer)

    # --- use ---

    def kubectl(self, *arguments, stdin: str | None = None, check: bool = True) -> str:
        """What it printed; with check=False also what it complained about."""
        done = subprocess.run(
            [self._kubectl, "--kubeconfig", self.kubeconfig, *[str(one) for one in arguments]],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if check else subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        assert not check or done.returncode == 0, f"kubectl {arguments}: {done.stderr}"
        return done.stdout

    def new_namespace(self, prefix: str) -> str:
        """A new namespace, ready for pods."""
        name = f"{prefix}-{secrets.token_hex(3)}"
        status, answer = self.api.post("/api/v1/namespaces", {"metadata": {"name": name}})
        assert status == 201, answer
        if self._servers.controller_manager.running:
            account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
            wait_until(lambda: self.api.get(account)[0] == 200, f"{name} has its ServiceAccount")
        return name

    def kubeconfig_for(
        self, namespace: str, service_account: str, lifetime: float = 3600
    ) -> Path:
        """A kubeconfig with a token of this ServiceAccount, which is made if it is not there. The
        token is refused after `lifetime` seconds, which may be a few (and about 10 more)."""
        folder = self.folder / f"{namespace}-{service_account}-{len(self._accounts) + 1}"
        account = ServiceAccountKubeconfig(self.api, folder, namespace, service_account)
        path = account.write(self.server, self._authority(), namespace)
        self._accounts[path] = account
        self.renew_token(path, lifetime)
        return path

    def renew_token(self, kubeconfig: Path, lifetime: float = 3600) -> None:
        key = self._servers.identities.service_account_key
        self._accounts[kubeconfig].renew_token(lifetime, key)

    def renew_authority(self, kubeconfig: Path) -> None:
        self._accounts[kubeconfig].renew_authority(self._authority())

    def audit_position(self) -> int:
        return self._audit.size()

    def audit(self, user: str | None = None, since: int = 0) -> list[AuditEntry]:
        """All answered requests (of one user, from a position on)."""
        entries = self._audit.entries(since)
        return [one for one in entries if user is None or one.user == user]

    def _authority(self) -> str:
        return self._servers.identities.server_authority.read_text()

    def _connector(self):
        identities = self._servers.identities
        context = ssl.create_default_context(cafile=identities.server_authority)
        context.load_cert_chain(*identities.client("tests", "system:masters"))
        return over_tls(self._ports[0].number, context)
