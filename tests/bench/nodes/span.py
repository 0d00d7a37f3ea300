# SPDX-License-Identifier: Apache-2.0
"""One span in its own request, numbered as dualtrace-load numbers its spans."""

MASK = 2**64 - 1
FACTOR, SALT = 0x9E3779B97F4A7C15, 0x64756C7472616365  # tests/bench/span_ids.cc


def scrambled(number: int) -> int:
    product = number * FACTOR & MASK
    return product ^ product >> 32


def trace_id(number: int) -> bytes:
    """The inverse of the sink's decoding of a span's number."""
    return scrambled(number).to_bytes(8, "big") + scrambled(number ^ SALT).to_bytes(8, "big")


def field(number: int, content: bytes) -> bytes:
    """A field of a protobuf message; its content must be shorter than 128 bytes."""
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def request(number: int, nanoseconds: int) -> bytes:
    """An ExportTraceServiceRequest with one span, which ends now."""
    at = nanoseconds.to_bytes(8, "little")
    span = field(1, trace_id(number)) + field(2, scrambled(~number & MASK).to_bytes(8, "big"))
    span += field(5, b"probe") + bytes([7 << 3 | 1]) + at + bytes([8 << 3 | 1]) + at
    return field(1, field(2, field(2, span)))
