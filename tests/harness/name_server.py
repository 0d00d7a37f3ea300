# SPDX-License-Identifier: Apache-2.0
"""A DNS server for a test, on its own loopback address."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

ADDRESS = "127.65.53.1"
_A, _IN = 1, 1
_NO_SUCH_NAME = 3


def _question(query: bytes) -> tuple[str, int, bytes]:
    """The name, the type and the raw bytes of the single question."""
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    (kind,) = struct.unpack_from(">H", query, at + 1)
    return ".".join(labels).lower(), kind, query[12 : at + 5]


def _answer(query: bytes, names: dict[str, str]) -> tuple[str, bytes]:
    name, kind, question = _question(query)
    answers = b""
    if kind == _A and name in names:
        data = socket.inet_aton(names[name])
        answers = b"\xc0\x0c" + struct.pack(">HHIH", _A, _IN, 1, len(data)) + data
    code = 0 if name in names else _NO_SUCH_NAME
    header = struct.pack(">HHHHH", 0x8580 | code, 1, bool(answers), 0, 0)
    return name, query[:2] + header + question + answers


@contextlib.contextmanager
def name_server(names: dict[str, str]) -> Iterator[set[str]]:
    """Answers with these addresses to clients that use ADDRESS as their name server; yields the
    names that were queried."""
    asked: set[str] = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((ADDRESS, 53))

        def serve() -> None:
            while True:
                query, client = server.recvfrom(512)
                if not query:
                    return
                name, answer = _answer(query, names)
                asked.add(name)
                server.sendto(answer, client)

        thread = threading.Thread(target=serve, name="name-server")
        thread.start()
        try:
            yield asked
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.sendto(b"", (ADDRESS, 53))
            thread.join()
