# SPDX-License-Identifier: Apache-2.0
"""Invalid requests get the response that OTLP requires, with a google.rpc.Status that describes the
error, in the content type of the request. The agent continues, its memory stays flat, and other
clients are served."""

import gzip
import http.client
import random
from dataclasses import dataclass

import grpc
import pytest
from harness import otlp
from harness.curl import EXPORT, JSON, PROTOBUF, VERSIONS, request
from harness.http2 import grpc_message
from harness.siege import ENVIRONMENT, Siege

GOOD = otlp.make_request()
LIMIT = 256 * 1024  # receiver.limits.requestBytes of this agent
BUDGET = 8 * 1024 * 1024  # its receiver.limits.memoryBytes
INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE = 3, 8, 12, 13, 14


@pytest.fixture(scope="module")
def siege(module_stage):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        sandbox = module_stage.sandbox()
        limits = {"requestBytes": LIMIT, "memoryBytes": BUDGET, "headerBytes": 8192}
        agent = module_stage.agent(sandbox.agent_config(), {"receiver": {"limits": limits}})
    siege = Siege(agent, BUDGET)
    yield siege
    siege.end()


@dataclass(frozen=True)
class Body:
    """A request body and its expected response: HTTP status, gRPC code and message."""

    body: bytes
    says: str = ""  # part of the error message
    type: str = PROTOBUF
    encoding: str | None = None
    status: int = 400
    code: int = INVALID_ARGUMENT


def field(number: int, payload: bytes) -> bytes:
    length, size = b"", len(payload)
    while size >= 0x80:
        length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + payload


def nested_groups(depth: int) -> bytes:
    """An unknown field, a group of groups."""
    return b"\x7b" * depth + b"\x7c" * depth


def of_span(members: str) -> bytes:
    ids = '"traceId":"%s","spanId":"%s",' % ("1" * 32, "2" * 16)
    return b'{"resourceSpans":[{"scopeSpans":[{"spans":[{%s}]}]}]}' % (ids + members).encode(
        "utf-8", "surrogateescape"
    )


def zipped(data: bytes, **changes) -> Body:
    return Body(data, encoding="gzip", **changes)


