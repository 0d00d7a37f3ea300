# SPDX-License-Identifier: Apache-2.0
"""An existing cluster, for the tests that only use one."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from cluster.binaries import NotThere, find
from cluster.daemon import Daemon

from harness.kubernetes_api import Connect, over_unix_socket


def is_wanted() -> bool:
    """Selected by the customary variable, as with KUBEBUILDER_ASSETS. KUBECONFIG alone, which many
    users always have set, must never let a test run against that cluster."""
    return os.environ.get("USE_EXISTING_CLUSTER", "").lower() in ("true", "1")


class ExistingCluster:
    """The cluster of KUBECONFIG's current context. It is accessed through `kubectl proxy`, which
    supports every way to log in."""

    has_controllers = True
    token_key = None  # only the API server has it

    def __init__(self, folder: Path):
        try:
            self._kubectl = find("kubectl")
        except NotThere as missing:
            pytest.skip(str(missing))
        self.kubeconfig = os.environ.get("KUBECONFIG") or Path.home() / ".kube" / "config"
        self._proxy = Daemon("kubectl-proxy", folder)
        self.processes = [self._proxy]
        # Not below `folder`, whose path may be too long for a Unix socket.
        self._sockets = Path(tempfile.mkdtemp(prefix="dualtrace-"))
        command = ["config", "view", "--raw", "--flatten", "--minify", "--output=json"]
        view = subprocess.run(
            [self._kubectl, "--kubeconfig", self.kubeconfig, *command],
            capture_output=True,
            text=True,
            check=True,
        )
        self._cluster = json.loads(view.stdout)["clusters"][0]["cluster"]
        self.server = self._cluster["server"]

    def start(self) -> None:
        socket = self._sockets / "api"
        command = ["proxy", f"--unix-socket={socket}", "--kubeconfig", self.kubeconfig]
        self._proxy.start([self._kubectl, *command])
        self._proxy.wait_until(socket.exists, "it listened")

    def end(self) -> None:
        self._proxy.kill()
        shutil.rmtree(self._sockets)

    def connect(self) -> Connect:
        return over_unix_socket(str(self._sockets / "api"))

    def authority(self) -> str:
        return base64.b64decode(self._cluster["certificate-authority-data"]).decode()

    def runs_controllers(self) -> bool:
        return True
