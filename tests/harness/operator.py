# SPDX-License-Identifier: Apache-2.0
"""Runs dualtrace-operator against a control plane, with exactly the permissions of its
manifests."""

import json
import re
from pathlib import Path

from harness.control_plane import ControlPlane
from harness.http import answers, fetch
from harness.processes import PATIENCE_SECONDS, Process, wait_until

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = ROOT / "operator" / "manifests"
NAMESPACE = "dualtrace-system"
ACCOUNT = "dualtrace-operator"
USER = f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}"
RECONCILED = "controller_runtime_reconcile_total"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/dualtrace-operator"


def install_account(plane: ControlPlane) -> None:
    """The operator's ServiceAccount, with no permissions except for its Lease."""
    if plane.api.get(f"/api/v1/namespaces/{NAMESPACE}")[0] == 404:
        plane.kubectl("create", "namespace", NAMESPACE)
    plane.kubectl("apply", "--filename", MANIFESTS / "account.yaml")


class Operator:
    """One operator, which can be started, killed and started again. For the Lease, each run is a
    different candidate."""

    def __init__(self, binary: Path, folder: Path, kubeconfig: Path, options: list[str]):
        self.binary = binary
        self.folder = folder
        self.kubeconfig = kubeconfig
        self.options = options
        self.runs: list[Process] = []
        self.port = 0

    @property
    def process(self) -> Process:
        return self.runs[-1]

    def launch(self) -> "Operator":
        """Starts it without waiting for it."""
        arguments: list = [
            self.binary,
            f"--kubeconfig={self.kubeconfig}",
            f"--leader-election-namespace={NAMESPACE}",
            "--listen=127.0.0.1:0",
            *self.options,
        ]
        if not any(str(one).startswith("--agent-image=") for one in arguments):
            arguments.append("--agent-image=registry.example/dualtrace-agent:test")
        name = f"operator-{len(self.runs) + 1}"
        self.runs.append(Process(name, arguments, self.folder))
        return self

    def start(self, timeout: float = 2 * PATIENCE_SECONDS) -> "Operator":
        """Returns when its initial lists are complete; it may not lead yet."""
        self.launch()
        self.wait_until_listening()
        wait_until(
            lambda: answers(self.url("/readyz")),
            "/readyz answers 200",
            timeout=timeout,
            process=self.process,
        )
        return self

    def wait_until_listening(self) -> None:
        (line,) = wait_until(
            lambda: self.logged("listening"), "it listens", timeout=60, process=self.process
        )
        self.port = line["port"]

    def wait_until_leading(self, timeout: float = PATIENCE_SECONDS) -> "Operator":
        wait_until(lambda: self.leads, "it leads", timeout=timeout, process=self.process)
        return self

    @property
    def leads(self) -> bool:
        return bool(self.logged("reconciling"))

    @property
    def identity(self) -> str:
        """Its identity in the Lease."""
        (line,) = self.logged("operator starting")
        return line["identity"]

    def log(self) -> list[dict]:
        """The log of this run."""
        whole_lines = self.process.output().rpartition("\n")[0].splitlines()
        return [json.loads(line) for line in whole_lines if line.startswith("{")]

    def logged(self, message: str) -> list[dict]:
        return [line for line in self.log() if line["message"] == message]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def metrics(self) -> str:
        return fetch(self.url("/metrics"))[1].decode()

    def metric(self, name: str, **labels: str) -> float:
        """The sum of its samples with these labels."""
        total = 0.0
        for found in re.finditer(
            rf"^{re.escape(name)}(?:\{{(.*)\}})? (\S+)$", self.metrics(), re.MULTILINE
        ):
            has = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found[1] or ""))
            if labels.items() <= has.items():
                total += float(found[2])
        return total

    def wait_for_rounds(self, exports: int, rounds: int) -> None:
        """Waits until it has reconciled all of that many exports that often. With a short
        --resync, it reconciles everything again, whether or not there is a reason."""
        wanted = self.metric(RECONCILED) + exports * rounds
        wait_until(
            lambda: self.metric(RECONCILED) >= wanted,
            f"it has reconciled {rounds} times",
            timeout=60,
            process=self.process,
        )

    def stop(self, timeout: float = PATIENCE_SECONDS) -> int:
        return self.process.stop(timeout)

    def kill(self) -> None:
        self.process.kill()
