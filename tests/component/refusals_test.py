# SPDX-License-Identifier: Apache-2.0
"""Invalid requests get the response that OTLP requires, and the agent continues."""

import gzip
import http.client
import json
import re
import subprocess
import threading

import grpc
import pytest
from harness import otlp
from harness.http import fetch

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}
GOOD = otlp.make_request()
LIMIT = 256 * 1024


@pytest.fixture
def agent(stage, sandbox):
    limits = {"receiver": {"limits": {"requestBytes": LIMIT, "headerBytes": 8192}}}
    return stage.agent(sandbox.agent_config(), limits)


HTTP_CASES = {
    "an empty request is fine": ("POST", "/v1/traces", PROTOBUF, b"", 200),
    "JSON without spans is fine": ("POST", "/v1/traces", JSON, b"{}", 200),
    "not protobuf": ("POST", "/v1/traces", PROTOBUF, b"\xff\xff\xff\xff", 400),
    "protobuf cut short": ("POST", "/v1/traces", PROTOBUF, GOOD[:-3], 400),
    "not JSON": ("POST", "/v1/traces", JSON, b"{nonsense", 400),
    "JSON with an id of the wrong form": (
        "POST",
        "/v1/traces",
        JSON,
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}',
        400,
    ),
    "not gzip": ("POST", "/v1/traces", {**PROTOBUF, "Content-Encoding": "gzip"}, GOOD, 400),
    "gzip cut short": (
        "POST",
        "/v1/traces",
        {**PROTOBUF, "Content-Encoding": "gzip"},
        gzip.compress(GOOD)[:-9],
        400,
    ),
    "gzip by its old name": (
        "POST",
        "/v1/traces",
        {**PROTOBUF, "Content-Encoding": "x-gzip"},
        gzip.compress(GOOD),
        200,
    ),
    "gzip in a list": (
        "POST",
        "/v1/traces",
        {**PROTOBUF, "Content-Encoding": "identity, GZip"},
        gzip.compress(GOOD),
        200,
    ),
    "gzip of gzip": (
        "POST",
        "/v1/traces",
        {**PROTOBUF, "Content-Encoding": "gzip, gzip"},
        gzip.compress(gzip.compress(GOOD)),
        415,
    ),
    "nothing, said to be gzip": ("POST", "/v1/traces", {**PROTOBUF, "Content-Encoding": "gzip"}, b"", 400),
    "a preflight of a browser": ("OPTIONS", "/v1/traces", {"Origin": "http://a"}, None, 405),
    "another encoding": ("POST", "/v1/traces", {**PROTOBUF, "Content-Encoding": "br"}, GOOD, 415),
    "another content type": ("POST", "/v1/traces", {"Content-Type": "text/plain"}, GOOD, 415),
    "another method": ("GET", "/v1/traces", {}, None, 405),
    "another path": ("POST", "/v1/nothing", PROTOBUF, GOOD, 404),
    "too large": ("POST", "/v1/traces", PROTOBUF, b"\0" * (LIMIT + 1), 413),
    "too large once unpacked": (
        "POST",
        "/v1/traces",
        {**PROTOBUF, "Content-Encoding": "gzip"},
        gzip.compress(b"\0" * (50 * LIMIT)),
        413,
    ),
}


@pytest.mark.parametrize("case", HTTP_CASES.values(), ids=HTTP_CASES.keys())
def test_over_http(sandbox, agent, case):
    method, path, headers, body, expected = case
    try:
        status, answer = fetch(f"http://{agent.http_endpoint}{path}", body, headers, method)
    except OSError:  # the agent may close the connection while the rest of a rejected body is sent
        assert expected == 413
    else:
        assert status == expected
        if status == 400 and headers == JSON:
            assert json.loads(answer)["message"]
    # Whatever came before, the next request is accepted.
    request = otlp.make_request()
    assert fetch(f"http://{agent.http_endpoint}/v1/traces", request, PROTOBUF)[0] == 200
    sent = [request] if expected != 200 or body is None or len(body) < 10 else [request, GOOD]
    sandbox.wait_for(otlp.by_id(sent))
    count = len(otlp.by_id(sent))
    assert len(sandbox.ids("arize")) == len(sandbox.ids("databricks")) == count


