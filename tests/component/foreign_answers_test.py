# SPDX-License-Identifier: Apache-2.0
"""Responses that do not come from the destination (interim responses, disguised web pages, gateway
errors), and real ones that are easily misread. Nothing is counted as delivered unless it was
stored, and no response causes spans to be lost or sent twice."""

import gzip
import json

import pytest
from harness import otlp
from harness.http import fetch
from harness.processes import wait_until
from harness.sandbox import SPACE_ID
from harness.scripted import CLOSE, OK, STORE, ScriptedDestination, answer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

PROTOBUF = "application/x-protobuf"
PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"
LANES = ["arize", "databricks"]


def one_lane(folder, lane: str, url: str) -> dict:
    """The configuration of an agent with only that destination, over HTTP."""
    for name, secret in (("key", "ak-test"), ("space", SPACE_ID), ("token", "dapi-test")):
        (folder / name).write_text(secret)
    if lane == "arize":
        credentials = {"apiKeyFile": str(folder / "key"), "spaceIDFile": str(folder / "space")}
        return {
            "arize": {
                "endpoint": url,
                "protocol": "HTTP",
                "project": "tests",
                "credentials": credentials,
            }
        }
    auth = {"tokenFile": str(folder / "token")}
    return {"databricks": {"workspaceURL": url, "table": "main.traces.spans", "auth": auth}}


def send(agent, spans: int = 6) -> set[str]:
    request = otlp.make_request(spans=spans)
    headers = {"Content-Type": PROTOBUF}
    assert fetch(f"http://{agent.http_endpoint}/v1/traces", request, headers)[0] == 200
    return set(otlp.by_id([request]))


@pytest.fixture
def lane_of(stage, tmp_path):
    """Starts an agent with one lane, whose destination plays this script."""
    destinations = []

    def start(lane: str, script):
        destinations.append(ScriptedDestination(script))
        return destinations[-1], stage.agent(one_lane(tmp_path, lane, destinations[-1].url))

    yield start
    for destination in destinations:
        destination.__exit__()


def expect_all_once(destination, agent, lane: str, ids: set[str]) -> None:
    wait_until(agent.caught_up, "everything is delivered")
    assert agent.spans(lane)["delivered"] == len(ids)
    assert destination.stored == {one: 1 for one in ids}
    agent.assert_books_balance()


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("interim", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_interim_answers_shift_nothing(lane_of, lane, interim):
    def script(number, request):
        yield b"HTTP/1.1 " + interim + b"\r\n\r\n"
        yield STORE
        yield OK

    destination, agent = lane_of(lane, script)
    good = set()
    for _ in range(8):
        good |= send(agent, spans=2)
    expect_all_once(destination, agent, lane, good)
    assert destination.connections <= 4  # requests in flight


DISGUISES = {
    "a page": answer(200, PAGE, "text/html"),
    "a byte order mark": answer(200, b"\xef\xbb\xbf" + PAGE),
    "an XML declaration": answer(200, b'<?xml version="1.0"?>\n' + PAGE, "application/xhtml+xml"),
    "a comment": answer(200, b"<!-- sso -->\n" + PAGE, "text/plain"),
    "declared as protobuf": answer(200, PAGE, PROTOBUF),
    "plain text": answer(200, b"please sign in", "text/plain"),
    "JSON with an error": answer(200, b'{"error":"no route"}', "application/json"),
    "JSON with a status": answer(200, b'{"code":3,"message":"x"}', "application/json"),
}


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_page_with_200_delivers_nothing(lane_of, lane, disguise):
    destination, agent = lane_of(
        lane, lambda number, request: [DISGUISES[disguise]] if number == 0 else [STORE, OK]
    )
    ids = send(agent)
    wait_until(lambda: agent.lane(lane)["lastError"], "the lane reports what it encountered")
    assert agent.lane(lane)["lastError"]["reason"] == "ForeignAnswer"
    expect_all_once(destination, agent, lane, ids)


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize(
    "packed, length", [(False, 5), (False, 117_000), (True, 5), (True, 117_000)]
)
def test_a_partial_success_is_read_whatever_its_size_and_packing(lane_of, lane, packed, length):
    response = ExportTraceServiceResponse()
    response.partial_success.rejected_spans = 2
    response.partial_success.error_message = "x" * length
    body = response.SerializeToString()
    reply = (
        answer(200, gzip.compress(body), PROTOBUF, "Content-Encoding: gzip")
        if packed
        else answer(200, body, PROTOBUF)
    )
    destination, agent = lane_of(lane, lambda number, request: [STORE, reply])
    send(agent)
    wait_until(lambda: agent.spans(lane)["rejected"] == 2, "two are counted as rejected")
    assert agent.spans(lane)["delivered"] == 4
    assert len(destination.requests) == 1
    agent.assert_books_balance()


@pytest.mark.parametrize(
    "message",
    [
        "io.jsonwebtoken.ExpiredJwtException: JWT expired at 2026-01-01T00:00:00Z.",
        "Invalid Token",
        "invalid access token",
    ],
)
def test_an_expired_token_in_a_400_pauses_and_loses_nothing(lane_of, message, tmp_path):
    def script(number, request):
        if (tmp_path / "token").read_text() == "dapi-test":
            yield answer(400, json.dumps({"error_code": 400, "message": message}).encode())
        else:
            yield STORE
            yield OK

    destination, agent = lane_of("databricks", script)
    ids = send(agent)
    wait_until(lambda: agent.lane("databricks")["state"] == "Paused", "it pauses")
    assert agent.lane("databricks")["lastError"]["reason"] == "AuthRejected"
    (tmp_path / "token").write_text("dapi-fresh")
    expect_all_once(destination, agent, "databricks", ids)


@pytest.mark.parametrize("lane", LANES)
def test_a_connection_that_the_server_closes_between_requests_costs_nothing(lane_of, lane):
    destination, agent = lane_of(lane, lambda number, request: [STORE, OK, CLOSE])
    ids = set()
    for _ in range(5):
        ids |= send(agent, spans=1)
        wait_until(agent.caught_up, "it is delivered")
    expect_all_once(destination, agent, lane, ids)
    assert agent.lane(lane)["lastError"] is None
