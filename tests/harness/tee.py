# SPDX-License-Identifier: Apache-2.0
"""A relay that records what the client sent: the client under test talks to the agent itself, and
the test still sees the requests on the wire."""

import gzip
import struct

from harness import otlp
from harness.relay import Relay

HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA_FRAME, PADDED = 0, 0x8


class Tee:
    def __init__(self, target: str):
        self._streams: list[bytearray] = []
        self._relay = Relay(target, self._streams)
        self.endpoint = self._relay.endpoint

    def __enter__(self) -> "Tee":
        return self

    def __exit__(self, *unused) -> None:
        self._relay.close()

    def requests(self) -> list[bytes]:
        """The export requests that passed, as serialized protobuf messages."""
        return [message for stream in self._streams for message in _messages(bytes(stream))]


def _messages(stream: bytes):
    if stream.startswith(HTTP2_PREFACE):
        yield from _grpc_messages(stream[len(HTTP2_PREFACE) :])
    else:
        yield from _http1_messages(stream)


def _grpc_messages(frames: bytes):
    """The messages in the DATA frames of each stream; headers are ignored."""
    bodies: dict[int, bytes] = {}
    at = 0
    while at + 9 <= len(frames):
        length = int.from_bytes(frames[at : at + 3], "big")
        kind, flags = frames[at + 3], frames[at + 4]
        stream = int.from_bytes(frames[at + 5 : at + 9], "big") & 0x7FFFFFFF
        payload = frames[at + 9 : at + 9 + length]
        at += 9 + length
        if kind == DATA_FRAME:
            if flags & PADDED:
                payload = payload[1 : len(payload) - payload[0]]
            bodies[stream] = bodies.get(stream, b"") + payload
    for body in bodies.values():
        compressed, length = struct.unpack(">BI", body[:5])
        message = body[5 : 5 + length]
        yield gzip.decompress(message) if compressed else message


def _http1_messages(stream: bytes):
    at = 0
    while at < len(stream):
        end = stream.index(b"\r\n\r\n", at)
        lines = stream[at:end].decode("latin-1").split("\r\n")[1:]
        headers = {
            name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)
        }
        body, at = _http1_body(stream, end + 4, headers)
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        is_json = headers.get("content-type", "").startswith("application/json")
        yield otlp.request_of_json(body) if is_json else body


def _http1_body(stream: bytes, at: int, headers: dict) -> tuple[bytes, int]:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        length = int(headers.get("content-length", 0))
        return stream[at : at + length], at + length
    body = b""
    while True:
        line_end = stream.index(b"\r\n", at)
        size = int(stream[at:line_end].split(b";")[0], 16)
        at = line_end + 2
        body += stream[at : at + size]
        at += size + 2
        if size == 0:
            return body, at
