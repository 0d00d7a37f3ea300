# SPDX-License-Identifier: Apache-2.0
"""Every kind of Databricks credential with each protocol, on real nodes under steady load, while
all of them are changed, invalidated, revoked and deleted. The agents of some exports have a clock
that is ten minutes off. The tests are phases of one history: each applies its fault to all exports
in parallel, and the last one checks what arrived."""

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from harness import sandbox
from harness.chart import NAMESPACE
from harness.identities import fingerprint
from harness.live_cluster import LiveCluster, namespace, secret
from harness.node_load import NodeLoad
from harness.planted import Planted, shown_in_proc
from harness.processes import wait_until
from harness.sandbox import DESTINATIONS

EXPORT = "agents"
ACCOUNT = "6b3f6d3c-0000-4000-8000-3f2a1c9d8e7f"  # the audience
PATIENCE = 180  # the kubelet's sync, the agents' file check, the operator's poll and the reports
RATE = 20  # spans per second from each node to each export
# How long both secrets are revoked; set it to ten minutes for a run by hand.
REVOKED_SECONDS = float(os.environ.get("DUALTRACE_REVOKED_SECONDS", "20"))
CLOCKS = {"ahead": 600, "right": 0, "behind": -600}  # how far an agent's clock is off, in seconds
DOORS = {"Workspace": "databricks", "Zerobus": "zerobus"}


@dataclass
class Case:
    live: LiveCluster
    kind: str
    ingest: str
    number: int
    image: str | None  # of its agents, unless it is the installation's default
    loads: list[NodeLoad] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.ingest}".lower()

    @property
    def door(self) -> str:
        return DOORS[self.ingest]

    @property
    def client(self) -> str:
        return f"6f1c2f6e-0000-4000-8000-00000000000{self.number}"

    def secret(self, version: str) -> str:
        return f"dose{version}{self.name}0123456789abcdef"

    def subject(self) -> str:
        return f"system:serviceaccount:{self.name}:{EXPORT}-dualtrace"

    def put(self, version: str, key: str | None = None) -> None:
        """Writes the secret into the Secret, under the key in the export unless the test chooses
        another one."""
        if self.kind == "token":
            values = {key or "token": self.secret(version)}
        else:
            values = {"client-id": self.client, key or "client-secret": self.secret(version)}
        self.live.apply(secret("databricks", self.name, **values))

    def auth(self) -> dict:
        if self.kind == "workloadIdentity":
            # The minimum in Kubernetes: the kubelet renews the token after eight minutes.
            identity = {"clientID": self.client, "audience": ACCOUNT, "expirationSeconds": 600}
            return {"workloadIdentity": identity}
        return {self.kind: {"secretName": "databricks"}}

    def create(self) -> None:
        trust = {"configMapName": "destinations", "key": "ca.crt"}
        databricks = {
            "workspaceURL": "https://databricks.destinations.svc",
            "table": sandbox.TABLE,
            "auth": self.auth(),
            "ingest": self.ingest,
            "ca": trust,
        }
        if self.ingest == "Zerobus":
            databricks["zerobus"] = {"endpoint": "https://zerobus.destinations.svc"}
        self.live.apply(namespace(self.name))
        if self.kind != "workloadIdentity":
            self.put("first")
        self.live.apply(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "destinations", "namespace": self.name},
                "data": {"ca.crt": self.live.sandbox.ca_file.read_text()},
            },
            {
                "apiVersion": "dualtrace.dev/v1alpha1",
                "kind": "DualTraceExport",
                "metadata": {"name": EXPORT, "namespace": self.name},
                "spec": {
                    "databricks": databricks,
                    "delivery": {"storage": "EmptyDir"},
                    "agent": {"image": self.image} if self.image else {},
                },
            },
        )

    def status(self) -> dict:
        return self.live.get(f"dualtraceexports/{EXPORT}", self.name).get("status", {})

    def destination(self) -> dict:
        found = self.status().get("destinations", [])
        return next((one for one in found if one["name"] == "databricks"), {})

    def credential(self) -> dict:
        return self.destination().get("credential", {})

    def condition(self, kind: str) -> dict:
        found = self.status().get("conditions", [])
        return next((one for one in found if one["type"] == kind), {"status": "", "reason": ""})

    def is_in_use(self, secret_text: str) -> bool:
        said = self.credential()
        return said.get("fingerprint") == fingerprint(secret_text) and said.get("nodes") == "2/2"

    def events(self) -> set[str]:
        events = self.live.get("events", self.name)["items"]
        return {
            event["reason"]
            for event in events
            if event["involvedObject"]["kind"] == "DualTraceExport"
        }

    def uses(self, secret_text: str) -> int:
        """The number of requests for spans or tokens that the sandbox has received with it."""
        stats = self.live.sandbox.admin("/stats")
        seen = [stats[door]["credentials"].get(fingerprint(secret_text), {}) for door in (self.door, "token")]
        return sum(one.get("accepted", 0) + one.get("refused", 0) for one in seen)


