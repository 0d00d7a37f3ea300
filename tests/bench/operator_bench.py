# SPDX-License-Identifier: Apache-2.0
"""`./dev bench operator`: the cost of the operator with many exports, on a real API server with the
real controllers, all on this machine. Nodes have no kubelet, so every pod of a DaemonSet stays
pending; the operator watches these pods nevertheless. The pods of other applications are written
directly into etcd, and every fifth of them was injected. The operator serves the webhook, so it
knows them all. --before OPERATOR measures another build for comparison.

Prints Markdown; --write-docs puts it into docs/benchmarks.md. Only compare figures of the same run.
"""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))  # the harness

import machine  # noqa: E402
import report  # noqa: E402
from harness.children import APIS, OURS, child_path  # noqa: E402
from harness.control_plane import ControlPlane  # noqa: E402
from harness.installation import Installation  # noqa: E402
from harness.many_pods import plant_pods  # noqa: E402
from harness.operator import USER, Operator  # noqa: E402
from harness.processes import wait_until  # noqa: E402
from harness.stage import Stage  # noqa: E402
from harness.tenant import BOTH, Tenant  # noqa: E402
from harness.webhook import Webhook  # noqa: E402
from systems import cpu_seconds  # noqa: E402

CLIENTS = 8  # that create exports concurrently
QUIET_SECONDS = 60
SETTLED_SECONDS = 5  # without a request, except for the lease, until the operator counts as idle
REPAIRS = 20
STARTED_SECONDS = 120  # the limit for a start; slower ones are reported as such
# Nodes without a kubelet are soon tainted as not ready.
SPEC = {**BOTH, "agent": {"tolerations": [{"operator": "Exists"}]}}


@dataclass
class Phase:
    """The changes between two points in time."""

    title: str
    seconds: float
    cpu_seconds: float
    reads: int
    writes: int
    resident_mib: float
    peak_mib: float


@dataclass
class Start:
    """The start of an operator among all the pods."""

    title: str
    seconds: float | None  # None: it did not complete
    cpu_seconds: float
    resident_mib: float
    peak_mib: float


class Cost:
    """The resource use of one operator process, from a point in time on."""

    def __init__(self, plane: ControlPlane, process):
        self._plane = plane
        self._process = process
        self._position = plane.audit_position()
        self._cpu = cpu_seconds(process)
        self._begun = time.monotonic()
        process.forget_peak_memory()

    def requests(self) -> tuple[int, int]:
        """Reads and writes, except for those of the Lease."""
        entries = [
            one
            for one in self._plane.audit(USER, self._position)
            if one.resource != "leases"
        ]
        writes = sum(one.is_write for one in entries)
        return len(entries) - writes, writes

    def phase(self, title: str, ended: float | None = None) -> Phase:
        reads, writes = self.requests()
        return Phase(
            title,
            (ended or time.monotonic()) - self._begun,
            cpu_seconds(self._process) - self._cpu,
            reads,
            writes,
            self._process.resident_memory() / 2**20,
            self._process.peak_memory() / 2**20,
        )

    def wait_until_idle(self) -> float:
        """The time of the last request, once there has been none for SETTLED_SECONDS."""
        last, since = self.requests(), time.monotonic()
        while time.monotonic() - since < SETTLED_SECONDS:
            time.sleep(0.25)
            now = self.requests()
            if now != last:
                last, since = now, time.monotonic()
        return since


