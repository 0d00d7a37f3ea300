# SPDX-License-Identifier: Apache-2.0
"""How the agent reacts to each kind of response: it pauses, retries, splits the batch, or gives up
on one span; and the ledger accounts for every lost span."""

import pytest
from harness import otlp
from harness.http import fetch
from harness.processes import wait_until
from harness.sandbox import SPACE_ID, TOKEN, write_secret

HEADERS = {"Content-Type": "application/x-protobuf"}


def send(agent, *requests: bytes) -> set[str]:
    for request in requests:
        assert fetch(f"http://{agent.http_endpoint}/v1/traces", request, HEADERS)[0] == 200
    return set(otlp.by_id(list(requests)))


def wait_for_state(agent, lane: str, state: str) -> dict:
    wait_until(
        lambda: agent.lane(lane)["state"] == state, f"{lane} is {state}", process=agent.process
    )
    return agent.lane(lane)


def test_a_refused_token_pauses_the_lane_until_the_file_is_right(stage, sandbox):
    write_secret(sandbox.token_file, "dapi-revoked")
    agent = stage.agent(sandbox.agent_config())
    ids = send(agent, *[otlp.make_request(spans=3) for _ in range(5)])
    sandbox.wait_for(ids, ["arize"])
    paused = wait_for_state(agent, "databricks", "Paused")
    assert "dapi-revoked" not in str(agent.status()) + agent.metrics() + agent.process.output()
    assert paused["spans"]["backlog"] == len(ids)
    assert sandbox.ids("databricks") == []

    write_secret(sandbox.token_file, TOKEN)
    sandbox.wait_for(ids, ["databricks"])
    assert len(sandbox.ids("databricks")) == len(ids)
    agent.assert_books_balance()


def test_a_refused_api_key_pauses_the_lane_until_arize_takes_it(stage, sandbox):
    sandbox.admin("/credentials", {"arize_api_keys": ["ak-another"]})
    agent = stage.agent(sandbox.agent_config())
    ids = send(agent, otlp.make_request(spans=3))
    sandbox.wait_for(ids, ["databricks"])
    wait_for_state(agent, "arize", "Paused")
    sandbox.admin("/credentials", {"arize_api_keys": None})
    sandbox.wait_for(ids, ["arize"])
    agent.assert_books_balance()


@pytest.mark.parametrize("protocol", ["GRPC", "HTTP"])
def test_a_space_name_in_place_of_its_id_sends_nothing_until_it_is_mended(stage, sandbox, protocol):
    write_secret(sandbox.space_id_file, "my-space")
    agent = stage.agent(sandbox.agent_config(arize_protocol=protocol))
    ids = send(agent, otlp.make_request(spans=3))
    sandbox.wait_for(ids, ["databricks"])
    wait_for_state(agent, "arize", "Paused")
    assert sandbox.outcomes("arize") == []  # Arize would say OK and store nothing
    write_secret(sandbox.space_id_file, SPACE_ID)
    sandbox.wait_for(ids, ["arize"])
    agent.assert_books_balance()


def test_a_missing_table_pauses_the_lane_until_it_is_made(stage, sandbox):
    sandbox.admin("/credentials", {"databricks_tables": {}})
    agent = stage.agent(sandbox.agent_config())
    ids = send(agent, otlp.make_request(spans=3))
    sandbox.wait_for(ids, ["arize"])
    wait_for_state(agent, "databricks", "Paused")
    sandbox.admin("/credentials", {"databricks_tables": {sandbox.table: "v2"}})
    sandbox.wait_for(ids)


@pytest.mark.parametrize("destination", ["arize", "databricks"])
def test_throttling_is_waited_out(stage, sandbox, destination):
    agent = stage.agent(sandbox.agent_config())
    sandbox.fault(destination, "status", status=429, code=8, retry_after=1, retry_info=1.0, count=2)
    ids = send(agent, otlp.make_request(spans=3))
    sandbox.wait_for(ids)
    assert sandbox.outcomes(destination) == ["fault_status", "fault_status", "ok"]


@pytest.mark.parametrize("destination", ["arize", "databricks"])
def test_a_request_that_is_too_large_is_split(stage, sandbox, destination):
    agent = stage.agent(sandbox.agent_config())
    sandbox.fault(destination, "limit", bytes=20_000)
    ids = send(agent, otlp.make_request(spans=40, text="long " * 400))
    sandbox.wait_for(ids)
    assert sorted(sandbox.ids(destination)) == sorted(ids)
    assert "too_large" in sandbox.outcomes(destination)
    assert agent.spans(destination)["dead_lettered"] == 0


@pytest.mark.parametrize("destination", ["arize", "databricks"])
def test_one_poisonous_span_is_put_aside_and_the_others_pass(stage, sandbox, destination):
    agent = stage.agent(sandbox.agent_config())
    sandbox.fault(destination, "poison", match="span 7")
    request = otlp.make_request(spans=20)
    ids = send(agent, request)
    (bad,) = [one.id for one in otlp.placed(request) if one.decoded().name == "span 7"]
    sandbox.wait_for(ids - {bad}, [destination])
    wait_until(
        lambda: agent.spans(destination)["dead_lettered"] == 1, "it is counted as dead-lettered"
    )
    assert sorted(sandbox.ids(destination)) == sorted(ids - {bad})
    agent.assert_books_balance()


@pytest.mark.parametrize("destination", ["arize", "databricks"])
def test_partial_success_is_counted_and_not_resent(stage, sandbox, destination):
    agent = stage.agent(sandbox.agent_config())
    sandbox.fault(destination, "partial", rejected_spans=4, message="too old", count=1)
    send(agent, otlp.make_request(spans=10))
    wait_until(lambda: agent.spans(destination)["rejected"] == 4, "four are counted as rejected")
    assert agent.spans(destination)["delivered"] == 6
    assert sandbox.outcomes(destination) == ["ok"]
    agent.assert_books_balance()


@pytest.mark.parametrize("destination", ["arize", "databricks"])
def test_an_answer_that_was_lost_means_the_same_bytes_again(stage, sandbox, destination):
    agent = stage.agent(sandbox.agent_config())
    sandbox.fault(destination, "cut", store="before", count=1)
    request = otlp.make_request(spans=3)
    ids = send(agent, request)
    wait_until(lambda: len(sandbox.ids(destination)) == 2 * len(ids), "it arrived twice")
    copies = sandbox.query("SELECT DISTINCT copy FROM spans WHERE destination = ?", destination)
    assert {row["copy"] for row in copies} == {"first", "exact"}
    wait_until(agent.caught_up, "nothing is left in the journal")
    assert agent.spans(destination)["delivered"] == len(ids)
