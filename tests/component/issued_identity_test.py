# SPDX-License-Identifier: Apache-2.0
"""Agents authenticate with a token that a real API server issued to a ServiceAccount. The token is
verified with that API server's own keys, at the workspace's endpoint and at Zerobus."""

import json

import pytest
from harness import otlp
from harness.http import fetch
from harness.processes import wait_until
from harness.sandbox import CLIENT_ID, write_secret

ACCOUNT = "6b3f6d3c-0000-4000-8000-3f2a1c9d8e7f"
DOOR = {"Workspace": "databricks", "Zerobus": "zerobus"}


def config(sandbox, auth: dict, ingest: str = "Workspace") -> dict:
    whole = sandbox.agent_config()
    del whole["arize"]
    whole["databricks"] |= {"auth": auth, "ingest": ingest}
    if ingest == "Zerobus":
        whole["databricks"]["zerobus"] = {"endpoint": sandbox.url("zerobus")}
    return whole


def send(agent) -> list[str]:
    request = otlp.make_request()
    headers = {"Content-Type": "application/x-protobuf"}
    assert fetch(f"http://{agent.http_endpoint}/v1/traces", request, headers)[0] == 200
    return list(otlp.by_id([request]))


def delivers(sandbox, agent, door: str) -> None:
    sandbox.wait_for(send(agent), [door])


def credential(agent) -> dict:
    return agent.lane("databricks")["credential"]


def uses(sandbox, door: str) -> dict:
    return sandbox.stats()[door]["credentials"]


@pytest.fixture
def issued(control_plane, tmp_path):
    """A token that the API server issued to a ServiceAccount, and the federation policy that
    accepts it by the API server's own keys."""
    namespace = control_plane.new_namespace("identity")
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    account = {"metadata": {"name": "agents-dualtrace"}}
    assert control_plane.api.post(accounts, account)[0] in (201, 409)
    wanted = {"spec": {"audiences": [ACCOUNT], "expirationSeconds": 3600}}
    status, answer = control_plane.api.post(f"{accounts}/agents-dualtrace/token", wanted)
    assert status == 201, answer
    keys = json.loads(control_plane.kubectl("get", "--raw", "/openid/v1/jwks"))
    about = json.loads(control_plane.kubectl("get", "--raw", "/.well-known/openid-configuration"))
    policy = {
        "issuer": about["issuer"],
        "audiences": [ACCOUNT],
        "subject": f"system:serviceaccount:{namespace}:agents-dualtrace",
        "client_id": CLIENT_ID,
        "jwks": keys,
    }
    return write_secret(tmp_path / "projected-token", answer["status"]["token"]), policy


@pytest.mark.parametrize("ingest", DOOR)
def test_a_service_account_token_of_the_cluster_delivers(stage, sandbox, issued, ingest):
    token_file, policy = issued
    sandbox.allow(federation_policies=[policy])
    identity = {"tokenFile": str(token_file), "clientID": CLIENT_ID}
    agent = stage.agent(config(sandbox, {"workloadIdentity": identity}, ingest))
    delivers(sandbox, agent, DOOR[ingest])
    said = credential(agent)
    assert said["kind"] == "workloadIdentity"
    assert said["identity"] == {
        "issuer": policy["issuer"],
        "subject": policy["subject"],
        "audiences": policy["audiences"],
    }
    who = f"{policy['issuer']}|{policy['subject']}"
    assert set(uses(sandbox, DOOR[ingest])) == {who}
    agent.assert_books_balance()


def test_a_service_account_that_no_policy_knows_waits(stage, sandbox, issued):
    token_file, policy = issued
    sandbox.allow(federation_policies=[policy | {"subject": "system:serviceaccount:other:agents"}])
    identity = {"tokenFile": str(token_file), "clientID": CLIENT_ID}
    agent = stage.agent(config(sandbox, {"workloadIdentity": identity}))
    sent = send(agent)
    refused = lambda: sandbox.stats()["token"]["refused"].get("invalid_grant")  # noqa: E731
    wait_until(refused, "the exchange is refused", process=agent.process)
    assert json.dumps(agent.status()).count(token_file.read_text()) == 0
    sandbox.allow(federation_policies=[policy])
    sandbox.wait_for(sent, ["databricks"], timeout=90)
    agent.assert_books_balance()
