# SPDX-License-Identifier: Apache-2.0
"""Changes to exports and children while an operator cannot see them, and the rate of its
requests."""

import time

from harness.control_plane import ControlPlane
from harness.operator import Operator
from harness.processes import PATIENCE_SECONDS, wait_until
from harness.tenant import Tenant

STANDING = ("changed", "deleted", "edited")


class Changes:
    """Changes made during a fault, all of which must be acted on afterwards."""

    def __init__(self, plane: ControlPlane):
        self._round = 0
        self.tenant = Tenant(plane, "watched")
        for name in STANDING:
            self.tenant.create(name)
        self._settle(PATIENCE_SECONDS)

    def _settle(self, timeout: float) -> None:
        for name in STANDING:
            self.tenant.wait_until_settled(name, timeout)
        self._plan = self.tenant.plan("edited")

    def make(self) -> None:
        self._round += 1
        self.tenant.change("changed", {"delivery": {"maxAge": f"{self._round}h"}})
        self.tenant.create(f"new-{self._round}")
        self.tenant.delete("deleted")
        self.tenant.delete_child("services", "edited")
        self.tenant.patch_child("daemonsets", "edited", {"spec": {"minReadySeconds": 77}})

    def wait_until_acted_on(self, operator: Operator, timeout: float = 90) -> None:
        """By default, within twice the longest backoff, plus a margin."""
        begun = time.monotonic()

        def config() -> str:
            return self.tenant.child("configmaps", "changed")["data"]["agent.yaml"]

        wait_until(
            lambda: f"maxAge: {self._round}h" in config(),
            "the change is acted on",
            timeout,
            process=operator.process,
        )
        self.tenant.wait_until_settled("changed", timeout)
        self.tenant.wait_until_settled(f"new-{self._round}", timeout)
        self.tenant.wait_for_plan("edited", self._plan, timeout)
        print(f"acted on {time.monotonic() - begun:.1f} s after the fault")
        self.tenant.delete(f"new-{self._round}")
        self.tenant.create("deleted")
        self._settle(timeout)


class Asked:
    """How often the operator sends requests, by its own counter, which includes failed ones."""

    def __init__(self, operator: Operator):
        self._operator = operator
        self._before, self._begun = self._count(), time.monotonic()

    def _count(self) -> float:
        return self._operator.metric("rest_client_requests_total")

    def slowly(self, requests: int, seconds_min: float, during: str) -> None:
        """Waits for that many requests, which must take at least `seconds_min`. Back-off is partly
        random, so the minimum is far below the usual time; a busy machine only makes it longer."""
        wait_until(
            lambda: self._count() - self._before >= requests,
            f"{requests} requests were made while {during}",
            timeout=180,
            every=0.2,
            process=self._operator.process,
        )
        took = time.monotonic() - self._begun
        print(f"{during}: {requests} requests in {took:.1f} s")
        assert took >= seconds_min, f"too many requests while {during}"

    def in_all(self, during: str) -> float:
        """For faults during which the operator has work to do, so that a rate per second is
        meaningless."""
        count = self._count() - self._before
        print(f"{during}: {count:.0f} requests in {time.monotonic() - self._begun:.1f} s")
        return count

    def in_a_minute(self, during: str) -> float:
        count = (self._count() - self._before) * 60 / (time.monotonic() - self._begun)
        print(f"{during}: {count:.0f} requests a minute")
        return count
