# SPDX-License-Identifier: Apache-2.0
"""TLS to both destinations and on the receiver, with and without client certificates."""

import socket
import ssl
import subprocess

import grpc
import pytest
from harness import otlp
from harness.authority import Authority, receiver_tls
from harness.processes import wait_until

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path / "authority")


def export_by_grpc(endpoint: str, request: bytes, **credentials) -> None:
    port = endpoint.rsplit(":", 1)[1]
    channel_credentials = grpc.ssl_channel_credentials(**credentials)
    with grpc.secure_channel(f"localhost:{port}", channel_credentials) as channel:
        channel.unary_unary(EXPORT)(request, timeout=10)


def export_by_curl(endpoint: str, request: bytes, *options) -> int:
    """curl's exit code; 0 if the agent answered 200."""
    port = endpoint.rsplit(":", 1)[1]
    return subprocess.run(
        ["curl", "--silent", "--fail", "--data-binary", "@-", "--max-time", "10"]
        + ["--header", "Content-Type: application/x-protobuf", *[str(option) for option in options]]
        + [f"https://localhost:{port}/v1/traces"],
        input=request,
        capture_output=True,
    ).returncode


@pytest.mark.parametrize("protocol", ["GRPC", "HTTP"])
def test_tls_to_both_destinations(stage, protocol):
    sandbox = stage.sandbox(tls=True)
    agent = stage.agent(sandbox.agent_config(arize_protocol=protocol))
    request = otlp.make_request(spans=3)
    with grpc.insecure_channel(agent.grpc_endpoint) as channel:
        channel.unary_unary(EXPORT)(request, timeout=10)
    sandbox.wait_for(otlp.by_id([request]))
    for destination in ("arize", "databricks"):
        assert sandbox.requests(destination) == [request]


def test_a_destination_with_a_certificate_of_another_authority_gets_nothing(stage, authority):
    sandbox = stage.sandbox(tls=True)
    wrong = {"caFile": str(authority.certificate)}
    agent = stage.agent(
        sandbox.agent_config(), {"arize": wrong, "databricks": wrong, "drainTimeout": "1s"}
    )
    request = otlp.make_request(spans=3)
    with grpc.insecure_channel(agent.grpc_endpoint) as channel:
        channel.unary_unary(EXPORT)(request, timeout=10)
    for destination in ("arize", "databricks"):
        wait_until(
            lambda: agent.lane(destination)["lastError"], f"{destination} says what is wrong"
        )
        assert agent.spans(destination)["backlog"] == 3
        assert sandbox.outcomes(destination) == []


def test_tls_on_the_receiver(stage, sandbox, authority):
    agent = stage.agent(sandbox.agent_config(), receiver_tls(authority))
    requests = [otlp.make_request(spans=2) for _ in range(3)]
    export_by_grpc(
        agent.grpc_endpoint, requests[0], root_certificates=authority.certificate.read_bytes()
    )
    for request, version in zip(requests[1:], ["--http1.1", "--http2"], strict=True):
        trust = ["--cacert", authority.certificate]
        assert export_by_curl(agent.http_endpoint, request, *trust, version) == 0
    sandbox.wait_for(otlp.by_id(requests))


def test_a_receiver_that_wants_client_certificates_takes_only_those_of_its_authority(
    stage, sandbox, authority, tmp_path
):
    agent = stage.agent(sandbox.agent_config(), receiver_tls(authority, authority.certificate))
    trust = ["--cacert", authority.certificate]
    request = otlp.make_request(spans=2)
    assert export_by_curl(agent.http_endpoint, request, *trust) != 0

    stranger, stranger_key = Authority(tmp_path / "another").issue("stranger")
    options = [*trust, "--cert", stranger, "--key", stranger_key]
    assert export_by_curl(agent.http_endpoint, request, *options) != 0

    certificate, key = authority.issue("client")
    options = [*trust, "--cert", certificate, "--key", key]
    assert export_by_curl(agent.http_endpoint, request, *options) == 0
    more = otlp.make_request(spans=2)
    export_by_grpc(
        agent.grpc_endpoint,
        more,
        root_certificates=authority.certificate.read_bytes(),
        certificate_chain=certificate.read_bytes(),
        private_key=key.read_bytes(),
    )
    ids = set(otlp.by_id([request, more]))
    sandbox.wait_for(ids)
    assert set(sandbox.ids("arize")) == ids


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_the_receiver_refuses_old_tls(stage, sandbox, authority):
    agent = stage.agent(sandbox.agent_config(), receiver_tls(authority))
    port = int(agent.http_endpoint.rsplit(":", 1)[1])
    context = ssl.create_default_context(cafile=authority.certificate)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        with socket.create_connection(("127.0.0.1", port)) as plain:
            context.wrap_socket(plain, server_hostname="localhost")


def agreed(agent, authority, protocols: list[str], ciphers: str | None = None) -> str | None:
    """The protocol that a handshake negotiates; ssl.SSLError if it is rejected."""
    context = ssl.create_default_context(cafile=authority.certificate)
    context.set_alpn_protocols(protocols)
    if ciphers:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
    port = int(agent.http_endpoint.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port)) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as tls:
            return tls.selected_alpn_protocol()


def test_the_receiver_agrees_on_what_both_speak(stage, sandbox, authority):
    agent = stage.agent(sandbox.agent_config(), receiver_tls(authority))
    assert agreed(agent, authority, ["http/1.1", "h2"]) == "h2"
    assert agreed(agent, authority, ["h3", "http/1.1"]) == "http/1.1"
    assert agreed(agent, authority, []) is None
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        agreed(agent, authority, ["h3", "spdy/3.1"])


def test_the_receiver_speaks_no_http2_over_ciphers_that_it_forbids(stage, sandbox, authority):
    agent = stage.agent(sandbox.agent_config(), receiver_tls(authority))
    weak = [
        "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA",  # CBC
        "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384",
        "AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA",  # no ephemeral key
    ]
    for ciphers in weak:
        with pytest.raises(ssl.SSLError):
            agreed(agent, authority, ["h2"], ciphers)
        assert agreed(agent, authority, ["h2", "http/1.1"], ciphers) == "http/1.1"
    strong = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305"
    assert agreed(agent, authority, ["h2"], strong) == "h2"
