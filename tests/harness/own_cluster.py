# SPDX-License-Identifier: Apache-2.0
"""A control plane that belongs to one test file, and the faults that can be injected into it."""

import base64
import json
import shutil
import socket
import ssl
import urllib.request
from pathlib import Path

import pytest
from cluster.binaries import NotThere, find
from cluster.servers import Servers

from harness.kubernetes_api import Connect, over_tls

PLANTED_AT_ONCE = 100  # etcd accepts 128 operations and 1.5 MiB per transaction
PLANTED_BYTES = 700_000
COMPACTED = "Y29tcGFjdGVk"  # a key in etcd, in base64


class ReservedPort:
    """A loopback port that stays reserved for the tests while nothing listens on it: a bound socket
    that does not listen keeps other programs away, but lets a server bind that sets SO_REUSEADDR,
    as Go's do. Until then, connections to it are refused."""

    def __init__(self):
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number = self._socket.getsockname()[1]

    def close(self) -> None:
        self._socket.close()


class OwnCluster:
    def __init__(self, folder: Path, api_server_flags: tuple[str, ...]):
        try:
            for program in ("etcd", "kube-apiserver", "kubectl"):
                find(program)
        except NotThere as missing:
            pytest.skip(str(missing))
        self._flags = api_server_flags
        self._folder = folder
        self._ports = [ReservedPort(), ReservedPort()]
        self._servers = Servers(folder, *[port.number for port in self._ports])
        self.server = self._servers.server
        self.kubeconfig = self._servers.kubeconfig
        self.audit_log = folder / "audit.log"
        self.has_controllers = self._servers.has_controllers
        self.token_key: Path | None = self._servers.identities.service_account_key
        self.processes = self._servers.daemons()

    def start(self) -> None:
        self._servers.start_etcd()
        self.start_api_server()
        if self.has_controllers:
            self.start_controller_manager()

    def end(self) -> None:
        self._servers.stop()
        for port in self._ports:
            port.close()
        shutil.rmtree(self._folder / "etcd-data", ignore_errors=True)  # large but mostly empty

    def connect(self) -> Connect:
        identities = self._servers.identities
        context = ssl.create_default_context(cafile=identities.server_authority)
        context.load_cert_chain(*identities.client("tests", "system:masters"))
        return over_tls(self._ports[0].number, context)

    def authority(self) -> str:
        return self._servers.identities.server_authority.read_text()

    def runs_controllers(self) -> bool:
        return self._servers.controller_manager.running

    def stop_api_server(self) -> None:
        self._servers.api_server.kill()

    def start_api_server(self) -> None:
        self._servers.start_api_server(self._flags)

    def stop_controller_manager(self) -> None:
        self._servers.controller_manager.kill()

    def start_controller_manager(self) -> None:
        self._servers.start_controller_manager()

    def rotate_server_authority(self) -> None:
        self._servers.rotate_server_authority()

    def plant(self, objects: dict[str, dict]) -> None:
        batch: list[dict] = []
        size = 0
        for key, one in objects.items():
            value = base64.b64encode(json.dumps(one).encode()).decode()
            coded_key = base64.b64encode(f"/registry/{key}".encode()).decode()
            batch.append({"request_put": {"key": coded_key, "value": value}})
            size += len(value)
            if len(batch) == PLANTED_AT_ONCE or size > PLANTED_BYTES:
                self._etcd("kv/txn", {"success": batch})
                batch, size = [], 0
        if batch:
            self._etcd("kv/txn", {"success": batch})

    def compact(self) -> None:
        """Call it while the API server is down."""
        # Write one more revision, so that even the newest resourceVersion becomes too old.
        self._etcd("kv/put", {"key": COMPACTED, "value": ""})
        revision = self._etcd("kv/range", {"key": COMPACTED})["header"]["revision"]
        self._etcd("kv/compaction", {"revision": revision, "physical": True})

    def _etcd(self, call: str, request: dict) -> dict:
        url = f"http://127.0.0.1:{self._servers.etcd_port}/v3/{call}"
        with urllib.request.urlopen(url, json.dumps(request).encode(), timeout=30) as answer:
            return json.load(answer)