OK = {"status": 200, "code": 0}
TOO_LARGE = {"status": 413, "code": RESOURCE_EXHAUSTED}
ZIP = gzip.compress(GOOD)
BODIES = {
    "nothing is fine": Body(b"", **OK),
    "an unknown field is fine": Body(GOOD + field(15, b"what the future brings"), **OK),
    "random bytes": Body(random.Random(4).randbytes(4096), says="offset"),
    "a field of the wrong type": Body(b"\x08\x01", says="wire type"),
    "cut short": Body(GOOD[:-3], says="cut short"),
    "a length that is too long": Body(b"\x0a\xff\xff\xff\xff\x0f", says="cut short"),
    "an endless varint": Body(b"\x78" + b"\xff" * 1000, says="varint"),
    "a group that does not end": Body(b"\x7b" * 50, says="offset"),
    "groups nested too deep": Body(nested_groups(20_000), says="deep"),
    "field number 0": Body(b"\x02\x00", says="field number 0"),
    "too large": Body(b"\0" * (LIMIT + 1), says=f"limit of {LIMIT} bytes", **TOO_LARGE),
    # --- gzip ---
    "gzip of two members is fine": zipped(ZIP + gzip.compress(b""), **OK),
    "not gzip": zipped(GOOD, says="not a gzip header"),
    "gzip cut short": zipped(ZIP[:-9], says="cut short"),
    "gzip with trailing garbage": zipped(ZIP + b"garbage", says="gzip"),
    "gzip with a wrong checksum": zipped(ZIP[:-8] + b"\0\0\0\0" + ZIP[-4:], says="checksum"),
    "gzip with a wrong length": zipped(ZIP[:-4] + b"\0\0\0\0", says="checksum"),
    "random bytes as gzip": zipped(ZIP[:10] + random.Random(5).randbytes(4096), says="gzip"),
    "gzip of gzip": zipped(gzip.compress(ZIP), says="offset"),
    "a gzip bomb": zipped(gzip.compress(b"\0" * (64 << 20)), says=f"than {LIMIT}", **TOO_LARGE),
    "a gzip bomb of many members": zipped(
        gzip.compress(b"\0" * 100_000) * 500, says=f"than {LIMIT}", **TOO_LARGE
    ),
    "an unknown encoding": Body(
        GOOD, encoding="br", says="gzip", status=415, code=UNIMPLEMENTED
    ),
    "two encodings": Body(
        gzip.compress(ZIP), encoding="gzip, gzip", says="gzip", status=415, code=UNIMPLEMENTED
    ),
}
JSON_BODIES = {
    "JSON without spans is fine": Body(b"{}", **OK),
    "of duplicate keys the last counts": Body(of_span('"name":"a","name":"b"'), **OK),
    "no bytes at all": Body(b"", says="json"),
    "not JSON": Body(b"{nonsense", says="json"),
    "JSON cut short": Body(b'{"resourceSpans":[{"scopeSpans":', says="json"),
    "JSON with more behind it": Body(b"{} {}", says="json"),
    "arrays nested too deep": Body(b'{"x":%s%s}' % (b"[" * 100_000, b"]" * 100_000), says="deep"),
    "objects nested too deep": Body(b'{"x":' * 20_000 + b"1" + b"}" * 20_000, says="deep"),
    "values nested too deep": Body(
        of_span(
            '"attributes":[{"key":"k","value":%s%s}]'
            % ('{"arrayValue":{"values":[' * 60 + "{}", "]}}" * 60)
        ),
        says="arrayValue.values[0]: nested too deeply",
    ),
    "a huge number": Body(of_span('"startTimeUnixNano":1e400'), says="json"),
    "a number of a thousand digits": Body(of_span('"kind":' + "9" * 1000), says="json"),
    "a number out of range": Body(of_span('"droppedAttributesCount":4294967296'), says="ropped"),
    "invalid UTF-8": Body(of_span('"name":"\udcff"'), says="not UTF-8"),
    "half a surrogate pair is replaced": Body(of_span('"name":"\\ud800"'), **OK),
    "a wrong type for a list": Body(b'{"resourceSpans":5}', says="resourceSpans: not an array"),
    "a wrong type for a text": Body(of_span('"name":{}'), says="name: not a string"),
    "a wrong type for a number": Body(of_span('"endTimeUnixNano":"soon"'), says="spans[0]"),
    "an id that is not hex": Body(
        of_span('"traceId":"' + "x" * 32 + '"'), says="resourceSpans[0].scopeSpans[0].spans[0].traceId"
    ),
    "an id that is too short": Body(of_span('"spanId":"00"'), says="spanId: not 16 hex digits"),
    "JSON that is too large": Body(b" " * (LIMIT + 1), says=f"limit of {LIMIT}", **TOO_LARGE),
    "JSON in broken gzip": Body(gzip.compress(b"{}")[:-1], says="gzip", encoding="gzip"),
    "a JSON bomb": Body(
        gzip.compress(b" " * (16 << 20)), says=f"than {LIMIT}", encoding="gzip", **TOO_LARGE
    ),
}


def check_refusal(answer, status: int, code: int, says: str) -> None:
    told = answer.status()
    assert (answer.http_status, told.code) == (status, code), told
    assert says in told.message, told


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "case", [*BODIES.values(), *JSON_BODIES.values()], ids=[*BODIES.keys(), *JSON_BODIES.keys()]
)
def test_bodies_over_http(siege, tmp_path, case, version):
    content_type = JSON if case in JSON_BODIES.values() else PROTOBUF
    headers = {"Content-Encoding": case.encoding} if case.encoding else {}
    with siege.attack():
        endpoint = siege.agent.http_endpoint
        answer = request(tmp_path, endpoint, case.body, content_type, headers, version=version)
    assert answer.headers["content-type"] == content_type
    if case.status == 200:
        assert (answer.http_status, answer.body) == (200, b"{}" if content_type == JSON else b"")
        return
    check_refusal(answer, case.status, answer.status().code, case.says)
    assert answer.retry_seconds() is None and "retry-after" not in answer.headers