class Cases(list):
    """All identities, and the sandbox settings that they need together."""

    def __init__(self, live: LiveCluster, cases):
        super().__init__(cases)
        self.live = live
        self.keys = json.loads(live.kubectl("get", "--raw", "/openid/v1/jwks"))
        about = json.loads(live.kubectl("get", "--raw", "/.well-known/openid-configuration"))
        self.issuer = about["issuer"]

    @property
    def with_secret(self) -> list[Case]:
        return [case for case in self if case.kind != "workloadIdentity"]

    @property
    def with_tokens(self) -> list[Case]:
        """The cases that use the token endpoint."""
        return [case for case in self if case.kind != "token"]

    def allow(self, *versions: str) -> None:
        """Makes exactly these versions of each Secret valid."""
        tokens = [case.secret(v) for case in self if case.kind == "token" for v in versions]
        principals = {
            case.client: {"secrets": [case.secret(v) for v in versions]}
            for case in self
            if case.kind != "token"
        }
        policies = [
            {
                "issuer": self.issuer,
                "audiences": [ACCOUNT],
                "subject": case.subject(),
                "client_id": case.client,
                "jwks": self.keys,
            }
            for case in self
            if case.kind == "workloadIdentity"
        ]
        access = {"databricks_tokens": tokens, "service_principals": principals}
        self.live.sandbox.admin("/credentials", {**access, "federation_policies": policies})

    def wait_until(self, condition, what: str, cases=None, timeout: float = PATIENCE) -> None:
        for case in self if cases is None else cases:
            wait_until(lambda: condition(case), f"{case.name}: {what}", timeout, every=0.5)


@pytest.fixture(scope="module")
def cases(live, tmp_path_factory):
    kinds = [
        ("token", "Workspace", "right"),
        ("oauth", "Workspace", "right"),
        ("oauth", "Zerobus", "behind"),
        ("workloadIdentity", "Workspace", "ahead"),
        ("workloadIdentity", "Zerobus", "behind"),
    ]
    images = {
        clock: live.load_agent_with_clock(clock, seconds)
        for clock, seconds in CLOCKS.items()
        if seconds
    }
    made = [Case(live, kind, way, n, images.get(clock)) for n, (kind, way, clock) in enumerate(kinds)]
    all_of_them = Cases(live, made)
    all_of_them.allow("first", "second")
    for case in all_of_them:
        case.create()
    yield all_of_them
    for case in all_of_them:
        for load in case.loads:
            load.process.stop()
        live.kubectl("delete", "namespace", case.name, "--wait=false")
    live.sandbox.admin("/credentials", sandbox.ACCESS | {"databricks_tokens": [sandbox.TOKEN]})


@pytest.fixture(scope="module")
def loaded(live, cases, tmp_path_factory):
    """With a load from each node to each export."""
    cases.wait_until(lambda case: case.condition("Ready")["status"] == "True", "is Ready")
    for case in cases:
        service = live.get(f"services/{EXPORT}-dualtrace", case.name)["spec"]["clusterIP"]
        folder = tmp_path_factory.mktemp(case.name)
        for node in live.cluster.nodes().each:
            enter = node.machine.in_network()
            case.loads.append(NodeLoad(enter, service, RATE, folder, f"{case.name}-{node.name}"))
    return cases