GRPC_CASES = {
    "an empty request is fine": (EXPORT, b"", grpc.StatusCode.OK),
    "not protobuf": (EXPORT, b"\xff\xff\xff\xff", grpc.StatusCode.INVALID_ARGUMENT),
    "another method": (EXPORT + "All", GOOD, grpc.StatusCode.UNIMPLEMENTED),
    "another service": (
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        b"",
        grpc.StatusCode.UNIMPLEMENTED,
    ),
    "too large": (EXPORT, b"\0" * (LIMIT + 1), grpc.StatusCode.RESOURCE_EXHAUSTED),
}


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
@pytest.mark.parametrize("case", GRPC_CASES.values(), ids=GRPC_CASES.keys())
def test_over_grpc(sandbox, agent, case, compression):
    method, body, expected = case
    with grpc.insecure_channel(agent.grpc_endpoint, compression=compression) as channel:
        _, call = _call(channel, method, body)
        assert call.code() == expected
        request = otlp.make_request()
        answer, call = _call(channel, EXPORT, request)
        assert (answer, call.code()) == (b"", grpc.StatusCode.OK)
    sandbox.wait_for(otlp.by_id([request]))


def _call(channel, method: str, body: bytes):
    try:
        return channel.unary_unary(method).with_call(body, timeout=10)
    except grpc.RpcError as error:
        return None, error


@pytest.mark.parametrize(
    "method",
    [
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/opentelemetry.proto.experimental.arrow.v1.ArrowTracesService/ArrowTraces",
    ],
)
def test_an_unknown_method_is_refused_while_its_stream_is_open(agent, method):
    answered = threading.Event()

    def requests():
        yield b"first"
        answered.wait()

    with grpc.insecure_channel(agent.grpc_endpoint) as channel:
        call = channel.stream_stream(method)(requests(), timeout=50)
        assert call.code() == grpc.StatusCode.UNIMPLEMENTED  # waits for the answer
        assert not answered.is_set()
        answered.set()
        assert _call(channel, EXPORT, GOOD)[0] == b""


def test_a_client_that_takes_the_agent_for_a_proxy_is_served(agent, tmp_path):
    for endpoint, path, data, status in (
        (agent.http_endpoint, "/v1/traces", GOOD, "200"),
        (agent.http_endpoint, "/v1/nothing", GOOD, "404"),
        (f"127.0.0.1:{agent.observe_port}", "/livez", None, "200"),
    ):
        options = [] if data is None else ["--data-binary", "@-"]
        done = subprocess.run(
            ["curl", "--silent", "--max-time", "30", "--proxy", f"http://{endpoint}", *options]
            + ["--header", "Content-Type: application/x-protobuf", "--dump-header", "-"]
            + ["--output", tmp_path / "body", f"http://somewhere.else{path}"],
            input=data or b"",
            capture_output=True,
        )
        head = done.stdout.decode()
        assert head.split()[1] == status, head
        assert re.search(r"(?mi)^date: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r?$", head), head


def test_headers_that_are_too_large_are_refused(agent):
    headers = {**PROTOBUF, "X-Long": "x" * 20_000}
    assert fetch(f"http://{agent.http_endpoint}/v1/traces", GOOD, headers)[0] == 431


def test_several_requests_pass_over_one_connection_after_a_refusal(sandbox, agent):
    host, port = agent.http_endpoint.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    requests = [otlp.make_request() for _ in range(3)]
    for body, expected in [
        (requests[0], 200),
        (b"\xff", 400),
        (requests[1], 200),
        (requests[2], 200),
    ]:
        connection.request("POST", "/v1/traces", body, PROTOBUF)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == expected
    sandbox.wait_for(otlp.by_id(requests))


def test_the_health_service_answers_over_grpc(agent):
    with grpc.insecure_channel(agent.grpc_endpoint) as channel:
        answer, _ = _call(channel, "/grpc.health.v1.Health/Check", b"")
    assert answer == b"\x08\x01"  # SERVING


def test_a_wrong_configuration_is_refused_with_every_fault(stage, sandbox):
    agent = stage.agent(
        sandbox.agent_config(),
        {"databricks": {"table": "two.parts"}, "delivery": {"linger": "soon"}, "recieve": {}},
        start=False,
    )
    process = stage.process("check", [agent.binary, "--config", agent.config_file, "--check"])
    assert process.wait(timeout=30) == 2
    for path in ("databricks.table", "delivery.linger", "recieve"):
        assert path in process.output()
