# SPDX-License-Identifier: Apache-2.0
"""An agent that authenticates with one kind of credential over one protocol, and the steps of its
tests. `identity` takes (kind, way) as an indirect parameter."""

import pytest

from harness import otlp
from harness.http import fetch
from harness.identities import Identity, fingerprint
from harness.load import Outcome, Shape
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
    wait_until(lambda: load.accepted >= before + 150, "the load continues")


def judge(agent, identity, load, others: set[str] = frozenset()) -> None:
    """Everything that was acknowledged is at the destination, once; `others` were sent in
    addition."""
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
