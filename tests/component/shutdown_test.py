# SPDX-License-Identifier: Apache-2.0
"""SIGTERM: the agent delivers what it can; the rest waits for the next run."""

import pytest
from harness import otlp
from harness.http import fetch

HEADERS = {"Content-Type": "application/x-protobuf"}


def send(agent, count: int) -> set[str]:
    requests = [otlp.make_request(spans=4) for _ in range(count)]
    for request in requests:
        assert fetch(f"http://{agent.http_endpoint}/v1/traces", request, HEADERS)[0] == 200
    return set(otlp.by_id(requests))


def test_sigterm_drains_and_ends_with_zero(stage, sandbox):
    # The linger never expires during the test, so whatever arrives was sent by the drain.
    agent = stage.agent(sandbox.agent_config(), {"delivery": {"linger": "60s"}})
    ids = send(agent, 20)
    assert agent.stop() == 0
    for destination in ("arize", "databricks"):
        assert sorted(sandbox.ids(destination)) == sorted(ids)


@pytest.mark.parametrize("fault", ["refuse", "blackhole"])
def test_the_drain_has_a_deadline_and_the_next_run_delivers_the_rest(stage, sandbox, fault):
    sandbox.fault("databricks", fault)
    agent = stage.agent(sandbox.agent_config(), {"drainTimeout": "1s"})
    ids = send(agent, 20)
    sandbox.wait_for(ids, ["arize"])
    assert agent.stop(timeout=15) == 0
    assert sandbox.ids("databricks") == []

    sandbox.fault("databricks", "none")
    agent.start()
    sandbox.wait_for(ids)
    # Spans that Arize had already acknowledged are not sent to it again.
    assert len(sandbox.ids("arize")) == len(ids)
    agent.assert_books_balance()


def test_a_second_agent_adopts_the_journal_of_a_dead_one(stage, sandbox):
    sandbox.fault("databricks", "refuse")
    first = stage.agent(sandbox.agent_config(), {"drainTimeout": "1s"})
    ids = send(first, 10)
    sandbox.wait_for(ids, ["arize"])
    # The second agent starts before the first one ends, as in a rolling upgrade.
    second = stage.agent(
        sandbox.agent_config(), {"delivery": {"folder": first.config["delivery"]["folder"]}}
    )
    more = send(second, 10)
    assert first.stop() == 0
    sandbox.fault("databricks", "none")
    sandbox.wait_for(ids | more)
    assert len(sandbox.ids("arize")) == len(ids | more)
    second.assert_books_balance()
