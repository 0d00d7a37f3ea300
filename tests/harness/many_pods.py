# SPDX-License-Identifier: Apache-2.0
"""Very many pods that have nothing to do with the operator, to measure the cost of finding the
ones that request an export."""

import json
import uuid

from harness.control_plane import ControlPlane

INJECTED = "dualtrace.dev/injected"
ASKS = "dualtrace.dev/inject"
CREATED = "2026-11-01T08:00:00Z"


def pod(namespace: str, name: str, metadata_bytes: int, annotations: dict[str, str]) -> dict:
    """Its metadata has this size; most of it is a kubelet's managedFields."""
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": str(uuid.uuid4()),
        "creationTimestamp": CREATED,
        "labels": {"app.kubernetes.io/name": "web", "pod-template-hash": "6d5f8c7b9"},
        "annotations": {"example.com/checksum": "0" * 64, **annotations},
    }
    fields = {}
    number = 0
    while len(json.dumps(metadata)) + len(json.dumps(fields)) + 160 < metadata_bytes:
        number += 1
        fields[f'k:{{"type":"Condition{number}"}}'] = {
            ".": {},
            "f:lastProbeTime": {},
            "f:lastTransitionTime": {},
            "f:status": {},
            "f:type": {},
        }
    metadata["managedFields"] = [
        {
            "manager": "kubelet",
            "operation": "Update",
            "apiVersion": "v1",
            "time": CREATED,
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:status": {"f:conditions": fields}},
            "subresource": "status",
        }
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [{"name": "app", "image": "example.com/app:1"}]},
        "status": {"phase": "Running"},
    }


def plant_pods(
    plane: ControlPlane,
    namespace: str,
    count: int,
    metadata_bytes: int = 4000,
    injected_into: tuple[str, ...] = (),
) -> None:
    """Every fifth pod was injected for one of these exports ("<namespace>/<name>"), in turn. Run
    without kube-controller-manager, which would remove them."""
    objects = {}
    for number in range(count):
        words = {}
        if injected_into and number % 5 == 0:
            words = {ASKS: "true", INJECTED: injected_into[number // 5 % len(injected_into)]}
        name = f"web-6d5f8c7b9-{number:05d}"
        objects[f"pods/{namespace}/{name}"] = pod(namespace, name, metadata_bytes, words)
    plane.plant(objects)