class Bench:
    def __init__(self, options: argparse.Namespace, folder: Path):
        self.options = options
        (folder / "control-plane").mkdir()
        self.plane = ControlPlane(folder / "control-plane")
        self.folder = folder
        self.phases: list[Phase] = []
        self.starts: list[Start] = []
        self.repairs: list[float] = []

    def run(self) -> None:
        stage = Stage(self.options.build, self.folder)
        faults = []
        try:
            installation = Installation(self.plane.start(), stage).allow_everywhere()
            webhook = Webhook(self.plane)
            webhook.install()
            for number in range(self.options.nodes):
                self.create_node(f"node-{number}")
            self.tenants = [Tenant(self.plane, f"tenant-{i}") for i in range(self.options.namespaces)]
            for tenant in self.tenants:
                installation.allow_in(tenant.namespace, "secret-reader.yaml")
            operator = installation.operator(*webhook.options()).start().wait_until_leading()
            self.create(operator)
            self.stay_quiet(operator, "a quiet minute")
            self.repair()
            self.restart(operator)
            self.add_pods()
            self.stay_quiet(operator, f"a quiet minute among {self.options.pods:,} more pods")
            # The first operator holds the Lease for as long as it runs.
            self.measure_start("a replica that serves the webhook", installation.operator(
                *webhook.options(1)), leads=False)
            operator.stop()
            self.measure_start("until it leads", installation.operator(*webhook.options()))
            if self.options.before:
                before = installation.operator(*webhook.options())
                before.binary = self.options.before.resolve()
                self.measure_start("before (--before)", before)
        finally:
            faults = stage.end()
            self.plane.end()
        assert not faults, "\n".join(faults)

    def create_node(self, name: str) -> None:
        meta = {"name": name, "labels": {"kubernetes.io/os": "linux"}}
        status, answer = self.plane.api.post("/api/v1/nodes", {"metadata": meta})
        assert status == 201, answer

    def create(self, operator) -> None:
        cost = Cost(self.plane, operator.process)
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(self.create_one, range(self.options.exports)))
        print(f"created {self.options.exports} exports", file=sys.stderr, flush=True)
        wait_until(self.all_have_status, "every export has a status", timeout=1800, every=0.5)
        converged = time.monotonic()
        self.phases.append(cost.phase("created, all children and statuses there", converged))
        wait_until(self.all_have_pods, "every node has its pods", timeout=1800, every=2)
        # No kubelet starts them, which the statuses report after half a minute.
        wait_until(self.all_name_nodes, "every status names its nodes", timeout=600, every=2)
        cost.wait_until_idle()

    def create_one(self, number: int) -> None:
        self.tenants[number % len(self.tenants)].create(f"export-{number}", SPEC)

    def all_have_status(self) -> bool:
        exports = self.count("/apis/dualtrace.dev/v1alpha1/dualtraceexports", lambda one: (
            one.get("status", {}).get("observedGeneration") == one["metadata"]["generation"]))
        return exports == self.options.exports and self.children() == self.options.exports * len(APIS)

    def all_have_pods(self) -> bool:
        return self.count("/api/v1/pods") == self.options.exports * self.options.nodes

    def all_name_nodes(self) -> bool:
        exports = self.count("/apis/dualtrace.dev/v1alpha1/dualtraceexports", lambda one: bool(
            one["status"].get("agents", {}).get("nodesFailing")))
        return exports == self.options.exports

    def children(self) -> int:
        return sum(self.count(f"{api}/{plural}?labelSelector={OURS}") for plural, api in APIS.items())

    def count(self, path: str, holds=lambda _: True) -> int:
        status, answer = self.plane.api.get(path)
        assert status == 200, answer
        return sum(holds(one) for one in answer["items"])

    def stay_quiet(self, operator, title: str) -> None:
        cost = Cost(self.plane, operator.process)
        time.sleep(QUIET_SECONDS)  # the quiet period is measured
        self.phases.append(cost.phase(title))

    def add_pods(self) -> None:
        """Pods of other applications. The controllers would remove pods without an owner."""
        self.plane.stop_controller_manager()
        exports = tuple(
            f"{self.tenants[number % len(self.tenants)].namespace}/export-{number}"
            for number in range(self.options.exports)
        )
        for number in range(self.options.pod_namespaces):
            plant_pods(
                self.plane,
                self.plane.new_namespace("shop"),
                self.options.pods // self.options.pod_namespaces,
                self.options.pod_bytes,
                exports[number :: self.options.pod_namespaces],
            )
        print(f"planted {self.options.pods} pods", file=sys.stderr, flush=True)
        time.sleep(30)  # until the API server and the first operator have cached them

    def measure_start(self, title: str, operator: Operator, leads: bool = True) -> None:
        """Measures from the start of the process until its initial lists are complete and, if
        `leads`, until it leads."""
        begun = time.monotonic()
        operator.launch()
        ended = None
        while time.monotonic() - begun < STARTED_SECONDS and not operator.process.ended:
            if operator.logged("reconciling" if leads else "synced"):
                ended = time.monotonic() - begun
                break
            time.sleep(0.1)
        if ended is not None:
            time.sleep(QUIET_SECONDS)  # the peak may be reached only later
        if operator.process.ended:
            self.starts.append(Start(title, None, 0, 0, 0))
            return
        process = operator.process
        self.starts.append(Start(
            title, ended, cpu_seconds(process), process.resident_memory() / 2**20,
            process.peak_memory() / 2**20))
        operator.stop()

    def repair(self) -> None:
        """How long a deleted child is missing, with all other exports present."""
        for number in range(REPAIRS):
            tenant = self.tenants[number % len(self.tenants)]
            path = child_path("services", tenant.namespace, f"export-{number}")
            before = self.plane.api.get(path)[1]["metadata"]["uid"]
            begun = time.monotonic()
            assert self.plane.api.delete(path)[0] == 200
            wait_until(
                lambda: self.plane.api.get(path)[1]["metadata"].get("uid") not in (before, None),
                "the service is back", every=0.005)
            self.repairs.append(time.monotonic() - begun)

    def restart(self, operator) -> None:
        operator.stop()
        operator.launch()
        cost = Cost(self.plane, operator.process)
        operator.wait_until_leading(timeout=300)
        self.phases.append(cost.phase("restarted, until it has listed all and leads"))
        idle = cost.wait_until_idle()
        self.phases.append(cost.phase("restarted, until it has looked at all", idle))


