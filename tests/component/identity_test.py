# SPDX-License-Identifier: Apache-2.0
"""The agent's identity, with tokens that it fetches: for each kind of credential and each protocol,
spans arrive, and none is lost or duplicated when tokens expire, are rejected or cannot be
fetched."""

import pytest
from harness.identities import ISSUER, SUBJECT, fingerprint
from harness.identity_stage import (  # noqa: F401 some are fixtures
    FIRST,
    SHAPE,
    WAYS,
    agent,
    identity,
    judge,
    lane,
    run_for_a_while,
    send,
)
from harness.load import Load
from harness.processes import wait_until


@pytest.mark.parametrize("identity", WAYS[1:], indirect=True, ids="-".join)
def test_spans_arrive_with_a_token_that_was_fetched(agent, identity, sandbox):
    ids = send(agent)
    sandbox.wait_for(ids, [identity.destination])
    credential = lane(agent, identity)["credential"]
    assert credential["kind"] == identity.kind
    assert credential["candidate"] is None and credential["why"] == ""
    if identity.kind == "workloadIdentity":
        assert credential["identity"]["issuer"] == ISSUER
        assert credential["identity"]["subject"] == SUBJECT
    else:
        assert credential["fingerprint"] == fingerprint(FIRST)
    assert sandbox.stats()["token"]["granted"] == 1


@pytest.mark.parametrize("identity", WAYS[1:], indirect=True, ids="-".join)
def test_tokens_that_end_are_replaced_before_anybody_notices(agent, identity, sandbox):
    first = send(agent)
    sandbox.wait_for(first, [identity.destination])
    sandbox.admin("/credentials", {"token_seconds": 10})
    sandbox.admin("/tokens/expire", {})  # the first one was valid for an hour
    load = Load(lambda: agent, SHAPE, seed=5)
    wait_until(lambda: sandbox.stats()["token"]["granted"] >= 4, "several tokens have expired")
    refused = sandbox.stats()[identity.destination]["refused"]
    judge(agent, identity, load, others=first)
    assert sum(refused.values()) <= SHAPE.threads * 4, refused  # only for the first token


@pytest.mark.parametrize("identity", WAYS[1:], indirect=True, ids="-".join)
def test_a_token_endpoint_that_is_down_across_an_expiry_costs_time_and_no_span(
    agent, identity, sandbox
):
    sandbox.wait_for(send(agent), [identity.destination])
    sandbox.admin("/credentials", {"token_seconds": 10})
    sandbox.fault("token", "status", status=503, body="<html>down</html>")
    load = Load(lambda: agent, SHAPE, seed=6)
    run_for_a_while(load)
    sandbox.admin("/tokens/expire", {})
    wait_until(lambda: lane(agent, identity)["lastError"], "requests cannot be sent")
    sandbox.fault("token", "none")
    delivered = agent.spans(identity.lane)["delivered"]
    wait_until(lambda: agent.spans(identity.lane)["delivered"] > delivered, "delivery continues")
    load.stop()
    wait_until(agent.caught_up, "nothing is left in the journal", process=agent.process)
    stats = sandbox.stats()[identity.destination]
    assert stats["duplicates"] == 0
    assert agent.spans(identity.lane)["delivered"] == agent.spans(identity.lane)["accepted"]


@pytest.mark.parametrize("identity", WAYS[1:3], indirect=True, ids="-".join)
def test_revoked_tokens_of_a_good_secret_are_fetched_anew_at_once(agent, identity, sandbox):
    load = Load(lambda: agent, SHAPE, seed=7)
    run_for_a_while(load)
    sandbox.admin("/tokens/revoke", {})
    run_for_a_while(load)
    judge(agent, identity, load)
    assert sandbox.stats()["token"]["granted"] == 2


@pytest.mark.parametrize("identity", [("workloadIdentity", "Zerobus")], indirect=True, ids="-".join)
def test_the_kubelets_rotation_goes_unnoticed(agent, identity, sandbox):
    load = Load(lambda: agent, SHAPE, seed=8)
    run_for_a_while(load)
    before = lane(agent, identity)["credential"]
    identity.use(identity.issuer.token())
    run_for_a_while(load)
    sandbox.admin("/tokens/revoke", {})  # so that the agent exchanges the new one
    run_for_a_while(load)
    judge(agent, identity, load)
    after = lane(agent, identity)["credential"]
    assert after["fingerprint"] == before["fingerprint"] and after["since"] == before["since"]
    assert after["candidate"] is None and after["previous"] is None


@pytest.mark.parametrize("operations", ["optional", "unknown"])
@pytest.mark.parametrize("identity", [("oauth", "Zerobus")], indirect=True, ids="-".join)
def test_an_endpoint_that_knows_no_operations_is_asked_without_them(
    stage, identity, sandbox, operations
):
    identity.allow(FIRST, operations=operations)
    agent = stage.agent(identity.config())
    sandbox.wait_for(send(agent), [identity.destination])


@pytest.mark.parametrize("identity", [("oauth", "Zerobus")], indirect=True, ids="-".join)
def test_a_private_host_of_zerobus_needs_only_the_workspaces_number(agent, identity, sandbox):
    # 127.0.0.1 is not a Databricks host, so the agent uses it as configured.
    sandbox.wait_for(send(agent), [identity.destination])
    documents = [row["outcome"] for row in sandbox.query("SELECT outcome FROM requests")]
    assert "ok" in documents
