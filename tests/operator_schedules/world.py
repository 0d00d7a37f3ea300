# SPDX-License-Identifier: Apache-2.0
"""The environment of schedules: one control plane for all of them, and two new namespaces and a new
operator for each."""

import signal
import time

from harness.children import APIS, Plan, children_in, plan_as_applied
from harness.installation import ALONE, SHORT_LEASE, Installation
from harness.kubernetes_api import KubernetesApi
from harness.operator import LEASE, Operator
from harness.processes import wait_until
from harness.reference import assert_quiet
from harness.tenant import Tenant

from operator_schedules.schedule import SPACES, Schedule
from operator_schedules.steps import VARIANTS

CONVERGED_SECONDS_MAX = 120
# Reasons for which an operator may exit on its own: the kubelet restarts it.
GIVES_UP = (
    "leadership was lost",
    "the API server did not list everything in time",
    "work did not end in time",
)


class World:
    """Used from one thread, for one schedule."""

    def __init__(self, installation: Installation, references: dict[str, Plan], schedule: Schedule):
        self.plane = installation.plane
        self.api: KubernetesApi = self.plane.api
        self.proxy = installation.proxy()
        self._references = references
        self._tenants = [Tenant(self.plane, "schedule") for _ in range(SPACES)]
        self._wanted: dict[tuple[int, str], str] = {}
        self._starts_again = True
        self._findings: list[str] = []
        self.api.delete(LEASE)  # of the previous schedule's operator, which is gone
        names = ",".join(tenant.namespace for tenant in self._tenants)
        options = [f"--watch-namespaces={names}", *(SHORT_LEASE if schedule.elected else ALONE)]
        kubeconfig = self.proxy.kubeconfig(installation.account())
        self._operator: Operator = installation.operator(*options, kubeconfig=kubeconfig)
        self._operator.launch()

    # --- for the steps ---

    def namespace(self, space: int) -> str:
        return self._tenants[space].namespace

    def put(self, space: int, name: str, variant: str) -> None:
        tenant, spec = self._tenants[space], VARIANTS[variant]
        if (space, name) in self._wanted:
            status = 409
            while status == 409:  # its status may change in the meantime
                export = {**tenant.get(name), "spec": spec}
                status, answer = self.api.put(f"{tenant.exports}/{name}", export)
            assert status == 200, answer
        else:
            tenant.create(name, spec)
        self._wanted[space, name] = variant

    def delete(self, space: int, name: str) -> None:
        if self._wanted.pop((space, name), None):
            self._tenants[space].delete(name)

    def end_operator(self, number: int) -> None:
        self._starts_again = False
        self._operator.process.signal(signal.SIGCONT)
        if number == signal.SIGKILL:
            self._operator.kill()
        else:
            self._operator.process.signal(number)

    def start_operator(self) -> None:
        self._starts_again = True
        self._look_after_operator()

    def signal_operator(self, number: int) -> None:
        self._operator.process.signal(number)

    def restart_api_server(self, compacted: bool) -> None:
        if compacted:
            self.plane.compact()
        else:
            self.plane.stop_api_server()
            self.plane.start_api_server()

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)
        self._look_after_operator()

    def _look_after_operator(self) -> None:
        """Acts as the kubelet, but without its delays."""
        process = self._operator.process
        if not process.ended or not self._starts_again:
            return
        # SIGTERM kills it, too, until it has installed its handler.
        killed = process.exit_code in (-signal.SIGKILL, -signal.SIGTERM)
        gave_up = any(self._operator.logged(message) for message in GIVES_UP)
        if process.exit_code and not killed and not gave_up:
            self._findings.append(f"{process.name} ended with {process.exit_code}")
        self._operator.launch()

    # --- the end ---

    def heal(self) -> None:
        self.proxy.rule = None
        self.proxy.reconnect()
        self._operator.process.signal(signal.SIGCONT)
        if not self._starts_again:  # it may still be shutting down
            self._operator.process.wait(60)
        self.start_operator()

    def judge(self) -> list[str]:
        """Waits until everything is as planned; otherwise returns what is not."""

        def converged() -> bool:
            self._look_after_operator()
            return not self._differences()

        begun = time.monotonic()
        try:
            wait_until(converged, "converged", CONVERGED_SECONDS_MAX, every=0.2)
        except AssertionError:
            return [*self._findings, *self._differences()]
        self.seconds = time.monotonic() - begun
        try:
            assert_quiet(self.plane)
        except AssertionError as error:
            self._findings.append(str(error))
        return self._findings + self._differences()

    def end(self) -> list[str]:
        findings = []
        process = self._operator.process
        process.signal(signal.SIGCONT)
        if not process.ended and (code := self._operator.stop()):
            findings.append(f"the operator ended with {code} when it was asked to")
        for run in self._operator.runs:
            if report := run.sanitizer_report():
                findings.append(f"{run.name}: {report[:2000]}")
        self.proxy.close()
        for tenant in self._tenants:
            self.api.delete(f"/api/v1/namespaces/{tenant.namespace}")
        return findings

    def log(self) -> str:
        return "\n".join(run.output() for run in self._operator.runs)

    def _differences(self) -> list[str]:
        found = []
        for space, tenant in enumerate(self._tenants):
            wanted = {name: one for (at, name), one in self._wanted.items() if at == space}
            status, answer = self.api.get(tenant.exports)
            assert status == 200, answer
            exports = {one["metadata"]["name"]: one for one in answer["items"]}
            assert exports.keys() == wanted.keys()
            for name, variant in wanted.items():
                found += self._difference(exports[name], variant)
            count = len(children_in(self.api, tenant.namespace))
            if count != len(APIS) * len(wanted):
                found.append(f"{count} children of {len(wanted)} exports in {tenant.namespace}")
        return found

    def _difference(self, export: dict, variant: str) -> list[str]:
        name, status = export["metadata"]["name"], export.get("status", {})
        try:
            plan = plan_as_applied(self.api, export)
        except AssertionError as error:
            return [str(error)]
        if difference := plan.difference(self._references[variant]):
            return [f"{name} is not as {variant}: {difference}"]
        if status.get("observedGeneration") != export["metadata"]["generation"]:
            return [f"the status of {name} is of {status.get('observedGeneration')}"]
        conditions = {one["type"]: one["reason"] for one in status["conditions"]}
        expected = {"ConfigValid": "Valid", "Progressing": "Stable"}
        wrong = {kind: conditions.get(kind) for kind in expected} != expected
        return [f"{name} says {conditions}"] if wrong else []
