# SPDX-License-Identifier: Apache-2.0
"""docs/operations.md, "Memory use": the agent never needs more than that, whatever it
receives and whichever destination hangs. Each test runs it in a cgroup of exactly that size if this
machine permits that, and always checks its peak."""

import secrets
import socket
import threading

import pytest
from harness import otlp
from harness.cgroup import limited
from harness.http import fetch
from harness.processes import wait_until
from harness.sanitizers import skip_with_sanitizers

MIB = 1024 * 1024
MEMORY = 64 * MIB  # receiver.limits.memoryBytes, and requestBytes
LIMIT = MEMORY + 128 * MIB
PROTOBUF = {"Content-Type": "application/x-protobuf"}


@pytest.fixture
def agent(stage, sandbox, tmp_path):
    """The agent is not started yet."""
    limits = {"requestBytes": MEMORY, "memoryBytes": MEMORY}
    agent = stage.agent(
        sandbox.agent_config(), {"receiver": {"limits": limits}, "drainTimeout": "1s"}, start=False
    )
    skip_with_sanitizers(agent.binary)
    with limited(agent.binary, LIMIT, tmp_path) as container:
        if container is not None:
            agent.binary = container.program
        yield agent
        if not agent.process.ended:
            agent.process.stop(timeout=60)


def post(agent, body: bytes) -> int:
    return fetch(f"http://{agent.http_endpoint}/v1/traces", body, PROTOBUF, timeout=120)[0]


def assert_small(agent) -> None:
    """The kernel drops the pages of files, such as the program and its libraries, before it kills."""
    assert not agent.process.ended, f"killed: {agent.process.exit_code}"
    peak = agent.process.peak_memory() - agent.process.file_memory()
    assert peak <= LIMIT, f"{peak / MIB:.0f} MiB of {LIMIT / MIB:.0f}"


def large_request(size: int) -> bytes:
    """Similar to a batch of LLM spans: hard to compress, many spans per batch."""
    text = secrets.token_hex(15_000)
    spans = [otlp.make_request(spans=1, text=text) for _ in range(8)]
    return b"".join(spans[i % 8] for i in range(size // len(spans[0])))


def small_request() -> bytes:
    """One span that has only its ids."""
    span = b"\x0a\x10" + secrets.token_bytes(16) + b"\x12\x08" + secrets.token_bytes(8)
    scope = bytes([0x12, len(span)]) + span
    resource = bytes([0x12, len(scope)]) + scope
    return bytes([0x0A, len(resource)]) + resource


def send_tiny(agent, count: int) -> None:
    """Requests of one chunk each, without a Content-Length, on one connection."""
    body = small_request()
    head = (
        b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n"
        b"Transfer-Encoding: chunked\r\n"
    )
    rest = b"\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    stream = (head + rest) * (count - 1) + head + b"Connection: close\r\n" + rest
    host, port = agent.http_endpoint.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=120) as connection:
        sender = threading.Thread(target=connection.sendall, args=[stream])
        sender.start()
        while connection.recv(256 * 1024):
            pass
        sender.join()


@pytest.mark.parametrize("dead", [False, True])
def test_many_tiny_requests(agent, sandbox, dead):
    if dead:
        sandbox.fault("arize", "blackhole")
        sandbox.fault("databricks", "blackhole")
    agent.start()
    senders = [threading.Thread(target=send_tiny, args=[agent, 15_000]) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert agent.spans("arize")["accepted"] > 10_000
    assert_small(agent)


def test_a_huge_request_is_delivered_and_survives_restarts(agent, sandbox):
    for destination in ("arize", "databricks"):
        sandbox.fault(destination, "refuse")
    agent.start()
    body = large_request(60 * MIB)
    assert post(agent, body) == 200
    assert_small(agent)
    agent.kill()
    for _ in range(2):
        agent.start()
        assert_small(agent)
        agent.kill()
    for destination in ("arize", "databricks"):
        sandbox.fault(destination, "none")
    agent.start()
    wait_until(agent.caught_up, "all is delivered", timeout=120, process=agent.process)
    assert_small(agent)
    agent.assert_books_balance()


def test_many_large_requests_at_once_while_both_lanes_are_dead(agent, sandbox):
    for destination in ("arize", "databricks"):
        sandbox.fault(destination, "blackhole")
    agent.start()
    body = large_request(12 * MIB)
    answers = []
    senders = [
        threading.Thread(target=lambda: answers.append(post(agent, body))) for _ in range(12)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert set(answers) <= {200, 503, 429}
    assert 200 in answers
    assert_small(agent)


def test_catching_up_with_all_shapes(agent, sandbox):
    for destination in ("arize", "databricks"):
        sandbox.fault(destination, "refuse")
    agent.start()
    for size in (5 * MIB, 60 * MIB, 20 * MIB):
        assert post(agent, large_request(size)) == 200
    send_tiny(agent, 5_000)
    agent.kill()
    for destination in ("arize", "databricks"):
        sandbox.fault(destination, "none")
    agent.start()
    wait_until(agent.caught_up, "all is delivered", timeout=180, process=agent.process)
    assert_small(agent)
    agent.assert_books_balance()
