# SPDX-License-Identifier: Apache-2.0
"""Without zerobus.endpoint, agents find Zerobus from the workspace's documents, and send no token to
a host that is not Databricks' own. The hosts are real ones; a proxy leads them to the sandbox."""

import pytest
from harness.connect_proxy import ConnectProxy
from harness.identities import Identity
from harness.identity_stage import FIRST, lane, send
from harness.processes import wait_until

NUMBER, REGION = "1234567890123456", "us-west-2"
WORKSPACE = "dbc-1.cloud.databricks.com"
ZEROBUS = f"{NUMBER}.zerobus.{REGION}.cloud.databricks.com"


@pytest.fixture
def sandbox(stage):
    return stage.sandbox(tls=True, names=(WORKSPACE, ZEROBUS))


@pytest.fixture
def proxy(sandbox):
    routes = {f"{WORKSPACE}:443": "databricks", f"{ZEROBUS}:443": "zerobus"}
    with ConnectProxy({host: sandbox.ports[name] for host, name in routes.items()}) as made:
        yield made


@pytest.fixture(params=["oauth", "workloadIdentity"])
def identity(request, sandbox) -> Identity:
    made = Identity(request.param, sandbox, "Zerobus")
    first = made.issuer.token() if request.param == "workloadIdentity" else FIRST
    made.allow(first, workspace={"id": NUMBER, "cloud": "aws", "region": REGION})
    made.use(first)
    return made


def config(identity, proxy) -> dict:
    whole = identity.config()
    del whole["arize"], whole["databricks"]["zerobus"]
    whole["databricks"] |= {"workspaceURL": f"https://{WORKSPACE}", "proxyURL": proxy.url}
    return whole


def wait_for_error(agent, identity, text: str) -> None:
    wait_until(
        lambda: text in str(lane(agent, identity)["lastError"]),
        f"lastError contains {text}",
        process=agent.process,
    )


def test_zerobus_is_found_from_the_workspaces_documents(stage, identity, sandbox, proxy):
    agent = stage.agent(config(identity, proxy))
    sandbox.wait_for(send(agent), ["zerobus"])
    assert proxy.asked == {f"{WORKSPACE}:443", f"{ZEROBUS}:443"}
    # One for the metastore's summary, and one for the table.
    assert sandbox.stats()["token"]["granted"] == 2
    sandbox.admin("/tokens/revoke", {})
    sandbox.wait_for(send(agent), ["zerobus"])
    assert sandbox.stats()["token"]["granted"] == 3, "the host is looked up once"


def test_a_host_that_is_not_databricks_own_gets_nothing(stage, identity, sandbox, proxy):
    sandbox.allow(workspace={"id": NUMBER, "cloud": "aws", "region": "us-west-2.evil.example/"})
    agent = stage.agent(config(identity, proxy))
    ids = send(agent)
    wait_for_error(agent, identity, "databricks.zerobus.endpoint")
    assert lane(agent, identity)["state"] == "Paused"
    assert proxy.asked == {f"{WORKSPACE}:443"}
    sandbox.allow(workspace={"id": NUMBER, "cloud": "aws", "region": REGION})
    sandbox.wait_for(ids, ["zerobus"])


def test_documents_that_cannot_be_read_cost_time_and_no_span(stage, identity, sandbox, proxy):
    sandbox.fault("discovery", "status", status=503)
    agent = stage.agent(config(identity, proxy))
    ids = send(agent)
    wait_for_error(agent, identity, "databricks-config")
    sandbox.fault("discovery", "none")
    sandbox.wait_for(ids, ["zerobus"])
