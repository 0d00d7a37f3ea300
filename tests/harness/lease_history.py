# SPDX-License-Identifier: Apache-2.0
"""Who held the operators' Lease and when, derived from all requests to the API server."""

import contextlib
import http.client
import threading
import time
from dataclasses import dataclass

from harness.audit import AuditEntry
from harness.control_plane import ControlPlane
from harness.operator import LEASE, NAMESPACE


@dataclass(frozen=True)
class Term:
    """One write of the Lease. `user` holds it afterwards, or nobody if it was released."""

    time: str  # of the request's arrival, RFC 3339 with microseconds, so that strings compare
    user: str
    holder: str


class LeaseHistory:
    """The Lease's watch shows the holders and the audit log the users, both in the same order, with
    one event for each write. Ends with the test's process, or with the API server."""

    def __init__(self, plane: ControlPlane):
        self._plane = plane
        self._holders: list[str] = []
        self._since = plane.audit_position()
        folder, _, name = LEASE.rpartition("/")
        self._path = f"{folder}?fieldSelector=metadata.name={name}"
        status, listed = plane.api.get(self._path)
        assert status == 200 and not listed["items"], "the Lease already exists"
        version = listed["metadata"]["resourceVersion"]
        threading.Thread(target=self._follow, args=(version,), daemon=True).start()

    def _follow(self, version: str) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):  # the server has ended
            self._watch(version)

    def _watch(self, version: str) -> None:
        while True:
            since = f"{self._path}&resourceVersion={version}"
            for event in self._plane.api.watch(since, seconds=300):
                if event["type"] == "ERROR":  # a new API server does not accept watches immediately
                    time.sleep(0.1)
                    break
                version = event["object"]["metadata"]["resourceVersion"]
                self._holders.append(event["object"]["spec"].get("holderIdentity", ""))

    def entries(self) -> list[AuditEntry]:
        """The operators' writes, in the order of their arrival."""
        found = [
            one
            for one in self._plane.audit(since=self._since)
            if one.user.startswith(f"system:serviceaccount:{NAMESPACE}:")
        ]
        return sorted(found, key=lambda one: one.time)

    def terms(self) -> list[Term]:
        writes = [
            one
            for one in self.entries()
            if one.resource == "leases" and one.is_write and one.code in (200, 201)
        ]
        holders = self._holders[: len(writes)]
        assert len(holders) >= len(writes) - 1, "each write of the Lease is an event"
        return [Term(one.time, one.user, holder) for one, holder in zip(writes, holders)]

    def strays(self) -> list[AuditEntry]:
        """Writes by an operator that did not hold the Lease."""
        terms = self.terms()
        found = []
        for entry in self.entries():
            if not entry.is_write or entry.resource == "leases":
                continue
            before = [term for term in terms if term.time < entry.time]
            if not before or before[-1].user != entry.user or not before[-1].holder:
                found.append(entry)
        return found