@pytest.mark.parametrize("case", BODIES.values(), ids=BODIES.keys())
def test_bodies_over_grpc(siege, tmp_path, case):
    headers = {"TE": "trailers"} | ({"grpc-encoding": case.encoding} if case.encoding else {})
    message = grpc_message(case.body, compressed=1 if case.encoding else 0)
    with siege.attack():
        answer = call(siege.agent, tmp_path, message, headers)
    assert answer.grpc_code == case.code, answer
    if case.code != 0:
        check_refusal(answer, 200, case.code, case.says if case.code != UNIMPLEMENTED else "")
        assert answer.retry_seconds() is None
    if case.code == UNIMPLEMENTED:
        assert "gzip" in answer.headers["grpc-accept-encoding"]


def call(agent, folder, body: bytes, headers: dict[str, str] | None = None, path: str = EXPORT):
    return request(
        folder, agent.grpc_endpoint, body, "application/grpc", headers, path, version="HTTP/2"
    )


FRAMINGS = {
    "no frame": (b"", INVALID_ARGUMENT, "ended before"),
    "half a frame's head": (b"\0\0\0", INVALID_ARGUMENT, "ended before"),
    "a length above the data": (
        grpc_message(GOOD, length=len(GOOD) + 1),
        INVALID_ARGUMENT,
        "ended before",
    ),
    "a length below the data": (
        grpc_message(GOOD, length=len(GOOD) - 1),
        INVALID_ARGUMENT,
        "exactly one message",
    ),
    "a length above the limit": (
        grpc_message(GOOD, length=LIMIT + 1),
        RESOURCE_EXHAUSTED,
        f"limit of {LIMIT} bytes",
    ),
    "the largest length": (b"\0\xff\xff\xff\xff", RESOURCE_EXHAUSTED, f"limit of {LIMIT} bytes"),
    "two messages": (2 * grpc_message(GOOD), INVALID_ARGUMENT, "exactly one message"),
    "compressed without an encoding": (grpc_message(ZIP, compressed=1), INTERNAL, "grpc-encoding"),
    "an unknown flag": (grpc_message(GOOD, compressed=2), INVALID_ARGUMENT, "flag"),
    "a reserved flag": (grpc_message(GOOD, compressed=0x81), INVALID_ARGUMENT, "flag"),
}


@pytest.mark.parametrize("case", FRAMINGS.values(), ids=FRAMINGS.keys())
def test_grpc_framing(siege, tmp_path, case):
    body, code, says = case
    with siege.attack():
        check_refusal(call(siege.agent, tmp_path, body), 200, code, says)


@pytest.mark.parametrize(
    "path",
    [
        EXPORT + "All",
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        "/grpc.health.v1.Health/Watch",
        "/",
    ],
)
def test_unknown_grpc_methods(siege, tmp_path, path):
    with siege.attack():
        answer = call(siege.agent, tmp_path, grpc_message(GOOD), path=path)
    check_refusal(answer, 200, UNIMPLEMENTED, path)


ROUTES = {  # method, path, content type, status, words
    "GET": ("GET", "/v1/traces", PROTOBUF, 405, "POST"),
    "PUT": ("PUT", "/v1/traces", JSON, 405, "POST"),
    "HEAD-like": ("OPTIONS", "/v1/traces", JSON, 405, "POST"),
    "a method of nobody": ("BREW", "/v1/traces", JSON, 405, "POST"),
    "logs": ("POST", "/v1/logs", PROTOBUF, 404, "/v1/traces"),
    "metrics": ("POST", "/v1/metrics", JSON, 404, "/v1/traces"),
    "root": ("POST", "/", PROTOBUF, 404, "/v1/traces"),
    "below": ("POST", "/v1/traces/", JSON, 404, "/v1/traces"),
    "another type": ("POST", "/v1/traces", "text/plain", 415, "application/json"),
    "no type": ("POST", "/v1/traces", None, 415, "application/x-protobuf"),
    "almost the type": ("POST", "/v1/traces", "application/protobuf", 415, "application/x-protobuf"),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ROUTES.values(), ids=ROUTES.keys())
