# SPDX-License-Identifier: Apache-2.0
"""A running agent applies a changed configuration: nothing that was acknowledged is lost or sent
twice, unchanged parts are not interrupted, and what cannot be applied is reported."""

import json
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

import pytest
import yaml
from harness import otlp
from harness.agent import merged
from harness.config_map import ConfigMap
from harness.http import fetch
from harness.identities import Identity, fingerprint
from harness.identity_stage import BAD, FIRST, SECOND, wait_for_candidate, wait_for_fingerprint
from harness.load import Load, Outcome, Shape
from harness.processes import wait_until
from harness.relay import Relay
from harness.sandbox import DESTINATIONS, TOKEN, write_secret

HEADERS = {"Content-Type": "application/x-protobuf"}
SHAPE = Shape(spans=10, text_bytes=100, threads=6, rate=600)


def configuration(agent) -> dict:
    return agent.status()["configuration"]


def metric(agent, name: str) -> float:
    (line,) = [one for one in agent.metrics().splitlines() if one.startswith(name + " ")]
    return float(line.split()[-1])


class Mounted:
    """An agent whose configuration is a mounted ConfigMap."""

    def __init__(self, stage, *configs: dict):
        self.agent = stage.agent(*configs, start=False)
        self.config = self.agent.config
        self._map = ConfigMap(self.agent.folder / "config")
        self.agent.config_file = self._map.file("agent.yaml")
        self._write(yaml.safe_dump(self.config))
        self.agent.start()

    def _write(self, text: str) -> None:
        self._map.write({"agent.yaml": text})

    def change(self, changes: dict) -> None:
        """Waits until the agent reports that it uses them."""
        self.config = merged(self.config, changes)
        self._write(yaml.safe_dump(self.config))
        self.agent.wait_until_configured()
        assert configuration(self.agent)["error"] is None

    def change_in_vain(self, text: str, error: str) -> None:
        """Waits until the agent reports why it does not use them."""
        before = configuration(self.agent)
        self._write(text)
        wait_until(
            lambda: error in (configuration(self.agent)["error"] or ""),
            f"the agent says {error}",
            process=self.agent.process,
        )
        what_it_says = {"error": None, "state": None}
        assert configuration(self.agent) | what_it_says == before | what_it_says


@contextmanager
def relays(*targets: str):
    """One in front of each destination; each counts its connections."""
    with ExitStack() as ends:
        made = []
        for target in targets:
            streams: list = []
            made.append(Relay(target.removeprefix("http://"), streams))
            made[-1].connections = lambda streams=streams: len(streams)
            ends.callback(made[-1].close)
        yield made


def judge(sandbox, agent, load, twice: tuple[str, ...] = ()) -> None:
    """Both destinations have exactly the acknowledged requests. Only at the destinations in `twice`
    may a span have arrived twice, with the same bytes."""
    wait_until(
        lambda: agent.spans("arize")["accepted"] == agent.spans("databricks")["accepted"]
        and agent.caught_up(),
        "nothing is left in the journal",
        timeout=60,
        process=agent.process,
    )
    assert {one.outcome for one in load.sent} == {Outcome.OK}
    wanted = {load.trace_id(one.number): load.shape.spans for one in load.sent}
    for destination in DESTINATIONS:
        rows = sandbox.query(
            "SELECT trace_id, COUNT(DISTINCT span_id) AS spans, COUNT(*) AS rows FROM spans"
            " WHERE destination = ? GROUP BY trace_id",
            destination,
        )
        assert {row["trace_id"]: row["spans"] for row in rows} == wanted
        stats = sandbox.stats()[destination]
        assert stats["duplicates"] == stats["exact_duplicates"]
        if destination not in twice:
            assert stats["duplicates"] == 0, destination
        spans = agent.spans(destination)
        assert spans["delivered"] == spans["accepted"] == sum(wanted.values())
    agent.assert_books_balance()


def run_for_a_while(load) -> None:
    before = load.accepted
    wait_until(lambda: load.accepted >= before + 300, "the load continues")


