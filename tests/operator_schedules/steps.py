# SPDX-License-Identifier: Apache-2.0
"""The steps of a schedule: what happens to exports, their children, the operator and its connection
to the API server. A step takes no time of its own, except for `Wait` and API server restarts, and
does nothing if its target does not exist."""

import random
import signal
from dataclasses import dataclass

from harness.api_proxy import Fate, Refusal, Seen, Torn
from harness.children import APIS, child_path, path_of
from harness.exports import exports_path
from harness.tenant import ARIZE, DATABRICKS

# Some differ only in the configuration, some in the pods, some in the mounted files.
VARIANTS = {
    "arize": {"arize": ARIZE},
    "databricks": {"databricks": DATABRICKS},
    "both": {"arize": ARIZE, "databricks": DATABRICKS},
    "other-table": {"databricks": {**DATABRICKS, "table": "main.traces.other"}},
    "in-memory": {"arize": ARIZE, "delivery": {"durability": "Memory", "storage": "EmptyDir"}},
    "other-image": {"arize": ARIZE, "agent": {"image": "registry.example/dualtrace-agent:2"}},
    "tolerant": {
        "arize": ARIZE,
        "agent": {"tolerations": [{"operator": "Exists"}], "logLevel": "Debug"},
    },
}

EDITS = {
    "serviceaccounts": {"automountServiceAccountToken": True},
    "configmaps": {"data": {"agent.yaml": "logLevel: Debug\n"}},
    "networkpolicies": {"spec": {"policyTypes": ["Egress"]}},
    "services": {"spec": {"internalTrafficPolicy": "Local"}},
    "daemonsets": {"spec": {"minReadySeconds": 77}},
}
MARKS = {"metadata": {"annotations": {"example.com/mark": "by hand"}}}
LOST_LABELS = {
    "metadata": {"labels": {"app.kubernetes.io/managed-by": None, "dualtrace.dev/export": None}}
}
_POD = {"containers": [{"name": "agent", "image": "registry.example/agent:0"}]}
# The smallest valid object of each kind.
LEFT_OVERS = {
    "serviceaccounts": {},
    "configmaps": {"data": {}},
    "networkpolicies": {"spec": {"podSelector": {}}},
    "services": {"spec": {"ports": [{"port": 4317}]}},
    "daemonsets": {
        "spec": {
            "selector": {"matchLabels": {"app": "old"}},
            "template": {"metadata": {"labels": {"app": "old"}}, "spec": _POD},
        }
    },
}


@dataclass(frozen=True)
class Put:
    """Creates the export, or changes it to this one."""

    space: int
    name: str
    variant: str

    def play(self, world) -> None:
        world.put(self.space, self.name, self.variant)


@dataclass(frozen=True)
class Delete:
    space: int
    name: str

    def play(self, world) -> None:
        world.delete(self.space, self.name)


@dataclass(frozen=True)
class MakeAnew:
    """Deletes it and immediately creates another one with the same name."""

    space: int
    name: str
    variant: str

    def play(self, world) -> None:
        world.delete(self.space, self.name)
        world.put(self.space, self.name, self.variant)


@dataclass(frozen=True)
class EditChild:
    space: int
    name: str
    plural: str
    how: str  # "owned": a field of ours; "foreign": somebody else's; "labels": removes our labels

    def play(self, world) -> None:
        patch = {"owned": EDITS[self.plural], "foreign": MARKS, "labels": LOST_LABELS}[self.how]
        world.api.patch(child_path(self.plural, world.namespace(self.space), self.name), patch)


@dataclass(frozen=True)
class DeleteChild:
    space: int
    name: str
    plural: str

    def play(self, world) -> None:
        world.api.delete(child_path(self.plural, world.namespace(self.space), self.name))


@dataclass(frozen=True)
class LeaveOver:
    """A child with a name that is no longer planned."""

    space: int
    name: str
    plural: str

    def play(self, world) -> None:
        namespace = world.namespace(self.space)
        status, export = world.api.get(f"{exports_path(namespace)}/{self.name}")
        if status != 200:
            return
        owner = {
            "apiVersion": export["apiVersion"],
            "kind": export["kind"],
            "name": self.name,
            "uid": export["metadata"]["uid"],
            "controller": True,
        }
        meta = {
            "name": f"{self.name}-of-old",
            "labels": {
                "app.kubernetes.io/managed-by": "dualtrace-operator",
                "dualtrace.dev/export": self.name,
            },
            "ownerReferences": [owner],
        }
        child = {"metadata": meta, **LEFT_OVERS[self.plural]}
        status, answer = world.api.post(path_of(self.plural, namespace), child)
        assert status in (201, 409), answer


@dataclass(frozen=True)
class Kill:
    def play(self, world) -> None:
        world.end_operator(signal.SIGKILL)


@dataclass(frozen=True)
class Terminate:
    def play(self, world) -> None:
        world.end_operator(signal.SIGTERM)


@dataclass(frozen=True)
class Start:
    def play(self, world) -> None:
        world.start_operator()


@dataclass(frozen=True)
class Freeze:
    def play(self, world) -> None:
        world.signal_operator(signal.SIGSTOP)


@dataclass(frozen=True)
class Thaw:
    def play(self, world) -> None:
        world.signal_operator(signal.SIGCONT)


@dataclass(frozen=True)
class Disconnect:
    def play(self, world) -> None:
        world.proxy.disconnect()


@dataclass(frozen=True)
class Reconnect:
    def play(self, world) -> None:
        world.proxy.rule = None
        world.proxy.reconnect()


@dataclass(frozen=True)
class Disturb:
    """After this step, some requests are lost, unanswered or rejected, and streams break."""

    seed: int
    share: float

    def play(self, world) -> None:
        chance = random.Random(self.seed)
        fates = [Fate.LOSE, Fate.LOSE_ANSWER, Refusal(500), Refusal(429, retry_after=1)]

        def rule(seen: Seen):
            if chance.random() > self.share:
                return None
            return Torn(chance.randrange(4000)) if seen.is_watch else chance.choice(fates)

        world.proxy.rule = rule


@dataclass(frozen=True)
class RestartApiServer:
    compacted: bool

    def play(self, world) -> None:
        world.restart_api_server(self.compacted)


@dataclass(frozen=True)
class Wait:
    seconds: float

    def play(self, world) -> None:
        world.wait(self.seconds)


PLURALS = tuple(APIS)
