# SPDX-License-Identifier: Apache-2.0
"""A destination that answers over HTTP/1.1 exactly as a test scripts it, byte by byte, and records
which spans it stored and how often."""

import gzip
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable

from harness import otlp

STORE = object()  # a step: the request's spans are stored
CLOSE = object()  # a step: the connection is closed
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def answer(status: int, body: bytes = b"", content_type: str = "", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class ScriptedDestination:
    """`script(number, request)` returns the steps for the request with that number: bytes to write,
    STORE or CLOSE. One thread per connection."""

    def __init__(self, script: Callable[[int, bytes], Iterable]):
        self._script = script
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[bytes] = []
        self.stored: Counter[str] = Counter()
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "ScriptedDestination":
        return self

    def __exit__(self, *unused) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader:
            try:
                while (body := self._read(reader)) is not None:
                    with self._lock:
                        number = len(self.requests)
                        self.requests.append(body)
                    for step in self._script(number, body):
                        if step is CLOSE:
                            return
                        if step is STORE:
                            with self._lock:
                                self.stored.update(one.id for one in otlp.placed(body))
                        else:
                            connection.sendall(step)
            except OSError:
                pass  # the agent closed the connection

    @staticmethod
    def _read(reader) -> bytes | None:
        headers = {}
        if not reader.readline():
            return None
        while line := reader.readline().strip():
            name, value = line.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        body = reader.read(int(headers.get("content-length", 0)))
        return gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
