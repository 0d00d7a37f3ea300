# SPDX-License-Identifier: Apache-2.0
"""The API server's audit log: who requested what, and what the response was."""

import json
from dataclasses import dataclass
from pathlib import Path

READ_VERBS = ("get", "list", "watch")


@dataclass(frozen=True)
class AuditEntry:
    """A request that was answered; a watch appears twice, at its start and at its end."""

    time: str
    stage: str  # ResponseStarted (of a watch), ResponseComplete, Panic
    user: str
    user_agent: str
    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int
    uri: str

    @property
    def is_write(self) -> bool:
        return self.verb not in READ_VERBS


def entry_of(event: dict) -> AuditEntry:
    target = event.get("objectRef", {})
    return AuditEntry(
        time=event["requestReceivedTimestamp"],
        stage=event["stage"],
        user=event["user"].get("username", ""),
        user_agent=event.get("userAgent", ""),
        verb=event["verb"],
        group=target.get("apiGroup", ""),
        resource=target.get("resource", ""),
        subresource=target.get("subresource", ""),
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        code=event.get("responseStatus", {}).get("code", 0),
        uri=event["requestURI"],
    )


class AuditLog:
    def __init__(self, path: Path):
        self._path = path

    def size(self) -> int:
        """A position in the log, for `entries`."""
        return self._path.stat().st_size if self._path.exists() else 0

    def entries(self, since: int = 0) -> list[AuditEntry]:
        """In the order of the responses."""
        with self._path.open("rb") as log:
            log.seek(since)
            whole = log.read().rpartition(b"\n")[0]
        return [entry_of(json.loads(line)) for line in whole.splitlines()]
