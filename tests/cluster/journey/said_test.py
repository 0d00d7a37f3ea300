# SPDX-License-Identifier: Apache-2.0
"""Which signals report which fault, on real nodes: each fault has its own export and an application
that sends through it. Each test checks Ready, the condition, its reason, the event, the line of
`kubectl get` and a metric of the agents. The table in docs/what_is_said.md is compared, or written
with DUALTRACE_REGENERATE=1."""

import json
import os
from collections.abc import Callable
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
    immutable: bool = False
    operator_reads: bool = False  # whether it may read the Secret
    node: int = 0  # the application's node
    later: Callable[["Place"], None] | None = None  # called once the export is Ready

    def put_keys(self, **more: str) -> None:
        keys = self.keys | more
        if keys:
            made = secret("arize", self.name, **keys) | {"immutable": self.immutable}
            self.live.apply(made)

    def build(self) -> None:
        trust = {"name": "destinations", "namespace": self.name}
        ca = {"ca.crt": self.live.sandbox.ca_file.read_text()}
        arize = {
            "endpoint": "https://arize.destinations.svc:443",
            "credentials": {"secretName": "arize"},
            "ca": {"configMapName": "destinations", "key": "ca.crt"},
        }
        if self.project:
            arize["project"] = self.project
        spec = {"arize": arize, "delivery": {"storage": "EmptyDir"}, "agent": self.agent}
        self.live.apply(namespace(self.name))
        if self.operator_reads:  # before the operator first sees the export
            self.let_operator_read()
        self.live.apply(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": trust, "data": ca},
            {
                "apiVersion": "dualtrace.dev/v1alpha1",
                "kind": "DualTraceExport",
                "metadata": {"name": EXPORT, "namespace": self.name},
                "spec": spec,
            },
        )
        self.put_keys()

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
            "metadata": {"name": "app", "annotations": {"dualtrace.dev/inject": EXPORT}},
            "spec": {
                "nodeName": self.nodes[self.node],
                "terminationGracePeriodSeconds": 0,
                "containers": [
                    {"name": "app", "image": "localhost/busybox:1", "command": ["sh", "-c", SEND]}
                ],
            },
        }
        place = f"--namespace={self.name}"

        def injected() -> bool:
            self.live.kubectl("create", place, "--filename=-", stdin=json.dumps(pod))
            made = self.live.get("pod/app", self.name)["metadata"]["annotations"]
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

    def metrics(self) -> str:
        """The sum over all agents of the export."""
        pods = self.live.get("pods", self.name, "--selector=dualtrace.dev/export")["items"]
        raw = f"/api/v1/namespaces/{self.name}/pods/{{}}:8888/proxy/metrics"
        names = [pod["metadata"]["name"] for pod in pods]
        return "".join(self.live.kubectl("get", "--raw", raw.format(name)) for name in names)


@dataclass(frozen=True)
class Fault:
    name: str
    text: str
    ready: str  # "False"
    condition: str
    status: str
    reason: str
    metric: str = ""  # a metric series of the agents that is not 0
    members: dict = field(default_factory=dict)  # fields of Place
    patience: float = 120
    fix: str = ""  # what the condition's message says to do


def refuse_spans(place: Place) -> None:
    place.live.sandbox.fault("arize", "status", code=14, message="overloaded")


def replace_immutable_secret(place: Place) -> None:
    place.live.kubectl("delete", "secret/arize", f"--namespace={place.name}")
    place.put_keys(**{"api-key": "ak-another-key-0123456789"})


