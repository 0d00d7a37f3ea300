# SPDX-License-Identifier: Apache-2.0
"""The children of an export: which objects exist, and which fields the operator planned in them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from harness.kubernetes_api import KubernetesApi
from harness.managed_fields import applied_by

MANAGER = "dualtrace-operator"
OURS = "app.kubernetes.io/managed-by=dualtrace-operator"
# Each kind of child, with its API.
APIS = {
    "serviceaccounts": "/api/v1",
    "configmaps": "/api/v1",
    "networkpolicies": "/apis/networking.k8s.io/v1",
    "services": "/api/v1",
    "daemonsets": "/apis/apps/v1",
}
INFORMERS = 2 + len(APIS)  # of the operator: exports, pods, and each kind of child
KINDS = {
    "serviceaccounts": "ServiceAccount",
    "configmaps": "ConfigMap",
    "networkpolicies": "NetworkPolicy",
    "services": "Service",
    "daemonsets": "DaemonSet",
}


def path_of(plural: str, namespace: str, name: str = "") -> str:
    return f"{APIS[plural]}/namespaces/{namespace}/{plural}" + (f"/{name}" if name else "")


def child_path(plural: str, namespace: str, export: str) -> str:
    """For an export whose name is used unchanged."""
    return path_of(plural, namespace, f"{export}-dualtrace")


def children_in(api: KubernetesApi, namespace: str) -> list[tuple[str, dict]]:
    """Every object of ours with its plural, including those that are being deleted."""
    found = []
    for plural in APIS:
        status, answer = api.get(f"{path_of(plural, namespace)}?labelSelector={OURS}")
        assert status == 200, answer
        found += [(plural, item) for item in answer["items"]]
    return found


def owner_uid(child: dict) -> str | None:
    for reference in child["metadata"].get("ownerReferences", []):
        if reference["kind"] == "DualTraceExport" and reference.get("controller"):
            return reference["uid"]
    return None


@dataclass(frozen=True)
class Plan:
    """What the operator applied for one export, by kind, as text with placeholders for the export's
    name, namespace and uid: the plans for equal specs are equal."""

    by_plural: dict[str, str]

    def difference(self, other: "Plan") -> str:
        lines = []
        for plural in APIS:
            here, there = (json.loads(one.by_plural.get(plural, "null")) for one in (self, other))
            lines += [f"{plural}{line}" for line in _differences(here, there)]
        return "\n".join(lines)


def _differences(here, there, path: str = "") -> Iterator[str]:
    if isinstance(here, dict) and isinstance(there, dict):
        for key in sorted(here.keys() | there.keys()):
            yield from _differences(here.get(key), there.get(key), f"{path}.{key}")
    elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        for index, (one, other) in enumerate(zip(here, there)):
            yield from _differences(one, other, f"{path}[{index}]")
    elif here != there:
        yield f"{path}: {here!r} is not {there!r}"


def plan_as_applied(api: KubernetesApi, export: dict) -> Plan:
    """The children that this export owns now; fails if there are two of a kind."""
    meta = export["metadata"]
    by_plural: dict[str, str] = {}
    for plural, child in children_in(api, meta["namespace"]):
        if owner_uid(child) != meta["uid"] or "deletionTimestamp" in child["metadata"]:
            continue
        assert plural not in by_plural, f"two {plural} of {meta['name']}"
        part = {"name": child["metadata"]["name"], **applied_by(MANAGER, child)}
        text = json.dumps(part, sort_keys=True)
        for own, word in (("uid", "UID"), ("namespace", "NAMESPACE"), ("name", "NAME")):
            text = text.replace(meta[own], f"<{word}>")
        by_plural[plural] = text
    return Plan(by_plural)
