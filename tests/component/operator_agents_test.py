# SPDX-License-Identifier: Apache-2.0
"""The agents' reports become the export's status. The agents are real ones, on loopback addresses
that the test, in place of a kubelet, writes into their pods' status."""

import secrets
import shutil

import pytest
from harness import otlp
from harness import sandbox as sandbox_
from harness.agent import Agent
from harness.http import fetch
from harness.nodes import Node
from harness.processes import wait_until
from harness.sandbox import TOKEN, write_secret
from harness.tenant import Tenant

EXPORT = "reported"
STATUS_PORT = 8888  # the status port of every agent in a pod
PROTOBUF = {"Content-Type": "application/x-protobuf"}


@pytest.fixture(scope="module")
def operator(installation):
    return installation.operator("--leader-elect=false", "--agent-poll-interval=1s").start()


@pytest.fixture
def tenant(control_plane, operator, installation):
    made = Tenant(control_plane, "reports")
    installation.allow_in(made.namespace, "secret-reader.yaml")
    made.create(EXPORT)
    # Decide Ready once before there are nodes, so that it does not wait for configurations.
    made.wait_for_reason(EXPORT, "Ready", "NoNodes")
    return made


class OnNode:
    """A node with its agent, which has its own file for the Databricks token."""

    def __init__(
        self, stage, sandbox, tenant: Tenant, token: str, project: str | None = sandbox_.PROJECT
    ):
        # One of 16 million, so that two tests practically never collide.
        numbers = [secrets.randbelow(254) + 1 for _ in range(3)]
        address = ".".join(str(number) for number in [127, *numbers])
        self.token_file = write_secret(stage.folder / f"token-{address}", token)
        config = sandbox.agent_config(project=project)
        config["databricks"]["auth"]["tokenFile"] = str(self.token_file)
        self.agent: Agent = stage.agent(config, {"observe": {"listen": f"{address}:{STATUS_PORT}"}})
        self.node = Node(tenant.api)
        self.node.run_pod(tenant.namespace, address)

    @property
    def name(self) -> str:
        return self.node.name

    def send(self, project: str | None = "mine") -> None:
        url = f"http://{self.agent.http_endpoint}/v1/traces"
        assert fetch(url, otlp.make_request(project=project), PROTOBUF)[0] == 200


@pytest.fixture
def nodes(stage, sandbox, tenant):
    """Two agents; the token of the first one is invalid."""
    made = [OnNode(stage, sandbox, tenant, token) for token in ("dapi-of-somebody-else", TOKEN)]
    yield made
    for one in made:
        one.node.remove()


def destination(tenant: Tenant, name: str) -> dict:
    found = tenant.get(EXPORT).get("status", {}).get("destinations", [])
    return next((one for one in found if one["name"] == name), {})


def wait_for(tenant: Tenant, name: str, what: str, wanted, timeout: float = 60) -> None:
    def there() -> bool:
        return destination(tenant, name).get(what) == wanted

    wait_until(there, f"{what} of {name} is {wanted}", timeout, every=0.2)


def row(control_plane, tenant: Tenant) -> list[str]:
    """READY, NODES, AGENTS, ARIZE, DATABRICKS"""
    shown = control_plane.kubectl("get", "dte", EXPORT, "--namespace", tenant.namespace)
    return shown.splitlines()[1].split()[1:6]


def test_the_status_follows_the_agents(control_plane, tenant, nodes):
    refused, _ = nodes
    tenant.wait_for_reason(EXPORT, "AgentsAvailable", "Available")
    # Their configuration comes from the sandbox, not from the operator.
    reloading = tenant.wait_for_reason(EXPORT, "Progressing", "ReloadingConfiguration")
    assert "0 of 2 agents have the newest configuration" in reloading["message"]
    tenant.wait_for_reason(EXPORT, "DatabricksDelivering", "Idle")
    tenant.wait_for_reason(EXPORT, "Ready", "Ready")
    assert row(control_plane, tenant) == ["True", "2", "2", "Idle", "Idle"]

    for one in nodes:
        one.send()
    paused = tenant.wait_for_reason(EXPORT, "DatabricksDelivering", "AuthRejected")
    assert paused["status"] == "False"
    assert refused.name in paused["message"] and "Spans are kept" in paused["message"]
    databricks = destination(tenant, "databricks")
    assert databricks["state"] == "Paused"
    assert databricks["nodesFailing"] == [refused.name]
    assert databricks["lastError"]["reason"] == "AuthRejected"
    ready = tenant.wait_for_reason(EXPORT, "Ready", "AuthRejected")
    assert ready["status"] == "False" and ready["message"].startswith("DatabricksDelivering: ")
    wait_for(
        tenant, "databricks", "backlogBytes", destination(tenant, "databricks")["backlogBytes"]
    )
    assert destination(tenant, "databricks")["backlogBytes"] > 0
    # The other destination keeps working throughout.
    assert tenant.condition(EXPORT, "ArizeDelivering")["status"] == "True"
    wait_for(tenant, "arize", "state", "Idle")
    assert row(control_plane, tenant) == ["False", "2", "2", "Idle", "Paused"]

    write_secret(refused.token_file, TOKEN)
    wait_for(tenant, "databricks", "state", "Idle")
    tenant.wait_for_reason(EXPORT, "DatabricksDelivering", "Idle")
    tenant.wait_for_reason(EXPORT, "Ready", "Ready")
    for name in ("arize", "databricks"):
        assert destination(tenant, name)["credential"]["nodes"] == "2/2"
        assert "nodesFailing" not in destination(tenant, name)
        assert "lastDelivered" in destination(tenant, name)
    events = f"/apis/events.k8s.io/v1/namespaces/{tenant.namespace}/events"

    def told() -> set[str]:
        found = control_plane.api.get(events)[1]["items"]
        return {one["reason"] for one in found if one["regarding"]["kind"] == "DualTraceExport"}

    wait_until(lambda: {"AuthRejected", "Ready", "Idle"} <= told(), "events report each step")


