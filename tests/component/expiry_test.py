# SPDX-License-Identifier: Apache-2.0
"""The cost of a dead destination is bounded: the oldest spans of its backlog expire and are
counted, and the other destination receives everything."""

import pytest
from harness import otlp
from harness.http import fetch
from harness.processes import wait_until

OTHER = {"arize": "databricks", "databricks": "arize"}
SMALL = {
    "receiver": {"limits": {"requestBytes": "1Mi"}},
    "delivery": {"segmentBytes": "2Mi", "maxBacklog": "4Mi"},
}


def send(agent, count: int) -> list[str]:
    """`count` requests of one span of 64 KiB each; the spans' ids in the order of acceptance."""
    ids = []
    for _ in range(count):
        request = otlp.make_request(text="x" * 65536)
        headers = {"Content-Type": "application/x-protobuf"}
        assert fetch(f"http://{agent.http_endpoint}/v1/traces", request, headers)[0] == 200
        ids += otlp.by_id([request])
    return ids


@pytest.mark.parametrize("dead", ["arize", "databricks"])
def test_a_backlog_beyond_its_limit_loses_its_oldest_spans_only(stage, sandbox, dead):
    agent = stage.agent(sandbox.agent_config(), SMALL)
    sandbox.fault(dead, "refuse")
    ids = send(agent, 160)  # 10 MiB
    sandbox.wait_for(ids, [OTHER[dead]])
    wait_until(lambda: agent.lane(dead)["backlogBytes"] <= 4 << 20, "the backlog is cut")
    expired = agent.spans(dead)["expired"]
    assert expired > 0 and agent.spans(OTHER[dead])["expired"] == 0

    sandbox.fault(dead, "none")
    wait_until(agent.caught_up, "nothing is left in the journal", process=agent.process)
    # The missing ones are the oldest, and their number matches the books.
    arrived = set(sandbox.ids(dead))
    expired = agent.spans(dead)["expired"]
    assert [span_id in arrived for span_id in ids] == [False] * expired + [True] * (160 - expired)
    assert sorted(sandbox.ids(OTHER[dead])) == sorted(ids)
    agent.assert_books_balance()


def test_a_backlog_that_is_too_old_expires(stage, sandbox):
    agent = stage.agent(sandbox.agent_config(), {"delivery": {"maxAge": "2s"}})
    sandbox.fault("databricks", "refuse")
    ids = send(agent, 5)
    sandbox.wait_for(ids, ["arize"])
    wait_until(lambda: agent.spans("databricks")["expired"] == 5, "all five have expired")
    sandbox.fault("databricks", "none")
    fresh = send(agent, 1)
    sandbox.wait_for(fresh)
    assert sandbox.ids("databricks") == fresh
    agent.assert_books_balance()


def test_memory_durability_survives_the_death_of_the_process(stage, sandbox):
    for destination in ("arize", "databricks"):
        sandbox.fault(destination, "refuse")
    agent = stage.agent(sandbox.agent_config(), {"delivery": {"durability": "Memory"}})
    ids = send(agent, 20)
    agent.kill()
    for destination in ("arize", "databricks"):
        sandbox.fault(destination, "none")
    agent.start()
    sandbox.wait_for(ids)
