# SPDX-License-Identifier: Apache-2.0
"""Handwritten HTTP/2 frames, for input that no client library would send. Headers are written
without Huffman codes and indexes, and are not read back."""

from typing import Iterator, NamedTuple

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE = range(9)
CONTINUATION = 9
END_STREAM, ACK, END_HEADERS = 0x1, 0x1, 0x4
NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 0, 1, 7, 8, 11
INITIAL_WINDOW_SIZE = 4


class Frame(NamedTuple):
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def error_code(self) -> int:
        """The error code of a RST_STREAM or GOAWAY."""
        at = 4 if self.kind == GOAWAY else 0
        return int.from_bytes(self.payload[at : at + 4], "big")


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
    return head + payload


def frames(data: bytes) -> Iterator[Frame]:
    """The complete frames at the beginning of `data`."""
    at = 0
    while at + 9 <= len(data):
        end = at + 9 + int.from_bytes(data[at : at + 3], "big")
        if end > len(data):
            return
        stream = int.from_bytes(data[at + 5 : at + 9], "big") & 0x7FFFFFFF
        yield Frame(data[at + 3], data[at + 4], stream, data[at + 9 : end])
        at = end


def greeting(**settings: int) -> bytes:
    """The preface and the client's SETTINGS; the only one used here is initial_window_size."""
    payload = b""
    if "initial_window_size" in settings:
        value = settings["initial_window_size"].to_bytes(4, "big")
        payload = INITIAL_WINDOW_SIZE.to_bytes(2, "big") + value
    return PREFACE + frame(SETTINGS, payload=payload)


def header_block(fields: list[tuple[str, str]]) -> bytes:
    def text(value: str) -> bytes:
        data = value.encode("latin-1")
        assert len(data) < 127, "one byte of length is enough here"
        return bytes([len(data)]) + data

    return b"".join(b"\x00" + text(name) + text(value) for name, value in fields)


def request_fields(path: str, content_type: str, *more: tuple[str, str]) -> list[tuple[str, str]]:
    pseudo = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "agent")]
    return [*pseudo, ("content-type", content_type), ("te", "trailers"), *more]


def headers(stream: int, fields: list[tuple[str, str]], flags: int = END_HEADERS) -> bytes:
    return frame(HEADERS, flags, stream, header_block(fields))


def grpc_message(message: bytes, compressed: int = 0, length: int | None = None) -> bytes:
    length = len(message) if length is None else length
    return bytes([compressed]) + length.to_bytes(4, "big") + message
