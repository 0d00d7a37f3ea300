# SPDX-License-Identifier: Apache-2.0
"""Requests from real clients arrive unchanged at both destinations."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness import otlp
from harness.sandbox import ADDED_PROJECT, DESTINATIONS
from harness.tee import Tee
from harness.tools import tool_folder

HERE = Path(__file__).parent
EXAMPLE = HERE.parent / "data" / "otlp" / "trace.json"


def python_client() -> list:
    return [sys.executable, HERE / "clients" / "python" / "client.py"]


def js_client() -> list:
    modules = tool_folder("js") / "node_modules"
    return ["env", f"NODE_PATH={modules}", "node", HERE / "clients" / "js" / "client.js"]


def go_client() -> list:
    return [tool_folder("go") / "client"]


def java_client() -> list:
    java = tool_folder("java")
    return ["java", "-cp", f"{java}:{java}/*", "Client"]


def run(arguments: list, environment: dict | None = None) -> str:
    done = subprocess.run(
        [str(argument) for argument in arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ids_printed(output: str) -> set[str]:
    printed = json.loads(output)
    return {f"{printed['trace_id']}/{span_id}" for span_id in printed["span_ids"]}


def check_arrival(sandbox, sent: list[bytes], added: dict | None = None, json=False) -> None:
    """Requests sent as JSON are compared as messages, all others byte by byte."""
    sandbox.wait_for(otlp.by_id(sent))
    for destination in DESTINATIONS:
        received = sandbox.requests(destination)
        if json:
            sent = [otlp.normal(request) for request in sent]
            received = [otlp.normal(request) for request in received]
        otlp.assert_unchanged(sent, received, added or {})


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("port", [0, 1], ids=["first-port", "second-port"])
def test_the_python_sdk(sandbox, agent, protocol, compression, port):
    with Tee(f"127.0.0.1:{agent.ports[port]}") as tee:
        expected = ids_printed(run([*python_client(), protocol, tee.endpoint, compression]))
        assert set(otlp.by_id(tee.requests())) == expected
        check_arrival(sandbox, tee.requests())


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http-proto", "http-json"])
def test_the_javascript_sdk(sandbox, agent, protocol, compression):
    client = js_client()
    with Tee(agent.grpc_endpoint if protocol == "grpc" else agent.http_endpoint) as tee:
        expected = ids_printed(run([*client, protocol, tee.endpoint, compression]))
        assert set(otlp.by_id(tee.requests())) == expected
        check_arrival(sandbox, tee.requests(), json=protocol == "http-json")


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_the_go_sdk(sandbox, agent, protocol, compression):
    client = go_client()
    with Tee(agent.grpc_endpoint if protocol == "grpc" else agent.http_endpoint) as tee:
        expected = ids_printed(run([*client, protocol, tee.endpoint, compression]))
        assert set(otlp.by_id(tee.requests())) == expected
        check_arrival(sandbox, tee.requests())


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_the_java_sdk(sandbox, agent, protocol, compression):
    client = java_client()
    with Tee(agent.grpc_endpoint if protocol == "grpc" else agent.http_endpoint) as tee:
        expected = ids_printed(run([*client, protocol, tee.endpoint, compression]))
        assert set(otlp.by_id(tee.requests())) == expected
        check_arrival(sandbox, tee.requests())


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
@pytest.mark.parametrize("client", [python_client, js_client, go_client, java_client])
def test_an_application_that_leaves_all_to_its_environment(sandbox, agent, client, protocol):
    """With the variables that the webhook adds, set to values in its format."""
    command = client()
    endpoint = agent.grpc_endpoint if protocol == "grpc" else f"{agent.http_endpoint}/v1/traces"
    variables = {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"http://{endpoint}",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": protocol,
        "OTEL_SERVICE_NAME": "web",
        "OTEL_RESOURCE_ATTRIBUTES": (
            "k8s.pod.name=web-1,motto=100%25%20gr%C3%BC%C3%9Fe%2C%20a%3Db%2B1"
        ),
        # For an application whose metrics and logs are not exported.
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
    }
    expected = ids_printed(run(command, variables))
    sandbox.wait_for(expected)
    for destination in DESTINATIONS:
        assert sorted(sandbox.ids(destination)) == sorted(expected)
        for row in sandbox.rows(destination, next(iter(expected)).partition("/")[0]):
            resource = json.loads(row["resource"])["attributes"]
            assert resource["service.name"] == "web"
            assert resource["k8s.pod.name"] == "web-1"
            assert resource["motto"] == "100% grüße, a=b+1"


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_telemetrygen(sandbox, agent, protocol):
    telemetrygen = tool_folder("go") / "telemetrygen"
    with Tee(agent.grpc_endpoint if protocol == "grpc" else agent.http_endpoint) as tee:
        arguments = ["traces", "--otlp-insecure", "--otlp-endpoint", tee.endpoint, "--traces", "25"]
        arguments += ["--child-spans", "3", "--rate", "0"]
        run([telemetrygen, *arguments, *(["--otlp-http"] if protocol == "http" else [])])
        assert len(otlp.by_id(tee.requests())) == 100
        # telemetrygen sets no project, so the agent adds the configured one.
        check_arrival(sandbox, tee.requests(), ADDED_PROJECT)


@pytest.mark.parametrize(
    "options", [["--http1.1"], ["--http2-prior-knowledge"]], ids=["http-1.1", "http-2"]
)
def test_curl_with_json(sandbox, agent, options):
    answer = run(
        ["curl", "--silent", "--show-error", "--fail-with-body", *options]
        + ["--header", "Content-Type: application/json", "--data-binary", f"@{EXAMPLE}"]
        + [f"http://{agent.http_endpoint}/v1/traces"]
    )
    assert json.loads(answer) == {}
    check_arrival(sandbox, [otlp.request_of_json(EXAMPLE.read_bytes())], ADDED_PROJECT, json=True)