def test_each_credential_opens_its_lane(loaded):
    loaded.wait_until(lambda case: case.is_in_use(case.secret("first")), "in use", loaded.with_secret)
    for case in loaded:
        if case.kind == "workloadIdentity":
            wait_until(
                lambda: case.credential().get("nodes") == "2/2", f"{case.name} is in use", PATIENCE
            )
            identity = case.credential()["identity"]
            assert identity == {
                "issuer": loaded.issuer,
                "subject": case.subject(),
                "audiences": [ACCOUNT],
            }


def test_a_good_credential_follows_a_good_one(loaded):
    for case in loaded.with_secret:
        case.put("second")
    loaded.wait_until(
        lambda case: case.is_in_use(case.secret("second"))
        and case.credential().get("previousCredentialUnusedSince")
        and "PreviousCredentialUnused" in case.events(),
        "the second is in use, and the first may be revoked",
        loaded.with_secret,
    )
    before = {case.name: case.uses(case.secret("first")) for case in loaded.with_secret}
    loaded.allow("second")
    flowed = {case.name: case.uses(case.secret("second")) for case in loaded.with_secret}
    loaded.wait_until(
        lambda case: case.uses(case.secret("second")) > flowed[case.name] + 5,
        "requests continue",
        [case for case in loaded.with_secret if case.kind == "token"],
    )
    after = {case.name: case.uses(case.secret("first")) for case in loaded.with_secret}
    assert after == before


def test_a_bad_credential_changes_nothing_but_the_status(loaded):
    for case in loaded.with_secret:
        case.put("bad")
    loaded.wait_until(
        lambda case: case.condition("CredentialsSynced")["reason"] == "CredentialRejected",
        "the status reports the bad one",
        loaded.with_secret,
    )
    for case in loaded.with_secret:
        assert case.is_in_use(case.secret("second"))
        assert case.destination()["state"] in ("Delivering", "Idle")
    for case in loaded.with_secret:
        case.put("second")
    loaded.wait_until(
        lambda case: case.condition("CredentialsSynced")["status"] == "True",
        "all is well again",
        loaded.with_secret,
    )


def test_a_secret_that_is_gone_or_has_a_wrong_key_stops_nothing(live, loaded):
    for case in loaded.with_secret:
        case.live.kubectl("delete", "secret/databricks", f"--namespace={case.name}")
    loaded.wait_until(
        lambda case: case.condition("CredentialsSynced")["status"] != "True",
        "the status reports the missing Secret",
        loaded.with_secret,
        timeout=300,
    )
    for case in loaded.with_secret:
        case.put("second", key="tokne")
    loaded.wait_until(
        lambda case: case.condition("CredentialsSynced")["status"] != "True",
        "the status reports the missing key",
        loaded.with_secret,
    )
    for case in loaded.with_secret:
        assert case.destination()["state"] in ("Delivering", "Idle")
        case.live.kubectl("delete", "secret/databricks", f"--namespace={case.name}")
        case.put("second")
    loaded.wait_until(
        lambda case: case.condition("CredentialsSynced")["status"] == "True",
        "all is well again",
        loaded.with_secret,
        timeout=300,
    )


def test_all_revoked_for_a_while_keeps_everything(live, loaded):
    loaded.allow("none")
    live.sandbox.admin("/tokens/revoke", {})
    live.sandbox.fault("token", "status", status=401, body='{"error": "invalid_client"}')
    loaded.wait_until(lambda case: case.destination().get("state") == "Paused", "pauses")
    loaded.wait_until(lambda case: case.condition("Ready")["status"] == "False", "is not Ready")
    time.sleep(REVOKED_SECONDS)  # the outage itself; there is no condition to wait for
    live.sandbox.fault("token", "none")
    loaded.allow("second", "third")
    for case in loaded.with_secret:
        case.put("third")
    # The back-off after a long outage reaches five minutes.
    loaded.wait_until(
        lambda case: case.is_in_use(case.secret("third")), "in use", loaded.with_secret, timeout=400
    )
    loaded.wait_until(
        lambda case: case.condition("Ready")["status"] == "True", "is Ready", timeout=400
    )


