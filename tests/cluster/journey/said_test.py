# SPDX-License-Identifier: Apache-2.0
"""Which signals report which fault, on real nodes: each fault has its own export and an application
that sends through it. Each test checks Ready, the condition, its reason, the event, the line of
`kubectl get` and a metric of the agents. The table in docs/what_is_said.md is compared, or written
with DUALTRACE_REGENERATE=1."""

import base64
import json
import os
import re
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from harness import sandbox
from harness.chart import NAMESPACE, RELEASE
from harness.live_cluster import LiveCluster, namespace, secret
from harness.processes import wait_until

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "what_is_said.md"
EXPORT = "agents"
ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
SPAN = {
    "traceId": "5b8efff798038103d269b633813fc60c",
    "spanId": "eee19b7ec3c1b174",
    "name": "said",
    "kind": 1,
    "startTimeUnixNano": "1544712660000000000",
    "endTimeUnixNano": "1544712661000000000",
}
REQUEST = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]})
SEND = f"""
while true; do
  wget -q -O - --header 'Content-Type: application/json' --post-data '{REQUEST}' "${ENDPOINT}"
  sleep 2
done
"""


@dataclass
class Place:
    """The namespace of one fault, and its objects."""

    live: LiveCluster
    name: str
    nodes: list[str]
    keys: dict[str, str] = field(
        default_factory=lambda: {"api-key": sandbox.API_KEY, "space-id": sandbox.SPACE_ID}
    )
    project: str | None = "said"
    agent: dict = field(default_factory=dict)
    authority: str = "configMapName"  # where `ca` finds it: this, or secretName
    authority_key: str | None = "ca.crt"  # under which it is stored; None: nothing is
    immutable: bool = False  # the Secret and the ConfigMap
    operator_reads: bool = False  # whether it may read the Secret
    node: int = 0  # the application's node
    is_guest: bool = False  # the application has its own namespace, which the export admits
    starts_ready: bool = True  # otherwise, Arize's lane is paused at first
    later: Callable[["Place"], None] | None = None  # called once the export is so
    cleanup: ExitStack = field(default_factory=ExitStack)

    @property
    def application_space(self) -> str:
        return f"{self.name}-guest" if self.is_guest else self.name

    def put_keys(self, **more: str) -> None:
        keys = self.keys | more
        if keys:
            made = secret("arize", self.name, **keys) | {"immutable": self.immutable}
            self.live.apply(made)

    def put_authority(self, more: str = "") -> None:
        if self.authority_key:
            made = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "destinations", "namespace": self.name},
                "data": {self.authority_key: self.live.sandbox.ca_file.read_text() + more},
                "immutable": self.immutable,
            }
            self.live.apply(made)

    def build(self) -> None:
        arize = {
            "endpoint": "https://arize.destinations.svc:443",
            "credentials": {"secretName": "arize"},
            "ca": {self.authority: "destinations", "key": "ca.crt"},
        }
        if self.project:
            arize["project"] = self.project
        spec = {"arize": arize, "delivery": {"storage": "EmptyDir"}, "agent": self.agent}
        if self.is_guest:
            labels = {"kubernetes.io/metadata.name": self.application_space}
            spec["injection"] = {"namespaceSelector": {"matchLabels": labels}}
        self.live.apply(*map(namespace, self.namespaces()))
        if self.operator_reads:  # before the operator first sees the export
            self.let_operator_read()
        self.live.apply(
            {
                "apiVersion": "dualtrace.dev/v1alpha1",
                "kind": "DualTraceExport",
                "metadata": {"name": EXPORT, "namespace": self.name},
                "spec": spec,
            },
        )
        self.put_authority()
        self.put_keys()

    def namespaces(self) -> set[str]:
        return {self.name, self.application_space}

    def let_operator_read(self) -> None:
        operator = self.live.get(f"deployment/{RELEASE}", NAMESPACE)["spec"]["template"]["spec"]
        manifest = ROOT / "operator" / "manifests" / "secret-reader.yaml"
        for made in yaml.safe_load_all(manifest.read_text()):
            made["metadata"]["namespace"] = self.name
            for subject in made.get("subjects", []):
                subject |= {"name": operator["serviceAccountName"], "namespace": NAMESPACE}
            self.live.apply(made)

    def run_application(self) -> None:
        """Creates it on that node. Retries while the webhook does not know the export yet."""
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": "app",
                "annotations": {"dualtrace.dev/inject": f"{self.name}/{EXPORT}"},
            },
            "spec": {
                "nodeName": self.nodes[self.node],
                "terminationGracePeriodSeconds": 0,
                "containers": [
                    {"name": "app", "image": "localhost/busybox:1", "command": ["sh", "-c", SEND]}
                ],
            },
        }
        place = f"--namespace={self.application_space}"

        def injected() -> bool:
            self.live.kubectl("create", place, "--filename=-", stdin=json.dumps(pod))
            made = self.live.get("pod/app", self.application_space)["metadata"]["annotations"]
            if "dualtrace.dev/injected" in made:
                return True
            self.live.kubectl("delete", place, "pod/app", "--grace-period=0", "--force", check=False)
            return False

        wait_until(injected, "the application is injected", 30, every=0.5)

    def status(self) -> dict:
        return self.live.get(f"dualtraceexports/{EXPORT}", self.name).get("status", {})

    def condition(self, kind: str) -> dict:
        found = [one for one in self.status().get("conditions", []) if one["type"] == kind]
        return found[0] if found else {}

    def events(self) -> set[tuple[str, str]]:
        found = self.live.get("events", self.name)["items"]
        about = [one for one in found if one["involvedObject"]["kind"] == "DualTraceExport"]
        return {(one["type"], one["reason"]) for one in about}

    def row(self) -> str:
        """READY, NODES, AGENTS, ARIZE of `kubectl get`."""
        line = self.live.kubectl("get", "dte", EXPORT, f"--namespace={self.name}", "--no-headers")
        return " ".join(line.split()[1:5])

    def agent_pods(self) -> list[dict]:
        return self.live.get("pods", self.name, "--selector=dualtrace.dev/export")["items"]

    def wait_until_started(self) -> None:
        if self.starts_ready:
            self.wait_until_ready()
        else:
            wait_until(lambda: self.row().endswith(" Paused"), "its lane is paused", 180, every=1)

    def wait_until_ready(self) -> None:
        wait_until(
            lambda: self.condition("Ready").get("status") == "True",
            f"the export {self.name} is Ready before; it says {self.status()}",
            180,
            every=1,
        )

    def metrics(self) -> str:
        """The sum over all agents of the export."""
        raw = f"/api/v1/namespaces/{self.name}/pods/{{}}:8888/proxy/metrics"
        names = [pod["metadata"]["name"] for pod in self.agent_pods()]
        return "".join(self.live.kubectl("get", "--raw", raw.format(name)) for name in names)


