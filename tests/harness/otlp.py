# SPDX-License-Identifier: Apache-2.0
"""OTLP requests as bytes: built, taken apart without losing unknown fields, and compared.

A span is compared by its original bytes, and so are its surroundings, except for the resource, to
which dualtrace may append attributes.
"""

import base64
import json
import re
import secrets
import time
from dataclasses import dataclass

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(frozen=True)
class Placed:
    """One span and its surroundings. Everything except the resource's attributes is raw bytes."""

    span: bytes
    scope: bytes  # the InstrumentationScope
    scope_rest: bytes  # the other fields of ScopeSpans: schema URL, unknown fields
    resource: bytes
    resource_rest: bytes  # the other fields of ResourceSpans

    @property
    def id(self) -> str:
        span = Span.FromString(self.span)
        return f"{span.trace_id.hex()}/{span.span_id.hex()}"

    def decoded(self) -> Span:
        return Span.FromString(self.span)

    def resource_attributes(self) -> dict:
        return attributes_of(Resource.FromString(self.resource).attributes)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data: bytes):
    """(number, wire type, payload, all of the field's bytes) of each field of a message."""
    at = 0
    while at < len(data):
        start = at
        tag, at = _varint(data, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == 0:
            begin = at
            _, at = _varint(data, at)
        elif wire_type == 2:
            length, begin = _varint(data, at)
            at = begin + length
        elif wire_type in (1, 5):
            begin = at
            at += 8 if wire_type == 1 else 4
        else:
            raise ValueError(f"wire type {wire_type}")
        if at > len(data):
            raise ValueError("cut short")
        yield number, wire_type, data[begin:at], data[start:at]


def _apart(message: bytes, inner: int, repeated: int) -> tuple[bytes, list[bytes], bytes]:
    """(the message field `inner`, those of `repeated`, the bytes of everything else)"""
    one, many, rest = b"", [], b""
    for number, wire_type, payload, whole in fields(message):
        if number == inner and wire_type == 2:
            one += payload
        elif number == repeated and wire_type == 2:
            many.append(payload)
        else:
            rest += whole
    return one, many, rest


def placed(request: bytes) -> list[Placed]:
    """Every span of a serialized ExportTraceServiceRequest."""
    result = []
    for number, _, resource_spans, _ in fields(request):
        if number != 1:
            continue
        resource, scopes, resource_rest = _apart(resource_spans, 1, 2)
        for scope_spans in scopes:
            scope, spans, scope_rest = _apart(scope_spans, 1, 2)
            result += [Placed(span, scope, scope_rest, resource, resource_rest) for span in spans]
    return result


def by_id(requests: list[bytes]) -> dict[str, list[Placed]]:
    result: dict[str, list[Placed]] = {}
    for request in requests:
        for one in placed(request):
            result.setdefault(one.id, []).append(one)
    return result


def normal(request: bytes) -> bytes:
    """The same message in canonical form: fields in order, no unneeded defaults."""
    return ExportTraceServiceRequest.FromString(request).SerializeToString(deterministic=True)


def assert_unchanged(sent: list[bytes], received: list[bytes], added: dict[str, str]) -> None:
    """Every span of `sent` is in `received` exactly once and unchanged. Its resource has its
    original attributes, in their order, and then exactly `added`."""
    before, after = by_id(sent), by_id(received)
    missing, surplus = set(before) - set(after), set(after) - set(before)
    assert not missing and not surplus, f"{len(missing)} missing, {len(surplus)} too many"
    for span_id, (original, *again) in before.items():
        assert not again, f"{span_id} was sent more than once"
        (arrived, *copies) = after[span_id]
        assert not copies, f"{span_id} arrived {1 + len(copies)} times"
        for part in ("span", "scope", "scope_rest", "resource_rest"):
            assert getattr(arrived, part) == getattr(original, part), f"{span_id}: {part} changed"
        _assert_only_added(original.resource, arrived.resource, added)


def _assert_only_added(original: bytes, arrived: bytes, added: dict[str, str]) -> None:
    _, attributes, rest = _apart(original, 0, 1)
    _, arrived_attributes, arrived_rest = _apart(arrived, 0, 1)
    assert arrived_rest == rest
    assert arrived_attributes[: len(attributes)] == attributes
    tail = [KeyValue.FromString(pair) for pair in arrived_attributes[len(attributes) :]]
    assert attributes_of(tail) == added


def value_of(any_value):
    """An AnyValue as plain Python."""
    kind = any_value.WhichOneof("value")
    if kind == "array_value":
        return [value_of(value) for value in any_value.array_value.values]
    if kind == "kvlist_value":
        return attributes_of(any_value.kvlist_value.values)
    return getattr(any_value, kind) if kind else None


def attributes_of(key_values) -> dict:
    return {pair.key: value_of(pair.value) for pair in key_values}


def request_of_json(body: bytes) -> bytes:
    """The protobuf bytes of an OTLP/JSON request. Its ids are hex, unlike in protobuf's own JSON,
    which uses base64."""

    def with_base64_ids(node):
        if isinstance(node, list):
            return [with_base64_ids(item) for item in node]
        if isinstance(node, dict):
            return {
                key: base64.b64encode(bytes.fromhex(value)).decode()
                if key in ("traceId", "spanId", "parentSpanId")
                else with_base64_ids(value)
                for key, value in node.items()
            }
        return node

    request = ExportTraceServiceRequest()
    json_format.ParseDict(with_base64_ids(json.loads(body)), request, ignore_unknown_fields=True)
    return request.SerializeToString()


def make_request(
    spans: int = 1, text: str = "", project: str | None = "tests", service: str = "tests"
) -> bytes:
    """A request of one trace: spans with random ids, each with `text` as an attribute."""
    request, scope_spans = _empty_request(project, service)
    trace_id, now = secrets.token_bytes(16), time.time_ns()
    for number in range(spans):
        _add_span(scope_spans, f"span {number}", trace_id, secrets.token_bytes(8), now, text)
    return request.SerializeToString()


class Template:
    """A request with one trace that is built once and then stamped with new ids and times, which
    takes microseconds. The spans' ids are 1, 2, …; the first can have a different name."""

    _TRACE_ID = b"\xd7stamped-here-\xd7\x01"
    _TIME = b"\xd7\x01time\x02\xd7"

    def __init__(self, texts: list[str], first_name: str = "span 0"):
        assert (len(self._TRACE_ID), len(self._TIME)) == (16, 8)
        request, scope_spans = _empty_request(project="tests", service="load")
        time_number = int.from_bytes(self._TIME, "little")
        for number, text in enumerate(texts):
            name = f"span {number}" if number else first_name
            span_id = (number + 1).to_bytes(8, "big")
            span = _add_span(scope_spans, name, self._TRACE_ID, span_id, time_number, text)
            span.end_time_unix_nano = time_number
        self._bytes = request.SerializeToString()
        self._trace_ids = self._places(self._TRACE_ID)
        self._times = self._places(self._TIME)
        assert (len(self._trace_ids), len(self._times)) == (len(texts), 2 * len(texts))

    def stamp(self, trace_id: bytes, now: int) -> bytes:
        """`now` is the start and end of all its spans, in Unix nanoseconds."""
        stamped = bytearray(self._bytes)
        for at in self._trace_ids:
            stamped[at : at + 16] = trace_id
        time_bytes = now.to_bytes(8, "little")
        for at in self._times:
            stamped[at : at + 8] = time_bytes
        return bytes(stamped)

    def _places(self, mark: bytes) -> list[int]:
        return [found.start() for found in re.finditer(re.escape(mark), self._bytes)]


def _empty_request(project: str | None, service: str):
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    _attribute(resource_spans.resource.attributes, "service.name", service)
    if project is not None:
        _attribute(resource_spans.resource.attributes, "openinference.project.name", project)
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "tests"
    return request, scope_spans


def _add_span(scope_spans, name: str, trace_id: bytes, span_id: bytes, start: int, text: str):
    span = scope_spans.spans.add(
        trace_id=trace_id,
        span_id=span_id,
        name=name,
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=start,
        end_time_unix_nano=start + 1_000_000,
    )
    if text:
        _attribute(span.attributes, "text", text)
    return span


def _attribute(attributes, key: str, value: str) -> None:
    pair = attributes.add(key=key)
    pair.value.string_value = value