def test_a_token_endpoint_that_is_down_across_an_expiry_costs_time(live, loaded):
    live.sandbox.fault("token", "status", status=503, body="<html>down</html>")
    live.sandbox.admin("/tokens/expire", {})
    loaded.wait_until(
        lambda case: case.destination().get("state") not in ("Delivering", "Idle"),
        "does not deliver",
        loaded.with_tokens,
    )
    live.sandbox.fault("token", "none")
    loaded.wait_until(
        lambda case: case.destination().get("state") in ("Delivering", "Idle"),
        "delivers again",
        loaded.with_tokens,
    )


def projected_token_file(live, case: Case) -> Path:
    """The file that the first node's kubelet mounted for its agent, by its path on that node."""
    node = live.cluster.nodes().each[0]
    pods = live.get("pods", case.name, f"--field-selector=spec.nodeName={node.name}")["items"]
    pod = Path("/proc", str(node.machine.pid), "root/var/lib/kubelet/pods", pods[0]["metadata"]["uid"])
    (file,) = pod.glob("volumes/kubernetes.io~projected/*/databricks-token")
    return file


def test_the_kubelet_renews_the_token_and_nobody_notices(live, loaded):
    ours = [case for case in loaded if case.kind == "workloadIdentity"]
    before = {case.name: projected_token_file(live, case).read_text() for case in ours}
    loaded.wait_until(
        lambda case: projected_token_file(live, case).read_text() != before[case.name],
        "the kubelet has renewed the token",
        ours,
        timeout=600,
    )
    live.sandbox.admin("/tokens/revoke", {})  # so that the new one must be exchanged
    loaded.wait_until(lambda case: case.condition("Ready")["status"] == "True", "is Ready", ours)
    for case in ours:
        said = case.credential()
        assert "previousFingerprint" not in said and "candidates" not in said
        assert "PreviousCredentialUnused" not in case.events()


def everything_said(live, cases: Cases) -> dict[str, str]:
    """Everything that people or programs without permission to read Secrets can see, by source."""
    kinds = "pods,services,configmaps,serviceaccounts,daemonsets,networkpolicies,events,leases"
    said = {
        "objects": live.kubectl("get", kinds, "--all-namespaces", "--output=yaml"),
        "exports": live.kubectl("get", "dte", "--all-namespaces", "--output=yaml"),
    }
    for pod in live.get("pods", NAMESPACE)["items"]:
        name = pod["metadata"]["name"]
        said[f"log of {name}"] = live.kubectl("logs", f"--namespace={NAMESPACE}", name)
    for case in cases:
        for pod in live.get("pods", case.name)["items"]:
            name = pod["metadata"]["name"]
            said[f"log of {name}"] = live.kubectl("logs", f"--namespace={case.name}", name)
            raw = f"/api/v1/namespaces/{case.name}/pods/{name}:8888/proxy"
            for path in ("/", "/status", "/metrics"):
                said[f"{path} of {name}"] = live.kubectl("get", "--raw", raw + path)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text().startswith("dualtrace"):
                said |= shown_in_proc(process, f"process {process.name}")
        except OSError:
            continue  # the process has ended
    return said


def test_no_secret_shows_anywhere(live, loaded):
    planted = Planted(**{f"minted_{n}": one for n, one in enumerate(live.sandbox.admin("/tokens"))})
    for case in loaded:
        if case.kind == "workloadIdentity":
            planted.add(**{case.name: projected_token_file(live, case).read_text()})
        for version in ("first", "second", "third", "bad"):
            planted.add(**{f"{case.name}_{version}": case.secret(version)})
    planted.assert_absent(everything_said(live, loaded))


def test_nothing_was_lost_came_twice_or_restarted(live, loaded):
    for case in loaded:
        stored = set()
        for load in case.loads:
            told = load.stop()
            assert (told.refused, told.unanswered) == (0, 0), case.name
            stored |= told.stored
        assert stored
        wait_until(
            lambda: stored <= live.sandbox.traces(case.door),
            f"{case.name}: all that was stored has arrived",
            PATIENCE,
            every=1,
        )
        for pod in live.get("pods", case.name)["items"]:
            for container in pod["status"]["containerStatuses"]:
                assert container["restartCount"] == 0
    stats = live.sandbox.admin("/stats")
    assert [stats[name]["duplicates"] for name in (*DESTINATIONS, "zerobus")] == [0, 0, 0]