@dataclass(frozen=True)
class Fault:
    name: str
    text: str
    ready: str  # "False"
    condition: str
    status: str
    reason: str
    arize: str  # `kubectl get`'s column of that name
    metric: str = ""  # a metric series of the agents that is not 0
    nodes: int = 2  # with a ready agent, as `kubectl get` counts them
    members: dict = field(default_factory=dict)  # fields of Place
    outage: dict = field(default_factory=dict)  # a fault of Arize, which affects all exports
    patience: float = 120
    fix: str = ""  # what the condition's message says to do


def replace_immutable_secret(place: Place) -> None:
    place.live.kubectl("delete", "secret/arize", f"--namespace={place.name}")
    place.put_keys(**{"api-key": "ak-another-key-0123456789"})


def correct_immutable_secret(place: Place) -> None:
    place.live.kubectl("delete", "secret/arize", f"--namespace={place.name}")
    place.put_keys(**{"api-key": sandbox.API_KEY})


def replace_immutable_authority(place: Place) -> None:
    place.live.kubectl("delete", "configmap/destinations", f"--namespace={place.name}")
    place.put_authority("# made again\n")


def admit_nobody(place: Place) -> None:
    removal = json.dumps([{"op": "remove", "path": "/spec/injection"}])
    where = f"--namespace={place.name}"
    place.live.kubectl("patch", "dte", EXPORT, where, "--type=json", f"--patch={removal}")


def keep_operator_from_agents(place: Place) -> None:
    """The kubelet's probes and the applications still reach them."""
    operators = place.live.get("pods", NAMESPACE)["items"]
    for operator in (pod["status"]["podIP"] for pod in operators):
        for agent in (pod["status"]["podIP"] for pod in place.agent_pods()):
            rule = ["--source", operator, "--destination", agent, "--jump", "DROP"]
            for node in place.live.cluster.nodes().each:
                iptables = [*node.machine.in_network(), "iptables", "--wait"]
                subprocess.run([*iptables, "--insert", "FORWARD", *rule], check=True)
                # Another pod may get the address.
                remove = [*iptables, "--delete", "FORWARD", *rule]
                place.cleanup.callback(subprocess.run, remove, check=True)


TWICE = base64.b64encode(sandbox.API_KEY.encode()).decode()
BYTE_ORDER_MARK = "\ufeff"
ON_FIRST = {"nodeSelector": {"said": "first"}}
SENDS = "Idle|Delivering"
def with_api_key(key: str) -> dict:
    return {"keys": {"api-key": key, "space-id": sandbox.SPACE_ID}}


