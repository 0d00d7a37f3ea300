# SPDX-License-Identifier: Apache-2.0
"""Spans pass unchanged: dualtrace preserves unknown fields and adds only what is configured."""

import gzip

import pytest
from harness import otlp
from harness.http import fetch
from harness.sandbox import ADDED_PROJECT, DESTINATIONS


def field(number: int, payload: bytes) -> bytes:
    """A length-delimited field. Payloads here are shorter than 128 bytes, or their length takes two
    bytes."""
    length = len(payload)
    size = bytes([length]) if length < 128 else bytes([length & 0x7F | 0x80, length >> 7])
    tag = number << 3 | 2
    return (bytes([tag]) if tag < 128 else bytes([tag & 0x7F | 0x80, tag >> 7])) + size + payload


def string_attribute(key: bytes, value: bytes) -> bytes:
    return field(1, key) + field(2, field(1, value))


UNKNOWN = field(200, b"from a later version")

# Every message that can hold an unknown field has one. The order differs from any serializer's,
# the status has a redundant default, and one varint is longer than necessary.
SPAN = (
    UNKNOWN
    + field(5, b"odd span")
    + field(2, bytes.fromhex("00f067aa0ba902b7"))
    + field(9, string_attribute(b"key", b"value") + UNKNOWN)
    + field(1, bytes.fromhex("4bf92f3577b34da6a3ce929d0e0e4736"))
    + b"\x30\x81\x80\x00"  # kind = 1, in three bytes
    + field(11, field(2, b"event") + UNKNOWN)
    + field(13, field(1, bytes(range(16))) + field(2, bytes(range(8))) + UNKNOWN)
    + field(15, b"\x18\x00" + UNKNOWN)
)
RESOURCE = field(1, string_attribute(b"service.name", b"odd service")) + UNKNOWN
SCOPE_SPANS = (
    field(3, b"scope schema")
    + field(2, SPAN)
    + field(1, field(1, b"odd scope") + UNKNOWN)
    + UNKNOWN
)
RESOURCE_SPANS = field(2, SCOPE_SPANS) + field(3, b"resource schema") + field(1, RESOURCE) + UNKNOWN
REQUEST = field(1, RESOURCE_SPANS) + UNKNOWN


def send(agent, body: bytes, **headers) -> None:
    headers = {"Content-Type": "application/x-protobuf", **headers}
    status, answer = fetch(f"http://{agent.http_endpoint}/v1/traces", body, headers)
    assert (status, answer) == (200, b"")


@pytest.mark.parametrize("protocol", ["GRPC", "HTTP"])
def test_unknown_fields_survive_at_every_level(stage, sandbox, protocol):
    agent = stage.agent(sandbox.agent_config(arize_protocol=protocol))
    send(agent, REQUEST)
    sandbox.wait_for(otlp.by_id([REQUEST]))
    for destination in DESTINATIONS:
        received = sandbox.requests(destination)
        assert b"".join(received).count(SPAN) == 1
        otlp.assert_unchanged([REQUEST], received, ADDED_PROJECT)


def test_a_project_that_the_application_set_is_kept(sandbox, agent):
    request = otlp.make_request(project="mine")
    send(agent, request)
    sandbox.wait_for(otlp.by_id([request]))
    for destination in DESTINATIONS:
        assert sandbox.requests(destination) == [request]


def test_configured_resource_attributes_are_added_where_absent(stage, sandbox):
    agent = stage.agent(
        sandbox.agent_config(),
        {"resourceAttributes": {"service.name": "not this one", "k8s.cluster.name": "east"}},
    )
    request = otlp.make_request(spans=3)
    send(agent, gzip.compress(request), **{"Content-Encoding": "gzip"})
    sandbox.wait_for(otlp.by_id([request]))
    for destination in DESTINATIONS:
        otlp.assert_unchanged(
            [request], sandbox.requests(destination), {"k8s.cluster.name": "east"}
        )


@pytest.mark.parametrize("compression", ["GZIP", "None"])
@pytest.mark.parametrize("protocol", ["GRPC", "HTTP"])
def test_compression_towards_a_destination_changes_nothing(stage, sandbox, protocol, compression):
    setting = {"arize": {"compression": compression}, "databricks": {"compression": compression}}
    agent = stage.agent(sandbox.agent_config(arize_protocol=protocol), setting)
    sent = [otlp.make_request(spans=20, text="long " * 200) for _ in range(10)]
    for request in sent:
        send(agent, request)
    sandbox.wait_for(otlp.by_id(sent))
    for destination in DESTINATIONS:
        otlp.assert_unchanged(sent, sandbox.requests(destination), {})
