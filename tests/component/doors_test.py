# SPDX-License-Identifier: Apache-2.0
"""Startup: the listeners are open before any lane sends, and clients can never use up the file
descriptors that the journals, lanes and probes need."""

import socket
import stat
from contextlib import ExitStack

from harness import otlp
from harness.http import answers, fetch
from harness.processes import wait_until

HEADERS = {"Content-Type": "application/x-protobuf"}


def send(agent, count: int) -> list[str]:
    requests = [otlp.make_request() for _ in range(count)]
    for request in requests:
        assert fetch(f"http://{agent.http_endpoint}/v1/traces", request, HEADERS)[0] == 200
    return list(otlp.by_id(requests))


def refuse_both(sandbox) -> None:
    for destination in ("arize", "databricks"):
        sandbox.fault(destination, "refuse")


def heal_both(sandbox) -> None:
    for destination in ("arize", "databricks"):
        sandbox.fault(destination, "none")


def test_an_agent_that_cannot_have_its_port_sends_nothing(stage, sandbox):
    refuse_both(sandbox)
    agent = stage.agent(sandbox.agent_config())
    ids = send(agent, 20)
    agent.kill()
    heal_both(sandbox)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        free = agent.config
        agent.write_config({**free, "receiver": {"listen": [f"127.0.0.1:{port}"]}})
        for _ in range(4):
            agent.launch()
            wait_until(lambda: agent.process.ended, "it ends")
            assert agent.process.exit_code == 1
            assert "receiver: " in agent.process.output()
    for destination in ("arize", "databricks"):
        assert sandbox.ids(destination) == []
    agent.write_config(free)
    agent.start()
    sandbox.wait_for(ids)
    for destination in ("arize", "databricks"):
        assert sorted(sandbox.ids(destination)) == sorted(ids)


def test_idle_connections_leave_descriptors_for_journals_lanes_and_probes(stage, sandbox):
    agent = stage.agent(sandbox.agent_config(), start=False)
    limited = agent.folder / "limited-agent"
    limited.write_text(f'#!/bin/sh\nulimit -n 420\nexec {agent.binary} "$@"\n')
    limited.chmod(limited.stat().st_mode | stat.S_IXUSR)
    agent.binary = limited
    agent.start()
    warnings = [line for line in agent.process.output().splitlines() if "open files" in line]
    assert len(warnings) == 1 and '"connections":2000' in warnings[0], warnings

    refuse_both(sandbox)
    ids = send(agent, 50)
    with ExitStack() as clients:
        for _ in range(500):
            client = socket.socket()
            clients.callback(client.close)
            client.settimeout(5)
            client.connect(("127.0.0.1", agent.ports[1]))
        assert answers(agent.url("/readyz"))
        # Lanes reread their segments and reconnect.
        heal_both(sandbox)
        sandbox.wait_for(ids)
        wait_until(agent.caught_up, "all is settled", process=agent.process)
        assert answers(agent.url("/readyz"))
    for destination in ("arize", "databricks"):
        assert agent.spans(destination)["dead_lettered"] == 0
    agent.assert_books_balance()
    ids = send(agent, 1)
    sandbox.wait_for(ids)