FAULTS = [
    Fault("none", "nothing is wrong", "True", "ArizeDelivering", "True", "Idle|Delivering", SENDS),
    Fault(
        "no-secret",
        "the Secret that the export names does not exist",
        "False",
        "CredentialsSynced",
        "False",
        "SecretMissing",
        "Paused",
        members={"keys": {}, "operator_reads": True},
    ),
    Fault(
        "no-secret-unread",
        "the same, where the operator may not read Secrets",
        "False",
        "CredentialsSynced",
        "False",
        "NotMounted",
        "Paused",
        members={"keys": {}},
    ),
    *(
        Fault(
            name,
            text,
            "False",
            "CredentialsSynced",
            "False",
            reason,
            "Paused",
            members=members,
        )
        for name, text, reason, members in (
            (
                "quoted-key",
                "the key in the Secret is in quotes",
                "ValueUnusable",
                with_api_key(f'"{sandbox.API_KEY}"'),
            ),
            (
                "encoded-key",
                "the key in the Secret is base64-encoded twice",
                "ValueUnusable",
                with_api_key(TWICE),
            ),
            (
                "marked-key",
                "the key in the Secret begins with a byte order mark",
                "ValueUnusable",
                with_api_key(BYTE_ORDER_MARK + sandbox.API_KEY),
            ),
            (
                "no-ca",
                "the ConfigMap under `ca` does not exist",
                "SecretMissing",
                {"authority_key": None},
            ),
            (
                "no-ca-key",
                "the ConfigMap under `ca` has no such key",
                "KeyMissing",
                {"authority_key": "trust-bundle.pem"},
            ),
            (
                "no-ca-unread",
                "the Secret under `ca` does not exist, where the operator may not read Secrets",
                "NotMounted",
                {"authority": "secretName", "authority_key": None},
            ),
        )
    ),
    Fault(
        "wrong-key",
        "the key in the Secret is not one that Arize knows",
        "False",
        "ArizeDelivering",
        "False",
        "AuthRejected|PermissionDenied",
        "Paused",
        'dualtrace_lane_state{lane="arize",state="Paused"}',
        members=with_api_key("ak-wrong-0123456789"),
    ),
    Fault(
        "no-project",
        "spans name no project, and neither does the export",
        "False",
        "ArizeDelivering",
        "False",
        "SpansDeadLettered|EverythingRefused",
        "Paused",
        'dualtrace_lane_state{lane="arize",state="Paused"}',
        members={"project": None},
        fix="set spec.arize.project",
    ),
    Fault(
        "unserved",
        "an injected pod runs on a node without an agent (`traffic: SameNode`)",
        "False",
        "AgentsAvailable",
        "False",
        "PodsUnserved",
        "Idle",
        nodes=1,
        members={"agent": ON_FIRST | {"traffic": "SameNode"}, "node": 1},
    ),
    Fault(
        "served-by-others",
        "an injected pod runs on a node without an agent (`traffic: PreferSameNode`)",
        "True",
        "AgentsAvailable",
        "True",
        "ServedByOtherNodes",
        SENDS,
        nodes=1,
        members={"agent": ON_FIRST | {"traffic": "PreferSameNode"}, "node": 1},
    ),
    Fault(
        "shut-out",
        "the export no longer admits the namespace of an injected pod",
        "False",
        "AgentsAvailable",
        "False",
        "PodsShutOut",
        SENDS,
        members={"is_guest": True, "later": admit_nobody},
    ),
    Fault(
        "silent",
        "the operator has not reached the agents for five minutes",
        "Unknown",
        "AgentsAvailable",
        "Unknown",
        "AgentsSilent",
        "Unknown",
        members={"later": keep_operator_from_agents},
        patience=480,
    ),
    Fault(
        "immutable",
        "an immutable Secret is deleted and created again with another key (the operator may read it)",
        "False",
        "CredentialsSynced",
        "False",
        "SecretNotTaken",
        SENDS,
        members={"immutable": True, "operator_reads": True, "later": replace_immutable_secret},
        patience=960,  # the operator looks at Secrets every ten minutes
    ),
    Fault(
        "immutable-quotes",
        "an immutable Secret with the key in quotes is deleted and created again without them (the "
        "operator may read it)",
        "False",
        "CredentialsSynced",
        "False",
        "SecretNotTaken",
        "Paused",
        members=with_api_key(f'"{sandbox.API_KEY}"')
        | {
            "immutable": True,
            "operator_reads": True,
            "starts_ready": False,
            "later": correct_immutable_secret,
        },
        patience=960,
        fix="create a Secret with a new name",
    ),
    Fault(
        "immutable-ca",
        "an immutable ConfigMap under `ca` is deleted and created again with different content",
        "False",
        "CredentialsSynced",
        "False",
        "SecretNotTaken",
        SENDS,
        members={"immutable": True, "later": replace_immutable_authority},
        patience=960,
        fix="create a ConfigMap with a new name",
    ),
    # Keep these faults last: they affect all exports.
    Fault(
        "rejected",
        "Arize accepts a request and rejects one of its spans",
        "False",
        "ArizeDelivering",
        "False",
        "SpansRejected",
        SENDS,
        'dualtrace_lane_rejected_spans_total{lane="arize"}',
        outage={"kind": "partial", "rejected_spans": 1, "message": "a span is malformed"},
    ),
    Fault(
        "unavailable",
        "Arize answers UNAVAILABLE",
        "False",
        "ArizeDelivering",
        "False",
        "Retrying",
        "Retrying",
        'dualtrace_lane_state{lane="arize",state="Retrying"}',
        outage={"kind": "status", "code": 14, "message": "overloaded"},
    ),
]


