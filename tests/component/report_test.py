# SPDX-License-Identifier: Apache-2.0
"""Problems that an agent reports early: missing or unusable credentials, with or without spans; and
spans that end anywhere but at the destination."""

from pathlib import Path

import pytest
from harness import otlp
from harness.http import fetch
from harness.processes import wait_until
from harness.sandbox import API_KEY, write_secret

PROTOBUF = {"Content-Type": "application/x-protobuf"}


def credentials(agent, lane: str) -> dict[str, str]:
    return {one["part"]: one["state"] for one in agent.lane(lane)["credentials"]}


def test_credentials_are_judged_before_the_first_span(stage, sandbox):
    sandbox.api_key_file.unlink()
    write_secret(sandbox.token_file, f'"{sandbox.token_file.read_text()}"')
    agent = stage.agent(sandbox.agent_config())
    assert credentials(agent, "arize") == {"apiKey": "Missing", "spaceID": "Loaded"}
    assert agent.lane("arize")["credential"]["fingerprint"] == ""
    token = agent.lane("databricks")["credentials"][0]
    assert (token["state"], token["fingerprint"]) == ("Unusable", "")
    assert "in quotes" in token["why"]
    assert "dualtrace_credentials_loaded 0" in agent.metrics()

    write_secret(sandbox.api_key_file, API_KEY)
    wait_until(
        lambda: credentials(agent, "arize") == {"apiKey": "Loaded", "spaceID": "Loaded"},
        "the key is loaded without a span",
    )
    assert agent.lane("arize")["credential"]["fingerprint"] != ""
    assert agent.lane("arize")["state"] == "Idle"


def files(agent, lane: str) -> dict[str, str]:
    return {one["part"]: one["state"] for one in agent.lane(lane)["connectionFiles"]}


def test_files_of_connections_are_judged_before_the_first_span(stage, tmp_path):
    sandbox = stage.sandbox(tls=True)
    authority, missing = tmp_path / "ca.crt", tmp_path / "missing.crt"
    authority.write_text("no certificate")
    username = write_secret(tmp_path / "username", "agents")
    password = write_secret(tmp_path / "password", "two\nlines")
    proxy_auth = {"usernameFile": str(username), "passwordFile": str(password)}
    arize = {
        "caFile": str(authority),
        "proxyURL": "http://127.0.0.1:9",
        "proxyAuth": proxy_auth,
    }
    agent = stage.agent(
        sandbox.agent_config(), {"arize": arize, "databricks": {"caFile": str(missing)}}
    )
    assert files(agent, "arize") == {
        "ca": "Unusable",
        "proxyUsername": "Loaded",
        "proxyPassword": "Unusable",
    }
    assert files(agent, "databricks") == {"ca": "Missing"}
    assert "contains no PEM certificate" in agent.lane("arize")["connectionFiles"][0]["why"]
    assert "dualtrace_credentials_loaded 0" in agent.metrics()

    for file in (authority, missing):
        file.write_text(sandbox.ca_file.read_text())
    write_secret(password, "one line")
    for lane in ("arize", "databricks"):
        wait_until(
            lambda lane=lane: set(files(agent, lane).values()) == {"Loaded"},
            f"the files of {lane} are loaded without a span",
        )
    ours, other = (agent.lane(lane)["connectionFiles"][0] for lane in ("arize", "databricks"))
    assert ours == other
    assert len(ours["fingerprint"]) == 8 and ours["expires"] == ours["allExpired"] > "2026"
    assert "dualtrace_credentials_loaded 1" in agent.metrics()


@pytest.mark.parametrize("protocol", ["GRPC", "HTTP"])
def test_spans_that_end_elsewhere_are_reported_with_the_words_of_the_destination(
    stage, sandbox, protocol
):
    agent = stage.agent(sandbox.agent_config(protocol, project=None))
    url = f"http://{agent.http_endpoint}/v1/traces"
    # Valid spans pass, so the refusal must be the fault of the others.
    assert fetch(url, otlp.make_request(project="mine"), PROTOBUF)[0] == 200
    wait_until(lambda: agent.spans("arize")["delivered"] > 0, "some pass")
    assert agent.lane("arize")["losses"] == []

    def loss() -> dict | None:
        assert fetch(url, otlp.make_request(project="mine"), PROTOBUF)[0] == 200
        return next(iter(agent.lane("arize")["losses"]), None)

    # In a request of its own, because the sandbox rejects a mixed request partially.
    assert fetch(url, otlp.make_request(project=None), PROTOBUF)[0] == 200
    wait_until(lambda: agent.lane("arize")["lastError"], "it is refused once")
    told = wait_until(loss, "the lane reports the loss", every=0.5)
    assert (told["word"], told["reason"]) == ("dead_lettered", "MissingProject")
    assert told["spansLately"] == told["spans"] == agent.spans("arize")["dead_lettered"] > 0
    assert "external_model_id is required" in told["message"]
    assert agent.lane("databricks")["losses"] == []


def test_a_loss_is_reported_by_the_process_after_a_crash(stage, sandbox):
    """Nobody asked before the crash, and the journal has nothing more of the span."""
    agent = stage.agent(sandbox.agent_config(), {"delivery": {"maxAge": "2s"}})
    sandbox.fault("databricks", "refuse")
    url = f"http://{agent.http_endpoint}/v1/traces"
    assert fetch(url, otlp.make_request(), PROTOBUF)[0] == 200
    folder = Path(agent.config["delivery"]["folder"])
    wait_until(
        lambda: list(folder.glob("journal-*/note-databricks")),
        "the agent notes the loss",
        process=agent.process,
    )
    agent.kill()
    agent.start()
    wait_until(lambda: agent.spans("databricks")["expired"] == 1, "the ledger has it")
    (told,) = wait_until(lambda: agent.lane("databricks")["losses"], "it is reported")
    assert (told["word"], told["reason"]) == ("expired", "Age")
    assert told["spansLately"] > 0
    assert agent.lane("arize")["losses"] == []
    agent.assert_books_balance()


def test_its_memory_is_reported(stage, sandbox):
    limits = {"requestBytes": "1Mi", "memoryBytes": "8Mi"}
    agent = stage.agent(sandbox.agent_config(), {"receiver": {"limits": limits}})
    admission = agent.status()["admission"]
    assert admission["bytesMax"] == admission["bytesConfigured"] == 8 << 20
