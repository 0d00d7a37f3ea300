# SPDX-License-Identifier: Apache-2.0
"""Pods as people write them, and as nobody should, all valid for a real API server: containers of
every kind, variables from every source, unusual names, settings of all kinds."""

import random
import string

OURS = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_SERVICE_NAME",
    "OTEL_RESOURCE_ATTRIBUTES",
    "ARIZE_COLLECTOR_ENDPOINT",
    "PHOENIX_COLLECTOR_ENDPOINT",
]
VALUES = [
    "",
    "grpc",
    "http/protobuf",
    "team=a,service.name=mine",
    "no pairs at all",
    "a=$(OTHER),b=%2C",
    "$(HOME)/x",
    "$$(HOME)",
    'quotes " and \\ and \n lines',
    "Ünïcödé ☃",
]


def random_pod(seed: int, asks: str = "true") -> dict:
    choices = random.Random(seed)
    pod = {
        "metadata": _metadata(choices, asks),
        "spec": {
            "containers": [_container(choices, f"c{i}") for i in range(choices.randint(1, 4))],
        },
    }
    early = [_container(choices, f"i{i}") for i in range(choices.choice([0, 0, 1, 2]))]
    for container in early:
        if choices.random() < 0.5:
            container["restartPolicy"] = "Always"
    if early:
        pod["spec"]["initContainers"] = early
    if choices.random() < 0.1:
        pod["spec"]["hostNetwork"] = True
    if choices.random() < 0.05:
        pod["spec"]["os"] = {"name": "windows"}
    return pod


def random_ephemeral_containers(seed: int) -> list[dict]:
    """Ephemeral containers as `kubectl debug` adds them to a pod of random_pod()."""
    choices = random.Random(seed)
    containers = [_container(choices, f"debug-{i}") for i in range(choices.randint(1, 2))]
    return [{**container, "targetContainerName": "c0"} for container in containers]


def _metadata(choices: random.Random, asks: str) -> dict:
    annotations = {"dualtrace.dev/inject": asks}
    for name, values in {
        "dualtrace.dev/protocol": ["grpc", "http/protobuf", "carrier pigeon", ""],
        "dualtrace.dev/containers": ["c0", "c0,i0", "nobody", " c0 , c1 ", ""],
        "dualtrace.dev/env-from": ["unrelated", "whatever"],
        "resource.opentelemetry.io/service.name": ["shop", "a,b=c %"],
        "example.com/notes": ["x" * 1000],
    }.items():
        if choices.random() < 0.2:
            annotations[name] = choices.choice(values)
    metadata = {"annotations": annotations, "generateName": "pod-"}
    if choices.random() < 0.5:
        metadata = {"annotations": annotations, "name": f"pod-{choices.randrange(10**9)}.x-y"}
    if choices.random() < 0.5:
        metadata["labels"] = {
            "app.kubernetes.io/name": choices.choice(["web", "W_e.b", ""]),
            "pod-template-hash": "5d4f8c7b9",
        }
    if choices.random() < 0.5:
        metadata["ownerReferences"] = [
            {
                "apiVersion": "apps/v1",
                "kind": choices.choice(["ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Odd"]),
                "name": choices.choice(["web-5d4f8c7b9", "web", "backup-28012345"]),
                "uid": "00000000-0000-0000-0000-000000000001",
                "controller": True,
            }
        ]
    return metadata


def _container(choices: random.Random, name: str) -> dict:
    container = {"name": name, "image": "registry.example/app:1"}
    if choices.random() < 0.7:
        container["env"] = [_variable(choices) for _ in range(choices.randint(0, 6))]
    if choices.random() < 0.2:
        source = {"configMapRef": {"name": "settings"}}
        if choices.random() < 0.5:
            source["prefix"] = choices.choice(["APP_", "OTEL_", "ARIZE_"])
        container["envFrom"] = [source]
    return container


def _variable(choices: random.Random) -> dict:
    own = "".join(choices.choices(string.ascii_uppercase + "_.-", k=6))
    name = choices.choice([*OURS, "HOME", "OTHER", f"X{own}"])
    if choices.random() < 0.2:
        return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    if choices.random() < 0.1:
        return {"name": name, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    return {"name": name, "value": choices.choice(VALUES)}