@pytest.fixture(scope="module")
def places(live):
    nodes = [node.name for node in live.cluster.nodes().each]
    live.kubectl("label", f"node/{nodes[0]}", "said=first", "--overwrite")
    made = {}
    for fault in FAULTS:
        made[fault.name] = Place(live, f"said-{fault.name}", nodes, **fault.members)
        made[fault.name].build()
    for place in made.values():
        place.run_application()
    for place in made.values():
        if place.later:
            place.wait_until_started()
            place.later(place)
    yield made
    for place in made.values():
        place.cleanup.close()
        live.kubectl("delete", "namespace", *place.namespaces(), "--wait=false")


@pytest.fixture
def outage(live, places):
    """Called with a fault of Arize and with the export whose report on it is the test."""

    def begin(place: Place, kind: str, **members) -> None:
        place.wait_until_ready()
        live.sandbox.fault("arize", kind, **members)

    yield begin
    live.sandbox.fault("arize", "none")


def is_said(place: Place, fault: Fault) -> bool:
    condition = place.condition(fault.condition)
    if condition.get("status") != fault.status:
        return False
    return condition["reason"] in fault.reason.split("|") and (
        place.condition("Ready").get("status") == fault.ready
    )


def series(metrics: str, name: str) -> list[float]:
    return [float(line.split()[-1]) for line in metrics.splitlines() if line.startswith(name)]


def event_of(fault: Fault, reason: str) -> tuple[str, str]:
    """Type and reason."""
    return ("Normal", "Ready") if fault.ready == "True" else ("Warning", reason)


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_fault_is_said_everywhere(live, places, outage, fault):
    place = places[fault.name]
    if fault.outage:
        outage(place, **fault.outage)
    try:
        wait_until(lambda: is_said(place, fault), "it is reported", fault.patience, every=1)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{json.dumps(place.status(), indent=1)}") from None
    condition, ready = place.condition(fault.condition), place.condition("Ready")
    reason = condition["reason"]
    assert fault.fix in condition["message"]
    if fault.ready != "True":
        assert ready["reason"] == reason
        assert ready["message"] == f"{fault.condition}: {condition['message']}"
    event = event_of(fault, reason)
    wait_until(lambda: event in place.events(), f"an event says {event}", 60, every=1)
    printed = f"{fault.ready} {fault.nodes} {fault.nodes} ({fault.arize})"
    wait_until(
        lambda: re.fullmatch(printed, place.row()), f"kubectl get prints {printed}", 60, every=1
    )
    if fault.metric:
        wait_until(
            lambda: any(series(place.metrics(), fault.metric)), f"{fault.metric} is set", 60, every=1
        )
    if fault.name == "served-by-others":
        before = live.sandbox.admin("/stats")["arize"]["spans"]
        wait_until(
            lambda: live.sandbox.admin("/stats")["arize"]["spans"] > before,
            "its spans arrive",
            60,
            every=1,
        )


def row(fault: Fault) -> str:
    event = "Normal `Ready`" if fault.ready == "True" else "Warning, with the same reason"
    arize = fault.arize.replace("|", " or ")
    return (
        f"| {fault.text} | {fault.ready} | `{fault.condition}` {fault.status}"
        f" | `{fault.reason.replace('|', '` or `')}` | {event}"
        f" | {fault.ready}, {fault.nodes}, {fault.nodes}, {arize}"
        f" | {'`' + fault.metric + '`' if fault.metric else '–'} |"
    )


def test_the_page_has_these_faults():
    page = PAGE.read_text()
    begin, end = "|---|---|---|---|---|---|---|\n", "\n\n"
    start = page.index(begin) + len(begin)
    table = "\n".join(row(fault) for fault in FAULTS)
    made = page[:start] + table + page[page.index(end, start) :]
    if os.environ.get("DUALTRACE_REGENERATE"):
        PAGE.write_text(made)
    assert page == made
