"""Who the agent says it is: each kind of credential on each way in, rotated and refused under load.
No span is lost, none comes twice, and a changed key proves itself before the old one goes."""

import pytest
from harness import otlp
from harness.http import fetch
from harness.identities import CLIENT, ISSUER, SUBJECT, Identity, fingerprint
from harness.load import Load, Outcome, Shape
from harness.processes import wait_until

PROTOBUF = {"Content-Type": "application/x-protobuf"}
SHAPE = Shape(spans=5, text_bytes=100, threads=2, rate=300)
FIRST, SECOND, BAD = "dose-first-0123456789", "dose-second-0123456789", "dose-bad-0123456789"

WAYS = [
    ("token", "Workspace"),
    ("oauth", "Workspace"),
    ("oauth", "Zerobus"),
    ("workloadIdentity", "Workspace"),
    ("workloadIdentity", "Zerobus"),
]
ROTATED = [("apiKey", "GRPC"), ("apiKey", "HTTP"), *WAYS[:3]]


@pytest.fixture
def identity(request, sandbox) -> Identity:
    kind, ingest = request.param
    made = Identity(kind, sandbox, ingest)
    made.first = made.issuer.token() if kind == "workloadIdentity" else FIRST
    made.allow(made.first)
    made.use(made.first)
    return made


@pytest.fixture
def agent(stage, identity):
    protocol = {"arize": {"protocol": identity.ingest}} if identity.kind == "apiKey" else {}
    config = identity.config()
    if protocol.get("arize", {}).get("protocol") == "HTTP":
        config["arize"] = identity.sandbox.agent_config("HTTP")["arize"]
    return stage.agent(config)


def send(agent, spans: int = 3) -> set[str]:
    request = otlp.make_request(spans=spans)
    assert fetch(f"http://{agent.http_endpoint}/v1/traces", request, PROTOBUF)[0] == 200
    return set(otlp.by_id([request]))


def lane(agent, identity) -> dict:
    return agent.lane(identity.lane)


def wait_for_fingerprint(agent, identity, secret: str) -> dict:
    def credential():
        found = lane(agent, identity)["credential"]
        return found if found["fingerprint"] == fingerprint(secret) else None

    return wait_until(credential, f"{secret} is in use", process=agent.process)


def wait_for_candidate(agent, identity, state: str) -> dict:
    def candidate():
        found = lane(agent, identity)["credential"]["candidate"]
        return found if found and found["state"] == state else None

    return wait_until(candidate, f"a candidate is {state}", process=agent.process)


def run_for_a_while(load) -> None:
    before = load.accepted
    wait_until(lambda: load.accepted >= before + 150, "the load runs on")


def judge(agent, identity, load, others: set[str] = frozenset()) -> None:
    """Everything that was answered OK is at the destination, once; `others` were sent beside."""
    load.stop()
    wait_until(agent.caught_up, "nothing is left in the journal", process=agent.process)
    assert {one.outcome for one in load.sent} == {Outcome.OK}
    wanted = {load.trace_id(one.number) for one in load.sent}
    rows = identity.sandbox.query(
        "SELECT trace_id, COUNT(DISTINCT span_id) AS spans, COUNT(*) AS rows FROM spans"
        " WHERE destination = ? GROUP BY trace_id",
        identity.destination,
    )
    beside = {one.partition("/")[0] for one in others}
    rows = [row for row in rows if row["trace_id"] not in beside]
    assert {row["trace_id"] for row in rows} == wanted
    assert {(row["spans"], row["rows"]) for row in rows} == {(SHAPE.spans, SHAPE.spans)}
    agent.assert_books_balance()


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


@pytest.mark.parametrize("identity", ROTATED, indirect=True, ids="-".join)
def test_a_good_key_takes_over_from_a_good_one(agent, identity, sandbox):
    load = Load(lambda: agent, SHAPE, seed=1)
    run_for_a_while(load)
    identity.allow(FIRST, SECOND)
    identity.use(SECOND)
    told = wait_for_fingerprint(agent, identity, SECOND)
    assert told["previous"]["fingerprint"] == fingerprint(FIRST)
    assert told["previous"]["lastUsed"] is not None
    # Now the old one may go: nobody uses it any more.
    identity.allow(SECOND)
    run_for_a_while(load)
    assert identity.uses(FIRST)["refused"] == 0
    judge(agent, identity, load)
    assert lane(agent, identity)["lastError"] is None


@pytest.mark.parametrize("identity", ROTATED, indirect=True, ids="-".join)
def test_a_bad_key_disturbs_nothing_and_says_why(agent, identity, sandbox):
    load = Load(lambda: agent, SHAPE, seed=2)
    run_for_a_while(load)
    identity.use(BAD)
    rejected = wait_for_candidate(agent, identity, "Rejected")
    assert rejected["fingerprint"] == fingerprint(BAD)
    assert rejected["reason"] in ("AuthRejected", "PermissionDenied") and rejected["why"] != ""
    run_for_a_while(load)
    assert lane(agent, identity)["credential"]["fingerprint"] == fingerprint(FIRST)
    assert lane(agent, identity)["lastError"] is None  # the lane has not noticed
    identity.allow(FIRST, SECOND)
    identity.use(SECOND)
    wait_for_fingerprint(agent, identity, SECOND)
    judge(agent, identity, load)
    assert BAD not in str(agent.status()) + agent.metrics() + agent.process.output()


