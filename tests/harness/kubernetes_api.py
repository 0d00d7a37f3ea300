# SPDX-License-Identifier: Apache-2.0
"""The Kubernetes API for tests: JSON over connections that stay open."""

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

# The server closes idle connections after 90 s. Older connections are not reused, so that no
# request has to be sent twice.
IDLE_SECONDS_MAX = 60

MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"

Answer = tuple[int, dict]
Connect = Callable[[], http.client.HTTPConnection]


def over_tls(port: int, context: ssl.SSLContext) -> Connect:
    return lambda: http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)


def over_unix_socket(path: str) -> Connect:
    class Connection(http.client.HTTPConnection):
        def connect(self):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(self.timeout)
            self.sock.connect(path)

    return lambda: Connection("localhost", timeout=60)


class KubernetesApi:
    """Each call returns (status, object). Thread-safe: each thread has its own connection."""

    def __init__(self, connect: Connect):
        self._connect = connect
        self._own = threading.local()
        self._generation = 0

    def forget_connections(self) -> None:
        """Call it when the server stops or gets a new certificate."""
        self._generation += 1

    def connect_by(self, connect: Connect) -> None:
        self._connect = connect
        self.forget_connections()

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def post(self, path: str, obj: dict) -> Answer:
        return self.request("POST", path, obj)

    def put(self, path: str, obj: dict) -> Answer:
        return self.request("PUT", path, obj)

    def patch(self, path: str, obj, content_type: str = MERGE_PATCH) -> Answer:
        return self.request("PATCH", path, obj, content_type)

    def delete(self, path: str, options: dict | None = None) -> Answer:
        return self.request("DELETE", path, options)

    def request(
        self, method: str, path: str, obj=None, content_type: str = "application/json"
    ) -> Answer:
        connection = self._connection()
        headers = {"Accept": "application/json"}
        body = None
        if obj is not None:
            body, headers["Content-Type"] = json.dumps(obj), content_type
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
        except BaseException:
            self._own.connection = None
            connection.close()
            raise
        self._own.used = time.monotonic()
        self._own.warnings = response.headers.get_all("Warning") or []
        kind = response.headers.get("Content-Type", "")
        if kind.startswith("application/json"):
            return response.status, json.loads(content)
        return response.status, {"text": content.decode(errors="replace")}

    def warnings(self) -> list[str]:
        """The warnings of this thread's last response, as kubectl prints them."""
        return [text.split(" ", 2)[2].strip('"') for text in self._own.warnings]

    def watch(self, path: str, seconds: int = 30) -> Iterator[dict]:
        """The events of one watch, on its own connection, until the server ends it after `seconds`;
        a rejection is an event of the type ERROR, like one that arrives later."""
        connection = self._connect()
        try:
            separator = "&" if "?" in path else "?"
            connection.request("GET", f"{path}{separator}watch=true&timeoutSeconds={seconds}")
            response = connection.getresponse()
            if response.status != 200:
                yield {"type": "ERROR", "object": json.loads(response.read())}
                return
            for line in response:
                yield json.loads(line)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        own = self._own
        connection = getattr(own, "connection", None)
        fresh = connection is not None and (
            own.generation == self._generation and time.monotonic() - own.used < IDLE_SECONDS_MAX
        )
        if not fresh:
            if connection is not None:
                connection.close()
            own.connection, own.generation = self._connect(), self._generation
        return own.connection
