# SPDX-License-Identifier: Apache-2.0
"""Every pod of a real chart (tests/data/pods_of_charts) that is expected to be injected delivers a
span from each injected container, by the injected variables alone. The API server and the webhook
see the original pod; the pod that runs has its labels and the injected variables, and a shell in
place of its programs."""

import json
from pathlib import Path

import pytest
import yaml
from harness.live_cluster import EXPORT, EXPORT_NAMESPACE, namespace
from harness.processes import wait_until
from harness.sandbox import DESTINATIONS

ROOT = Path(__file__).resolve().parents[3]
NAMESPACE = "shapes"
ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
# Sends as an SDK does: the endpoint unchanged, the service name as a resource attribute.
SEND = f"""
url="${ENDPOINT}"; case "$url" in */v1/traces) ;; *) url="$url/v1/traces" ;; esac
body='{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"'"$OTEL_SERVICE_NAME"'"}}}}]}},
"scopeSpans":[{{"spans":[{{"traceId":"'"$TRACE"'","spanId":"eee19b7ec3c1b174","name":"shape","kind":1,
"startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000"}}]}}]}}]}}'
until wget -Y off -q -O - --header 'Content-Type: application/json' --post-data "$body" "$url"; do sleep 1; done
"""
# Fields for which the API server looks up other objects before it calls the webhook.
LOOKED_UP = ("serviceAccountName", "serviceAccount", "priorityClassName", "runtimeClassName")


def shapes() -> list[dict]:
    files = sorted((ROOT / "tests" / "data" / "pods_of_charts").glob("*.yaml"))
    return [shape for file in files for shape in yaml.safe_load(file.read_text())]


def admitted(live, shape: dict) -> dict:
    pod = {"apiVersion": "v1", "kind": "Pod", **json.loads(json.dumps(shape["pod"]))}
    for name in LOOKED_UP:
        pod["spec"].pop(name, None)
    place = (f"--namespace={NAMESPACE}", "--dry-run=server", "--filename=-", "--output=json")
    return json.loads(live.kubectl("create", *place, stdin=json.dumps(pod)))


def is_there_without_others(entry: dict) -> bool:
    return not {"secretKeyRef", "configMapKeyRef", "resourceFieldRef"} & set(entry.get("valueFrom", {}))


def runnable(number: int, pod: dict, names: list[str]) -> dict:
    containers = []
    for container in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]:
        if container["name"] not in names:
            continue
        env = [entry for entry in container.get("env", []) if is_there_without_others(entry)]
        env.append({"name": "TRACE", "value": trace_of(number, len(containers))})
        containers.append(
            {
                "name": container["name"],
                "image": "localhost/busybox:1",
                "command": ["sh", "-c", SEND],
                "env": env,
            }
        )
    annotations = {
        key: value
        for key, value in pod["metadata"].get("annotations", {}).items()
        if not key.startswith("dualtrace.dev/")
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"shape-{number}",
            "labels": pod["metadata"].get("labels", {}),
            "annotations": annotations | {"dualtrace.dev/inject": "false"},
        },
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "containers": containers,
        },
    }


def trace_of(number: int, container: int) -> str:
    return f"5a9e{number:014x}{container:014x}"


@pytest.fixture(scope="module")
def running(live):
    live.create_export()
    live.wait_until_ready()
    place = namespace(NAMESPACE)
    place["metadata"]["labels"]["dualtrace.dev/inject"] = f"{EXPORT_NAMESPACE}.{EXPORT}"
    live.apply(place)
    wanted, pods = {}, []
    for number, shape in enumerate(shapes()):
        if shape["says"] != "injected":
            continue
        pod = admitted(live, shape)
        assert pod["metadata"]["annotations"]["dualtrace.dev/injected"], shape["what"]
        made = runnable(number, pod, shape["gets"])
        assert len(made["spec"]["containers"]) == len(shape["gets"]), shape["what"]
        pods.append(made)
        for position in range(len(shape["gets"])):
            wanted[trace_of(number, position)] = shape
    listed = {"apiVersion": "v1", "kind": "List", "items": pods}
    live.kubectl("create", f"--namespace={NAMESPACE}", "--filename=-", stdin=json.dumps(listed))
    yield wanted
    live.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def test_each_that_is_injected_delivers_a_span(live, running):
    assert len(running) > 50
    for destination in DESTINATIONS:
        missing = lambda: set(running) - live.sandbox.traces(destination)  # noqa: E731
        try:
            wait_until(lambda: not missing(), f"all are at {destination}", 420, every=2)
        except AssertionError:
            raise AssertionError(
                f"{destination} lacks {[running[one]['what'] for one in missing()]}"
            ) from None


def test_they_have_the_names_that_people_know(live, running):
    for trace, shape in running.items():
        if "service" not in shape:
            continue
        (row,) = live.sandbox.rows("arize", trace)[:1]
        attributes = json.loads(row["resource"])["attributes"]
        assert attributes["service.name"] == shape["service"], shape["what"]