@pytest.fixture
def without_project(stage, sandbox, tenant):
    made = OnNode(stage, sandbox, tenant, TOKEN, project=None)
    yield made
    made.node.remove()


def test_spans_that_end_elsewhere_are_no_delivery(tenant, without_project):
    node = without_project
    tenant.wait_for_reason(EXPORT, "ArizeDelivering", "Idle")
    tenant.wait_for_reason(EXPORT, "Ready", "Ready")

    def dead_lettered() -> bool:
        node.send()
        return node.agent.spans("arize")["dead_lettered"] > 0

    node.send()
    wait_until(lambda: node.agent.spans("arize")["delivered"] == 1, "a span with one passes")
    node.send(project=None)
    wait_until(lambda: node.agent.lane("arize")["lastError"], "one without a project is refused")
    wait_until(dead_lettered, "a span without a project is set aside", every=0.5)
    told = tenant.wait_for_reason(EXPORT, "ArizeDelivering", "SpansDeadLettered")
    assert told["status"] == "False"
    for words in ("MissingProject", node.name, "spec.arize.project", "external_model_id"):
        assert words in told["message"]
    ready = tenant.wait_for_reason(EXPORT, "Ready", "SpansDeadLettered")
    assert ready["status"] == "False"
    arize = destination(tenant, "arize")
    assert arize["lastError"]["reason"] == "MissingProject"
    assert (arize["lost"]["spans"], arize["lost"]["reason"]) == (1, "MissingProject")
    assert tenant.condition(EXPORT, "DatabricksDelivering")["status"] == "True"

    # The next agent knows nothing of it, as with EmptyDir.
    node.agent.kill()
    shutil.rmtree(node.agent.config["delivery"]["folder"])
    wait_for(tenant, "arize", "state", "Unknown")
    node.agent.start()
    wait_for(tenant, "arize", "state", "Idle")
    assert node.agent.lane("arize")["losses"] == []
    assert tenant.condition(EXPORT, "ArizeDelivering")["reason"] == "SpansDeadLettered"
    (recent,) = tenant.get(EXPORT)["status"]["recentLosses"]
    assert (recent["node"], recent["destination"], recent["spans"]) == (node.name, "arize", 1)


def test_spans_that_all_lack_a_project_are_told_with_the_fix(tenant, without_project):
    node = without_project
    tenant.wait_for_reason(EXPORT, "ArizeDelivering", "Idle")
    for _ in range(3):
        node.send(project=None)
    paused = tenant.wait_for_reason(EXPORT, "ArizeDelivering", "EverythingRefused", 120)
    assert node.agent.lane("arize")["lastError"]["cause"] == "MissingProject"
    for words in ("MissingProject", node.name, "set spec.arize.project", "external_model_id"):
        assert words in paused["message"]
    ready = tenant.wait_for_reason(EXPORT, "Ready", "EverythingRefused")
    assert "set spec.arize.project" in ready["message"]


def test_credentials_are_told_before_the_first_span(tenant, nodes):
    first, _ = nodes
    tenant.wait_for_reason(EXPORT, "Ready", "Ready")
    first.token_file.unlink()
    missing = tenant.wait_for_reason(EXPORT, "CredentialsSynced", "NotMounted")
    assert first.name in missing["message"]
    tenant.wait_for_reason(EXPORT, "Ready", "NotMounted")
    # Only the next request proves a new credential; nothing is sent to test it.
    write_secret(first.token_file, TOKEN)
    proving = tenant.wait_for_reason(EXPORT, "CredentialsSynced", "RotationInProgress")
    assert first.name in proving["message"]
    tenant.wait_for_reason(EXPORT, "Ready", "Ready")
    first.send()
    tenant.wait_for_reason(EXPORT, "CredentialsSynced", "Synced")


def test_agents_that_say_nothing_are_no_delivery(tenant, nodes):
    tenant.wait_for_reason(EXPORT, "ArizeDelivering", "Idle")
    for one in nodes:
        one.agent.kill()
    silent = tenant.wait_for_reason(EXPORT, "ArizeDelivering", "NoReports")
    assert silent["status"] == "Unknown"
    tenant.wait_for_reason(EXPORT, "DatabricksDelivering", "NoReports")
    assert destination(tenant, "arize")["state"] == "Unknown"
    for one in nodes:
        one.agent.start()
    tenant.wait_for_reason(EXPORT, "ArizeDelivering", "Idle")


def test_pods_that_a_policy_refuses_are_no_riddle(control_plane, operator):
    tenant = Tenant(control_plane, "restricted")
    label = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    assert tenant.api.patch(f"/api/v1/namespaces/{tenant.namespace}", label)[0] == 200
    tenant.create(EXPORT)
    tenant.wait_for_reason(EXPORT, "Ready", "NoNodes")
    node = Node(tenant.api)
    try:
        tenant.wait_for_reason(EXPORT, "AgentsAvailable", "PodsUnavailable")
        message = tenant.condition(EXPORT, "Ready")["message"]
        assert "1 of 1 nodes have no agent pod" in message
        assert "Pod Security" in message
        tenant.change(EXPORT, {"delivery": {"storage": "EmptyDir"}})
        wait_until(lambda: node.pods(tenant.namespace), "the policy admits the pod")
    finally:
        node.remove()


def test_a_status_that_somebody_empties_is_written_again(tenant):
    path = f"{tenant.exports}/{EXPORT}/status"
    assert tenant.api.patch(path, {"status": None})[0] == 200
    tenant.wait_for_reason(EXPORT, "Ready", "NoNodes")
