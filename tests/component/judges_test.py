# SPDX-License-Identifier: Apache-2.0
"""The trace of a real LangChain agent, sent through dualtrace, means the same to Phoenix and MLflow
as to the SDK that created it."""

import json

import pytest
from harness.application import run_langchain_agent
from harness.processes import wait_until
from harness.tools import tool_folder
from judges import Mlflow, Phoenix

PROJECT = "support-agents"


def agent_for(stage, endpoint: str, protocol: str):
    """An agent with the Arize lane only, towards a judge."""
    sandbox_like = stage.folder / "keys"
    sandbox_like.mkdir()
    (sandbox_like / "key").write_text("any")
    (sandbox_like / "space").write_text("U3BhY2U6MTpkZW1v")
    files = {"apiKeyFile": str(sandbox_like / "key"), "spaceIDFile": str(sandbox_like / "space")}
    lane = {"endpoint": endpoint, "protocol": protocol, "credentials": files, "project": PROJECT}
    return stage.agent({"arize": lane})


def parsed(value):
    """The parsed value of a text that is JSON: both judges expand such texts in some places."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def assert_same_tree(made: list[dict], judged: list[dict]) -> None:
    def tree(spans):
        return {(s["trace_id"], s["span_id"], s["parent_span_id"], s["name"]) for s in spans}

    assert len(judged) == len(made)
    assert tree(judged) == tree(made)


def assert_same_attributes(made: list[dict], judged: list[dict], unfolded: tuple = ()) -> None:
    """Every attribute that was set is present with its value; judges may add their own."""
    arrived = {span["span_id"]: span["attributes"] for span in judged}
    for span in made:
        for key, value in span["attributes"].items():
            if key in unfolded:
                continue
            assert parsed(arrived[span["span_id"]].get(key)) == parsed(value), (span["name"], key)


@pytest.fixture
def phoenix(stage) -> Phoenix:
    judge = Phoenix(stage, tool_folder("phoenix"))
    judge.wait_ready()
    return judge


@pytest.fixture
def mlflow(stage):
    judge = Mlflow(stage, tool_folder("mlflow"))
    judge.wait_ready()
    yield judge
    judge.proxy.stop()


def test_phoenix_understands_what_the_arize_lane_sends(stage, phoenix):
    agent = agent_for(stage, f"http://127.0.0.1:{phoenix.grpc_port}", "GRPC")
    made = run_langchain_agent(f"http://{agent.grpc_endpoint}", PROJECT)["spans"]

    def all_there():
        spans = phoenix.spans(PROJECT)
        return spans if len(spans) >= len(made) else None

    judged = wait_until(all_there, "the trace is in Phoenix")
    assert_same_tree(made, judged)
    # Phoenix turns the keys of this attribute into metadata.<key>.
    assert_same_attributes(made, judged, unfolded=("metadata",))
    for span in judged:
        assert any(key.startswith("metadata.") for key in span["attributes"])


def test_mlflow_understands_what_the_http_lane_sends(stage, mlflow):
    agent = agent_for(stage, f"http://127.0.0.1:{mlflow.proxy.port}/v1/traces", "HTTP")
    trace = run_langchain_agent(f"http://{agent.grpc_endpoint}", PROJECT)
    made = trace["spans"]

    def all_there():
        judged = mlflow.trace(trace["trace_id"])
        return judged if judged and len(judged["spans"]) >= len(made) else None

    judged = wait_until(all_there, "the trace is in MLflow")
    assert_same_tree(made, judged["spans"])
    assert_same_attributes(made, judged["spans"])
    # MLflow turns the resource's attributes into tags.
    assert judged["tags"]["openinference.project.name"] == PROJECT
    assert judged["tags"]["service.name"] == "support-desk"
