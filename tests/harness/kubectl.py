# SPDX-License-Identifier: Apache-2.0
"""kubectl from the cached Kubernetes, for one cluster."""

import subprocess
from pathlib import Path

from cluster.binaries import find


class Kubectl:
    def __init__(self, kubeconfig: Path, cache: Path):
        """`cache` must not outlive the cluster: the next one may use the same port."""
        self._command = [find("kubectl"), "--cache-dir", cache, "--kubeconfig", kubeconfig]

    def __call__(self, *arguments, stdin: str | None = None, check: bool = True) -> str:
        """Returns its output; with check=False, also its error output."""
        done = subprocess.run(
            [*self._command, *[str(one) for one in arguments]],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if check else subprocess.STDOUT,
            text=True,
            timeout=180,
        )
        assert not check or done.returncode == 0, f"kubectl {arguments}: {done.stderr}"
        return done.stdout
