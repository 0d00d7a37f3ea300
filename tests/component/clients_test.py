"""What real clients send arrives at both destinations as it was sent."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import tool_folder
from harness import otlp
from harness.sandbox import ADDED_PROJECT, DESTINATIONS
from harness.tee import Tee

HERE = Path(__file__).parent
EXAMPLE = HERE.parent / "data" / "otlp" / "trace.json"


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
    """What was sent as JSON is compared as messages, all else as bytes."""
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
        client = HERE / "clients" / "python" / "client.py"
        expected = ids_printed(run([sys.executable, client, protocol, tee.endpoint, compression]))
        assert set(otlp.by_id(tee.requests())) == expected
        check_arrival(sandbox, tee.requests())


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http-proto", "http-json"])
def test_the_javascript_sdk(sandbox, agent, protocol, compression):
    modules = tool_folder("js") / "node_modules"
    with Tee(agent.grpc_endpoint if protocol == "grpc" else agent.http_endpoint) as tee:
        client = HERE / "clients" / "js" / "client.js"
        output = run(
            ["node", client, protocol, tee.endpoint, compression], {"NODE_PATH": str(modules)}
        )
        assert set(otlp.by_id(tee.requests())) == ids_printed(output)
        check_arrival(sandbox, tee.requests(), json=protocol == "http-json")


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_the_go_sdk(sandbox, agent, protocol, compression):
    client = tool_folder("go") / "client"
    with Tee(agent.grpc_endpoint if protocol == "grpc" else agent.http_endpoint) as tee:
        expected = ids_printed(run([client, protocol, tee.endpoint, compression]))
        assert set(otlp.by_id(tee.requests())) == expected
        check_arrival(sandbox, tee.requests())


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_the_java_sdk(sandbox, agent, protocol, compression):
    java = tool_folder("java")
    with Tee(agent.grpc_endpoint if protocol == "grpc" else agent.http_endpoint) as tee:
        command = ["java", "-cp", f"{java}:{java}/*", "Client"]
        expected = ids_printed(run([*command, protocol, tee.endpoint, compression]))
        assert set(otlp.by_id(tee.requests())) == expected
        check_arrival(sandbox, tee.requests())


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_telemetrygen(sandbox, agent, protocol):
    telemetrygen = tool_folder("go") / "telemetrygen"
    with Tee(agent.grpc_endpoint if protocol == "grpc" else agent.http_endpoint) as tee:
        arguments = ["traces", "--otlp-insecure", "--otlp-endpoint", tee.endpoint, "--traces", "25"]
        arguments += ["--child-spans", "3", "--rate", "0"]
        run([telemetrygen, *arguments, *(["--otlp-http"] if protocol == "http" else [])])
        assert len(otlp.by_id(tee.requests())) == 100
        # It sets no project, so the agent adds the configured one.
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