def phase_line(phase: Phase) -> str:
    return (f"| {phase.title} | {phase.seconds:.1f} s | {phase.cpu_seconds:.1f} s | {phase.reads:,} "
            f"| {phase.writes:,} | {phase.resident_mib:.0f} MiB | {phase.peak_mib:.0f} MiB |")


def start_line(start: Start) -> str:
    took = "never" if start.seconds is None else f"{start.seconds:.1f} s"
    return (f"| {start.title} | {took} | {start.cpu_seconds:.1f} s | {start.resident_mib:.0f} MiB "
            f"| {start.peak_mib:.0f} MiB |")


def markdown(bench: Bench, around: dict) -> str:
    options = bench.options
    pods = options.exports * options.nodes
    repairs = sorted(bench.repairs)
    return "\n".join([
        f"{options.exports:,} exports in {options.namespaces} namespaces, "
        f"{options.exports * len(APIS):,} children and {pods:,} pods of {options.nodes} nodes; "
        f"etcd, kube-apiserver and kube-controller-manager beside it on the same machine. "
        f"{around['date']}, commit {around['commit']}, {around['machine']}.",
        "",
        "| phase | takes | operator's CPU | reads | writes | RSS at its end | RSS at most |",
        "|---|---|---|---|---|---|---|",
        *map(phase_line, bench.phases),
        "",
        f"A deleted Service is back after {repairs[len(repairs) // 2] * 1e3:.0f} ms (median of "
        f"{len(repairs)}; longest {repairs[-1] * 1e3:.0f} ms). Reads and writes are requests to the "
        "API server as its audit log counts them, a watch counting once when it ends, without those "
        "of the Lease.",
        "",
        f"Started among {options.pods:,} more pods with {options.pod_bytes:,} bytes of metadata each, "
        f"every fifth injected, and watched for {QUIET_SECONDS} s more:",
        "",
        "| start | knows all after | CPU | RSS at the end | RSS at most |",
        "|---|---|---|---|---|",
        *map(start_line, bench.starts),
    ])


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench operator", description=__doc__)
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--exports", type=int, default=1000)
    parser.add_argument("--namespaces", type=int, default=10)
    parser.add_argument("--nodes", type=int, default=5)
    parser.add_argument("--pods", type=int, default=50_000, help="pods of other applications")
    parser.add_argument("--pod-bytes", type=int, default=4_000, help="size of a pod's metadata")
    parser.add_argument("--pod-namespaces", type=int, default=50)
    parser.add_argument("--before", type=Path, help="another dualtrace-operator, for comparison")
    parser.add_argument("--write-docs", action="store_true")
    options = parser.parse_args()
    options.build = options.build.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(options, folder)
        bench.run()
        text = markdown(bench, machine.describe(ROOT, folder))
    print(text)
    if options.write_docs:
        report.publish(ROOT / "docs", "operator", text)


if __name__ == "__main__":
    main()