ON_FIRST = {"nodeSelector": {"said": "first"}}
FAULTS = [
    Fault("none", "nothing is wrong", "True", "ArizeDelivering", "True", "Idle|Delivering"),
    Fault(
        "no-secret",
        "the Secret that the export names does not exist",
        "False",
        "CredentialsSynced",
        "False",
        "SecretMissing",
        members={"keys": {}, "operator_reads": True},
    ),
    Fault(
        "no-secret-unread",
        "the same, where the operator may not read Secrets",
        "False",
        "CredentialsSynced",
        "False",
        "NotMounted",
        members={"keys": {}},
    ),
    Fault(
        "quoted-key",
        "the key in the Secret stands in quotes",
        "False",
        "CredentialsSynced",
        "False",
        "ValueUnusable",
        members={"keys": {"api-key": f'"{sandbox.API_KEY}"', "space-id": sandbox.SPACE_ID}},
    ),
    Fault(
        "wrong-key",
        "the key in the Secret is not one that Arize knows",
        "False",
        "ArizeDelivering",
        "False",
        "AuthRejected|PermissionDenied",
        'dualtrace_lane_state{lane="arize",state="Paused"}',
        members={"keys": {"api-key": "ak-wrong-0123456789", "space-id": sandbox.SPACE_ID}},
    ),
    Fault(
        "no-project",
        "spans name no project, and neither does the export",
        "False",
        "ArizeDelivering",
        "False",
        "SpansDeadLettered|EverythingRefused",
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
        members={"agent": ON_FIRST | {"traffic": "SameNode"}, "node": 1},
    ),
    Fault(
        "served-by-others",
        "an injected pod runs on a node without an agent (`traffic: PreferSameNode`)",
        "True",
        "AgentsAvailable",
        "True",
        "ServedByOtherNodes",
        members={"agent": ON_FIRST | {"traffic": "PreferSameNode"}, "node": 1},
    ),
    Fault(
        "immutable",
        "an immutable Secret is deleted and made again with another key (the operator may read it)",
        "False",
        "CredentialsSynced",
        "False",
        "SecretNotTaken",
        members={"immutable": True, "operator_reads": True, "later": replace_immutable_secret},
        patience=960,  # the operator looks at Secrets every ten minutes
    ),
    # Keep this fault last: it affects all exports.
    Fault(
        "unavailable",
        "Arize answers UNAVAILABLE",
        "False",
        "ArizeDelivering",
        "False",
        "Retrying",
        'dualtrace_lane_state{lane="arize",state="Retrying"}',
        members={"later": refuse_spans},
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
    yield made
    live.sandbox.fault("arize", "none")
    for place in made.values():
        live.kubectl("delete", "namespace", place.name, "--wait=false")


def is_said(place: Place, fault: Fault) -> bool:
    condition = place.condition(fault.condition)
    if condition.get("status") != fault.status:
        return False
    return condition["reason"] in fault.reason.split("|") and (
        place.condition("Ready").get("status") == fault.ready
    )


def series(metrics: str, name: str) -> list[float]:
    return [float(line.split()[-1]) for line in metrics.splitlines() if line.startswith(name)]


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_fault_is_said_everywhere(live, places, fault):
    place = places[fault.name]
    if place.later:
        wait_until(
            lambda: place.condition("Ready").get("status") == "True",
            f"the export is Ready before; it says {place.status()}",
            180,
            every=1,
        )
        place.later(place)
    try:
        wait_until(lambda: is_said(place, fault), "it is reported", fault.patience, every=1)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{json.dumps(place.status(), indent=1)}") from None
    condition, ready = place.condition(fault.condition), place.condition("Ready")
    reason = condition["reason"]
    assert fault.fix in condition["message"]
    if fault.ready == "False":
        assert ready["reason"] == reason
        assert ready["message"] == f"{fault.condition}: {condition['message']}"
        event = ("Warning", reason)
    else:
        event = ("Normal", "Ready")
    wait_until(lambda: event in place.events(), f"an event says {event}", 60, every=1)
    assert place.row().split()[0] == fault.ready
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
    return (
        f"| {fault.text} | {fault.ready} | `{fault.condition}` {fault.status}"
        f" | `{fault.reason.replace('|', '` or `')}` | {event}"
        f" | {'`' + fault.metric + '`' if fault.metric else '–'} |"
    )


def test_the_page_has_these_faults():
    page = PAGE.read_text()
    begin, end = "|---|---|---|---|---|---|\n", "\n\n"
    start = page.index(begin) + len(begin)
    table = "\n".join(row(fault) for fault in FAULTS)
    made = page[:start] + table + page[page.index(end, start) :]
    if os.environ.get("DUALTRACE_REGENERATE"):
        PAGE.write_text(made)
    assert page == made
