"""Agents prove who they are: with a service principal's secret, and with a token that a real API
server has issued to their ServiceAccount, at the workspace's own endpoint and at Zerobus. Keys are
rotated while spans flow, and what the sandbox counts says which of them is still used."""

import hashlib
import json

import pytest
from harness import otlp
from harness.http import fetch
from harness.processes import wait_until
from harness.sandbox import CLIENT_ID, CLIENT_SECRET, write_secret

ACCOUNT = "6b3f6d3c-0000-4000-8000-3f2a1c9d8e7f"
NEW_SECRET = "dose-sandbox-9876543210"
DOOR = {"Workspace": "databricks", "Zerobus": "zerobus"}


def name_of(secret: str) -> str:
    """As the sandbox counts it, and as agents report it."""
    return hashlib.sha256(secret.encode()).hexdigest()[:8]


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


@pytest.mark.parametrize("ingest", DOOR)
def test_a_service_principal_delivers(stage, sandbox, ingest):
    agent = stage.agent(config(sandbox, sandbox.oauth(), ingest))
    delivers(sandbox, agent, DOOR[ingest])
    assert credential(agent)["kind"] == "oauth"
    assert credential(agent)["fingerprint"] == name_of(CLIENT_SECRET)
    assert set(uses(sandbox, DOOR[ingest])) == {name_of(CLIENT_SECRET)}
    agent.assert_books_balance()


def test_a_secret_is_rotated_from_good_to_bad_to_good(stage, sandbox):
    """Both are valid for a while. Nothing is lost or sent twice, and the old one is unused at the end."""
    agent = stage.agent(config(sandbox, sandbox.oauth()))
    sent = send(agent)
    sandbox.wait_for(sent, ["databricks"])

    write_secret(sandbox.client_secret_file, "dose-sandbox-of-nobody")

    def rejected() -> bool:
        return (credential(agent)["candidate"] or {}).get("state") == "Rejected"

    wait_until(rejected, "the new one is rejected", timeout=60, process=agent.process)
    sent += send(agent)
    sandbox.wait_for(sent, ["databricks"])
    assert credential(agent)["fingerprint"] == name_of(CLIENT_SECRET)

    principal = {"secrets": [CLIENT_SECRET, NEW_SECRET]}
    sandbox.allow(service_principals={CLIENT_ID: principal})
    write_secret(sandbox.client_secret_file, NEW_SECRET)

    def moved() -> bool:
        nonlocal sent
        sent += send(agent)
        return credential(agent)["fingerprint"] == name_of(NEW_SECRET)

    wait_until(moved, "the good one is in use", timeout=60, every=1, process=agent.process)
    sandbox.wait_for(sent, ["databricks"])
    assert credential(agent)["previous"]["fingerprint"] == name_of(CLIENT_SECRET)
    assert sorted(sandbox.ids("databricks")) == sorted(sent)
    agent.assert_books_balance()

    sandbox.allow(service_principals={CLIENT_ID: {"secrets": [NEW_SECRET]}})
    before = uses(sandbox, "databricks")[name_of(CLIENT_SECRET)]["accepted"]
    delivers(sandbox, agent, "databricks")
    assert uses(sandbox, "databricks")[name_of(CLIENT_SECRET)]["accepted"] == before


@pytest.fixture
def issued(control_plane, tmp_path):
    """A token that the API server has issued to a ServiceAccount, and the policy that knows it by
    the API server's own keys."""
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