@pytest.mark.parametrize("identity", ROTATED, indirect=True, ids="-".join)
def test_both_keys_revoked_pause_the_lane_until_either_is_good_again(agent, identity, sandbox):
    load = Load(lambda: agent, SHAPE, seed=3)
    run_for_a_while(load)
    identity.use(SECOND)
    wait_for_candidate(agent, identity, "Rejected")
    identity.allow()
    if identity.kind == "oauth":
        sandbox.admin("/tokens/revoke", {})
    wait_until(lambda: lane(agent, identity)["state"] == "Paused", "it pauses")
    assert lane(agent, identity)["lastError"]["reason"] in ("AuthRejected", "PermissionDenied")
    identity.allow(SECOND)
    wait_for_fingerprint(agent, identity, SECOND)
    run_for_a_while(load)
    judge(agent, identity, load)


@pytest.mark.parametrize("identity", ROTATED, indirect=True, ids="-".join)
def test_a_secret_may_go_and_come_back(agent, identity, sandbox):
    load = Load(lambda: agent, SHAPE, seed=4)
    run_for_a_while(load)
    identity.file.unlink()
    wait_until(
        lambda: "Missing" in [one["state"] for one in lane(agent, identity)["credentials"]],
        "it is missing",
    )
    run_for_a_while(load)
    identity.allow(FIRST, SECOND)
    identity.use(SECOND)
    wait_for_fingerprint(agent, identity, SECOND)
    judge(agent, identity, load)
    assert lane(agent, identity)["lastError"] is None


@pytest.mark.parametrize("identity", WAYS[1:], indirect=True, ids="-".join)
def test_tokens_that_end_are_replaced_before_anybody_notices(agent, identity, sandbox):
    first = send(agent)
    sandbox.wait_for(first, [identity.destination])
    sandbox.admin("/credentials", {"token_seconds": 3})
    sandbox.admin("/tokens/expire", {})  # the first one had an hour
    load = Load(lambda: agent, SHAPE, seed=5)
    wait_until(lambda: sandbox.stats()["token"]["granted"] >= 6, "several tokens have ended")
    refused = sandbox.stats()[identity.destination]["refused"]
    judge(agent, identity, load, others=first)
    assert sum(refused.values()) <= SHAPE.threads * 4, refused  # by the first token alone


@pytest.mark.parametrize("identity", WAYS[1:], indirect=True, ids="-".join)
def test_a_token_endpoint_that_is_down_across_an_expiry_costs_time_and_no_span(
    agent, identity, sandbox
):
    sandbox.wait_for(send(agent), [identity.destination])
    sandbox.admin("/credentials", {"token_seconds": 3})
    sandbox.fault("token", "status", status=503, body="<html>down</html>")
    load = Load(lambda: agent, SHAPE, seed=6)
    run_for_a_while(load)
    sandbox.admin("/tokens/expire", {})
    wait_until(lambda: lane(agent, identity)["lastError"], "requests cannot go out")
    sandbox.fault("token", "none")
    delivered = agent.spans(identity.lane)["delivered"]
    wait_until(lambda: agent.spans(identity.lane)["delivered"] > delivered, "it goes on")
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
    sandbox.admin("/tokens/revoke", {})  # so that the new one is exchanged
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
    # 127.0.0.1 is no host of Databricks' own: it is sent to as it is written in the configuration.
    sandbox.wait_for(send(agent), [identity.destination])
    documents = [row["outcome"] for row in sandbox.query("SELECT outcome FROM requests")]
    assert "ok" in documents


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 401, "body": '{"error": "invalid_client", "error_description": "SECRET"}'},
        {"status": 400, "body": '{"error": "invalid_grant", "error_description": "SECRET"}'},
        {"status": 200, "body": "<html>SECRET sign in</html>", "content_type": "text/html"},
        {"status": 302, "location": "http://127.0.0.1:1/SECRET"},
        {"status": 429, "retry_after": 1},
        {"status": 500, "body": "SECRET"},
        {"status": 200, "bytes": 300_000},
    ],
    ids=lambda fault: f"{fault['status']}-{len(fault.get('body', ''))}",
)
@pytest.mark.parametrize("level", ["Debug", "Info", "Warn", "Error"])
@pytest.mark.parametrize("identity", [("oauth", "Workspace")], indirect=True, ids="-".join)
def test_no_secret_shows_whatever_the_token_endpoint_says(stage, identity, sandbox, fault, level):
    said = {name: str(value).replace("SECRET", FIRST) if name in ("body", "location") else value
            for name, value in fault.items()}
    sandbox.fault("token", "status", **said)
    agent = stage.agent(identity.config(), {"logLevel": level})
    ids = send(agent)
    wait_until(lambda: lane(agent, identity)["lastError"], "it says what is wrong")
    seen = str(agent.status()) + agent.metrics() + agent.process.output()
    seen += fetch(agent.url("/"))[1].decode()
    assert FIRST not in seen
    sandbox.fault("token", "none")
    sandbox.wait_for(ids, [identity.destination])
    assert CLIENT not in agent.process.output()
    assert FIRST not in agent.process.output()
