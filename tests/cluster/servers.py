# SPDX-License-Identifier: Apache-2.0
"""A control plane's programs: etcd, kube-apiserver, kube-controller-manager and, if there are
nodes, kube-scheduler."""

import http.client
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster import flags
from cluster.binaries import NotThere, find
from cluster.daemon import Daemon
from cluster.identities import Identities


def answers_ok(connection: http.client.HTTPConnection, path: str) -> bool:
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@dataclass(frozen=True)
class Home:
    """The network in which the servers run, if it is not this machine's own."""

    enter: list[str]  # a command that runs another one in this network
    address: str  # the API server's address for nodes and pods


class Servers:
    """Starts and stops them in `folder`. They listen on loopback; with a home, on all its
    addresses, and `api_port` of this machine's loopback must then lead there."""

    def __init__(self, folder: Path, api_port: int, etcd_port: int, home: Home | None = None):
        self.folder = folder
        self.etcd_port = etcd_port
        self.api_port = api_port
        self.server = f"https://127.0.0.1:{api_port}"
        self.kubeconfig = folder / "admin.kubeconfig"
        self._home = home
        self._enter = home.enter if home else []
        self.etcd = Daemon("etcd", folder)
        self.api_server = Daemon("kube-apiserver", folder)
        self.controller_manager = Daemon("kube-controller-manager", folder)
        self.scheduler = Daemon("kube-scheduler", folder)
        hosts = [home.address, flags.KUBERNETES_SERVICE] if home else []
        self.identities = Identities(folder / "identities", hosts)
        self._write_kubeconfigs()
        (folder / "audit-policy.json").write_text(flags.AUDIT_POLICY)

    @property
    def has_controllers(self) -> bool:
        try:
            return bool(find("kube-controller-manager"))
        except NotThere:
            return False

    def daemons(self) -> list[Daemon]:
        return [self.etcd, self.api_server, self.controller_manager, self.scheduler]

    def start(self) -> None:
        self.start_etcd()
        self.start_api_server()
        if self.has_controllers:
            self.start_controller_manager()
        if self._home:
            self.start_scheduler()

    def stop(self) -> None:
        for daemon in reversed(self.daemons()):
            daemon.kill()

    def start_etcd(self) -> None:
        arguments = flags.etcd(self.folder / "etcd-data", self.etcd_port)
        self.etcd.start([*self._enter, find("etcd"), *arguments])

    def start_api_server(self, extra: Sequence[str] = ()) -> None:
        """Returns when it is ready."""
        etcd_url = f"http://127.0.0.1:{self.etcd_port}"
        arguments = flags.api_server(self.identities, etcd_url, self.api_port, self.folder)
        arguments += (
            flags.api_server_with_nodes(self.identities, self._home.address)
            if self._home
            else flags.API_SERVER_ALONE
        )
        self.api_server.start([*self._enter, find("kube-apiserver"), *arguments, *extra])
        self.api_server.wait_until(self._is_ready, "it was ready")

    def start_controller_manager(self) -> None:
        kubeconfig = self.folder / "controller-manager.kubeconfig"
        arguments = flags.controller_manager(self.identities, kubeconfig)
        if not self._home:
            arguments += flags.CONTROLLER_MANAGER_ALONE
        self.controller_manager.start([*self._enter, find("kube-controller-manager"), *arguments])

    def start_scheduler(self) -> None:
        arguments = flags.scheduler(self.folder / "scheduler.kubeconfig")
        self.scheduler.start([*self._enter, find("kube-scheduler"), *arguments])

    def rotate_server_authority(self) -> None:
        """Gives the API server a certificate of a new CA while it runs, as a renewal of its files
        does. Existing connections stay open."""
        self.identities.new_server_authority()
        self._write_kubeconfigs()
        self.api_server.wait_until(self._is_ready, "it served its new certificate")
        if self.controller_manager.running:  # it reads its CA only at startup
            self.controller_manager.kill()
            self.start_controller_manager()

    def _write_kubeconfigs(self) -> None:
        write = self.identities.write_kubeconfig
        write(self.kubeconfig, self.server, "admin", "system:masters")
        for name in ("controller-manager", "scheduler"):
            write(self.folder / f"{name}.kubeconfig", self.server, f"system:kube-{name}")

    def _is_ready(self) -> bool:
        trust = ssl.create_default_context(cafile=self.identities.server_authority)
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.api_port, timeout=5, context=trust
        )
        return answers_ok(connection, "/readyz")