def test_routes(siege, tmp_path, case, version):
    method, path, content_type, status, says = case
    endpoint = siege.agent.http_endpoint
    with siege.attack():
        answer = request(tmp_path, endpoint, GOOD, content_type, {}, path, method, version)
    check_refusal(answer, status, answer.status().code, says)
    assert answer.headers["content-type"] == (PROTOBUF if content_type == PROTOBUF else JSON)
    assert answer.headers.get("allow") == ("POST" if status == 405 else None)


def test_a_get_of_a_grpc_method_is_told_to_post(siege, tmp_path):
    answer = request(
        *[tmp_path, siege.agent.grpc_endpoint, b"", "application/grpc", {}, EXPORT],
        method="GET",
        version="HTTP/2",
    )
    assert (answer.http_status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("version", VERSIONS)
def test_headers_that_are_too_large_are_refused(siege, tmp_path, version):
    endpoint = siege.agent.http_endpoint
    for headers in ({"X-Long": "x" * 20_000}, {f"X-{n}": "x" for n in range(1000)}):
        with siege.attack():
            answer = request(tmp_path, endpoint, GOOD, PROTOBUF, headers, version=version)
        check_refusal(answer, 431, RESOURCE_EXHAUSTED, "headers are too large")


def test_several_requests_pass_over_one_connection_after_a_refusal(siege):
    host, port = siege.agent.http_endpoint.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    for body, expected in [(GOOD, 200), (b"\xff", 400), (GOOD, 200), (GOOD, 200)]:
        connection.request("POST", "/v1/traces", body, {"Content-Type": PROTOBUF})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == expected


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_grpcs_own_client_understands_refusals(siege, compression):
    cases = [(b"", 0), (b"\xff" * 4, INVALID_ARGUMENT), (b"\0" * (LIMIT + 1), RESOURCE_EXHAUSTED)]
    with grpc.insecure_channel(siege.agent.grpc_endpoint, compression=compression) as channel:
        export = channel.unary_unary(EXPORT)
        for body, code in [*cases, (GOOD, 0)]:
            try:
                assert (export(body, timeout=10), code) == (b"", 0)
            except grpc.RpcError as error:
                assert error.code().value[0] == code, error


def test_the_health_service_answers_over_grpc(siege):
    with grpc.insecure_channel(siege.agent.grpc_endpoint) as channel:
        answer = channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=10)
    assert answer == b"\x08\x01"  # SERVING


def test_every_refusal_is_counted(siege, tmp_path):
    def counted(name: str) -> float:
        lines = siege.agent.metrics().splitlines()
        (value,) = [line.split()[-1] for line in lines if line.startswith(name + " ")]
        return float(value)

    names = {
        'dualtrace_receiver_requests_total{code="400",protocol="http"}': Body(b"\xff"),
        'dualtrace_receiver_requests_total{code="413",protocol="http"}': BODIES["too large"],
        'dualtrace_receiver_requests_total{code="415",protocol="http"}': BODIES["two encodings"],
        'dualtrace_intake_refused_total{reason="invalid"}': Body(b"\xff"),
        'dualtrace_intake_refused_total{reason="exhausted"}': BODIES["a gzip bomb"],
    }
    for name, case in names.items():
        before = counted(name)
        headers = {"Content-Encoding": case.encoding} if case.encoding else {}
        request(tmp_path, siege.agent.http_endpoint, case.body, PROTOBUF, headers)
        assert counted(name) == before + 1, name
