# SPDX-License-Identifier: Apache-2.0
"""A registry in the network of a cluster's first node. Its nodes pull from it whatever registry an
image name contains, so a release is installed under the names in its chart."""

import subprocess
from pathlib import Path

from cluster.nodes import Nodes

from harness.processes import Process, wait_until

PORT = 5000


class LocalRegistry:
    """Runs until `process` is stopped. Used from one thread."""

    def __init__(self, nodes: Nodes, folder: Path):
        self._nodes = nodes
        self._enter = nodes.each[0].machine.in_network()
        self._address = f"{nodes.each[0].address}:{PORT}"
        config = folder / "registry.yaml"
        config.write_text(
            "version: 0.1\n"
            f"storage: {{filesystem: {{rootdirectory: {folder / 'registry'}}}}}\n"
            f"http: {{addr: {self._address}}}\n"
        )
        command = [*self._enter, "docker-registry", "serve", config]
        self.process = Process("registry", command, folder)
        listening = f"listening on {self._address}"
        wait_until(
            lambda: listening in self.process.output(), "the registry runs", process=self.process
        )

    def stand_in_for(self, host: str) -> None:
        """Nodes pull images of this registry from here."""
        for node in self._nodes.each:
            node.pull_from(host, f"http://{self._address}")

    def push(self, archive: Path, repository: str, tag: str) -> None:
        """Pushes an OCI archive, with everything that its index refers to, under the same digests.
        `repository` does not include the host."""
        target = f"docker://{self._address}/{repository}:{tag}"
        command = [*self._enter, "skopeo", "copy", "--all", "--preserve-digests"]
        command += ["--dest-tls-verify=false", f"oci-archive:{archive}", target]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