def test_changes_under_load_lose_nothing_and_disturb_nobody(stage, sandbox):
    arize_port, databricks_port = sandbox.url("arize_grpc"), sandbox.url("databricks")
    with relays(arize_port, databricks_port, databricks_port) as (arize, old, new):
        mounted = Mounted(
            stage,
            sandbox.agent_config(),
            {
                "arize": {"endpoint": f"http://{arize.endpoint}"},
                "databricks": {"workspaceURL": f"http://{old.endpoint}"},
                # HTTP/1.1 opens one connection per request in flight, so limit it to one.
                "delivery": {"requestsInFlight": 1},
            },
        )
        agent = mounted.agent
        with relays(agent.grpc_endpoint, agent.http_endpoint) as (grpc, http):
            doors = SimpleNamespace(grpc_endpoint=grpc.endpoint, http_endpoint=http.endpoint)
            load = Load(lambda: doors, SHAPE, seed=7)
            run_for_a_while(load)
            clients = grpc.connections(), http.connections()
            assert clients == (SHAPE.threads // 2, SHAPE.threads // 2)

            # Settings of the intake do not affect the lanes.
            before = arize.connections(), old.connections()
            mounted.change({"arize": {"project": "another"}, "resourceAttributes": {"team": "a"}})
            run_for_a_while(load)
            assert (arize.connections(), old.connections()) == before

            # One lane only: first another token file, then another workspace URL.
            moved = write_secret(sandbox.folder / "moved-token", TOKEN)
            sandbox.token_file.unlink()
            mounted.change({"databricks": {"auth": {"tokenFile": str(moved)}}})
            run_for_a_while(load)
            mounted.change({"databricks": {"workspaceURL": f"http://{new.endpoint}"}})
            left = old.connections()
            run_for_a_while(load)
            assert new.connections() > 0
            assert (arize.connections(), old.connections()) == (before[0], left)

            # Invalid configurations: the agent keeps the current one.
            mounted.change_in_vain("arize: {regoin: US}\n", "arize.regoin")
            valid = merged(mounted.config, {"receiver": {"threads": 2}})
            mounted.change_in_vain(yaml.safe_dump(valid), "restart the agent")
            assert metric(agent, "dualtrace_config_last_reload_successful") == 0
            run_for_a_while(load)

            # A change that affects both lanes.
            mounted.change({"delivery": {"maxAge": "1h"}, "drainTimeout": "9s"})
            run_for_a_while(load)
            assert (grpc.connections(), http.connections()) == clients
            load.stop()
            judge(sandbox, agent, load)
    assert metric(agent, "dualtrace_config_last_reload_successful") == 1
    assert metric(agent, 'dualtrace_config_reloads_total{result="applied"}') == 4
    assert metric(agent, 'dualtrace_config_reloads_total{result="refused"}') == 1
    assert metric(agent, 'dualtrace_config_reloads_total{result="restart_needed"}') == 1
    levels = [json.loads(line)["level"] for line in agent.process.output().splitlines()]
    assert levels.count("error") == 1


def test_the_project_changes_for_what_comes_later(stage, sandbox):
    mounted = Mounted(stage, sandbox.agent_config(project="old"))

    def stored_project(destination: str) -> str:
        request = otlp.make_request(project=None)
        status, _ = fetch(f"http://{mounted.agent.http_endpoint}/v1/traces", request, HEADERS)
        assert status == 200
        (span_id,) = otlp.by_id([request])
        sandbox.wait_for([span_id], [destination])
        (row,) = sandbox.rows(destination, span_id.split("/")[0])
        attributes = json.loads(row["resource"])["attributes"]
        return attributes["openinference.project.name"]

    assert stored_project("arize") == "old"
    mounted.change({"arize": {"project": "new"}})
    for destination in DESTINATIONS:
        assert stored_project(destination) == "new"


@pytest.mark.parametrize("fault", ["refuse", "blackhole"])
def test_a_dead_destination_is_replaced_and_the_other_does_not_notice(stage, sandbox, fault):
    dead = stage.sandbox()
    dead.fault("databricks", fault)
    mounted = Mounted(
        stage,
        sandbox.agent_config(),
        {"databricks": {"workspaceURL": dead.url("databricks")}},
        {"delivery": {"requestTimeout": "10m"}},  # the reload must not wait that long
    )
    load = Load(lambda: mounted.agent, SHAPE, seed=8)
    run_for_a_while(load)
    assert mounted.agent.spans("databricks")["delivered"] == 0
    before = load.accepted
    mounted.change({"databricks": {"workspaceURL": sandbox.url("databricks")}})
    if fault == "blackhole":  # the old lane's requests get a few seconds
        one_each = SHAPE.threads * SHAPE.spans
        assert load.accepted > before + 2 * one_each, "clients do not wait for a reload"
    run_for_a_while(load)
    load.stop()
    judge(sandbox, mounted.agent, load)


def test_an_adopted_journal_goes_to_the_new_lane_too(stage, sandbox):
    sandbox.fault("databricks", "status", status=503)
    first = stage.agent(sandbox.agent_config(), {"drainTimeout": "0s"})
    requests = [otlp.make_request(spans=3) for _ in range(10)]
    for request in requests:
        assert fetch(f"http://{first.http_endpoint}/v1/traces", request, HEADERS)[0] == 200
    ids = set(otlp.by_id(requests))
    sandbox.wait_for(ids, ["arize"])
    # The second agent starts before the first one ends, so it has a journal of its own.
    folder = {"delivery": {"folder": first.config["delivery"]["folder"]}}
    mounted = Mounted(stage, sandbox.agent_config(), folder)
    assert first.stop() == 0
    wait_until(lambda: mounted.agent.adopted_journals() == 1, "the journal is adopted")
    wait_until(
        lambda: mounted.agent.spans("databricks")["backlog"] == len(ids), "its backlog is seen"
    )

    mounted.change({"delivery": {"maxAge": "1h"}})
    assert mounted.agent.adopted_journals() == 1
    assert mounted.agent.spans("databricks")["backlog"] == len(ids)
    sandbox.fault("databricks", "none")
    sandbox.wait_for(ids)
    wait_until(lambda: mounted.agent.adopted_journals() == 0, "the journal is drained and gone")
    books = {lane["name"]: lane["spans"] for lane in mounted.agent.status()["lanes"]}
    mounted.change({"delivery": {"maxAge": "2h"}})
    after = {lane["name"]: lane["spans"] for lane in mounted.agent.status()["lanes"]}
    assert after == books, "the ledger continues"
    assert len(sandbox.ids("arize")) == len(ids), "nothing is sent again"


@pytest.mark.parametrize("kind", ["token", "oauth"])
def test_a_rejected_credential_is_not_taken_by_a_reload(stage, sandbox, kind):
    identity = Identity(kind, sandbox)
    identity.allow(FIRST)
    identity.use(FIRST)
    mounted = Mounted(stage, identity.config())
    load = Load(lambda: mounted.agent, SHAPE, seed=10)
    run_for_a_while(load)
    identity.use(BAD)
    wait_for_candidate(mounted.agent, identity, "Rejected")

    mounted.change({"databricks": {"compression": "GZIP"}})
    delivered = mounted.agent.spans("databricks")["delivered"]
    run_for_a_while(load)
    wait_for_candidate(mounted.agent, identity, "Rejected")
    lane = mounted.agent.lane("databricks")
    assert lane["credential"]["fingerprint"] == fingerprint(FIRST)
    assert lane["spans"]["delivered"] > delivered
    assert lane["lastError"] is None

    identity.allow(FIRST, SECOND)
    identity.use(SECOND)
    wait_for_fingerprint(mounted.agent, identity, SECOND)
    load.stop()
    judge(sandbox, mounted.agent, load)


def test_a_plain_file_may_be_rewritten_and_replaced(stage, sandbox):
    agent = stage.agent(sandbox.agent_config())

    first = configuration(agent)
    agent.wait_until_configured()
    assert configuration(agent) == first, "it runs with it from the start"
    text = agent.config_file.read_text() + "# rewritten\n"
    agent.config_file.write_text(text)
    agent.wait_until_configured()
    assert configuration(agent)["fingerprint"] != first["fingerprint"]
    assert configuration(agent)["loaded"] >= first["loaded"]
    text += "logLevel: Warn\n"
    other = agent.config_file.with_name("agent.yaml.new")
    other.write_text(text)
    other.rename(agent.config_file)
    agent.wait_until_configured()
    agent.config_file.unlink()
    wait_until(lambda: configuration(agent)["error"], "it reports that the file is missing")
    agent.config_file.write_text(text)
    wait_until(lambda: configuration(agent)["error"] is None, "it reports no error again")


def test_after_a_reload_it_ends_and_starts_like_any_other(stage, sandbox):
    mounted = Mounted(stage, sandbox.agent_config(), {"drainTimeout": "1s"})
    sandbox.fault("databricks", "refuse")
    load = Load(lambda: mounted.agent, SHAPE, seed=9)
    run_for_a_while(load)
    mounted.change({"delivery": {"linger": "50ms"}})
    run_for_a_while(load)
    load.stop()
    assert mounted.agent.stop() == 0
    sandbox.fault("databricks", "none")
    mounted.agent.start()
    judge(sandbox, mounted.agent, load)
