# SPDX-License-Identifier: Apache-2.0
"""Pods get the export that they request, through a real API server, and nothing that their owners
set is changed. The export's status lists the pods that requested it while the webhook was down."""

import copy
import json

import pytest
import yaml
from harness.exports import EXAMPLES, ROOT, read_export
from harness.installation import ALONE
from harness.processes import wait_until
from harness.random_pods import random_ephemeral_containers, random_pod
from harness.tenant import BOTH, Tenant
from harness.webhook import reviews

EXPORT = "agents"
ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
RANDOM_PODS = 1000
DEBUGGED_PODS = 60
DOMAIN = "k8s.corp.example"


@pytest.fixture(scope="module")
def tenant(control_plane, installation):
    """A shared namespace whose export admits all namespaces."""
    made = Tenant(control_plane, "observability")
    made.create(EXPORT, BOTH | {"injection": {"namespaceSelector": {}}})
    return made


@pytest.fixture(scope="module")
def operator(installation, webhook, tenant):
    webhook.install()
    shared = f"--shared-namespaces={tenant.namespace}"
    return installation.operator(
        *ALONE, shared, *webhook.options(), f"--cluster-domain={DOMAIN}"
    ).start()


@pytest.fixture
def space(control_plane):
    return control_plane.new_namespace("shop")


@pytest.fixture
def served_space(control_plane, operator, tenant, space):
    """A namespace whose pods get the export that they request."""
    wait_until_known(control_plane, space, "true", f"{tenant.namespace}/{EXPORT}")
    return space


def create(plane, namespace: str, pod: dict, query: str = "") -> dict:
    status, answer = plane.api.post(f"/api/v1/namespaces/{namespace}/pods{query}", pod)
    assert status == 201, answer
    return answer


def plain_pod(asks: str | None = "true") -> dict:
    metadata = {"generateName": "pod-"}
    if asks is not None:
        metadata["annotations"] = {"dualtrace.dev/inject": asks}
    containers = [{"name": "app", "image": "registry.example/app:1"}]
    return {"metadata": metadata, "spec": {"containers": containers}}


def annotation(pod: dict, name: str) -> str | None:
    return pod["metadata"].get("annotations", {}).get(f"dualtrace.dev/{name}")


def variables(pod: dict) -> dict[str, str | None]:
    return {one["name"]: one.get("value") for one in pod["spec"]["containers"][0].get("env", [])}


def wait_until_known(plane, namespace: str, asks: str, export: str) -> None:
    """The webhook sees exports and namespaces a moment after they are created."""
    wait_until(
        lambda: annotation(create(plane, namespace, plain_pod(asks), "?dryRun=All"), "injected")
        == export,
        f"{namespace} gets {export} for {asks}",
    )


def test_an_annotated_pod_gets_the_endpoint_of_its_nodes_agent(
    control_plane, operator, tenant, space
):
    name = f"{tenant.namespace}/{EXPORT}"
    for asks in ("true", name):
        wait_until_known(control_plane, space, asks, name)
    pod = create(control_plane, space, plain_pod())
    service = f"{EXPORT}-dualtrace.{tenant.namespace}.svc.{DOMAIN}"
    assert variables(pod)[ENDPOINT] == f"http://{service}:4318/v1/traces"
    assert variables(pod)["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] == "http/protobuf"
    # The agents' Service really has this name.
    wait_until(lambda: tenant.child("services", EXPORT), "the Service is there")


def test_a_labelled_namespace_asks_for_all_its_pods(control_plane, operator, tenant, space):
    label = f"dualtrace.dev/inject={tenant.namespace}.{EXPORT}"
    control_plane.kubectl("label", "namespace", space, label)
    name = f"{tenant.namespace}/{EXPORT}"
    wait_until(
        lambda: annotation(create(control_plane, space, plain_pod(None), "?dryRun=All"), "injected")
        == name,
        "pods there are injected",
    )
    assert variables(create(control_plane, space, plain_pod("false"))) == {}


def delete(control_plane, namespace: str, pod: dict) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}"
    assert control_plane.api.delete(f"{path}?gracePeriodSeconds=0")[0] == 200


def counts(tenant, word: str) -> dict[str, int]:
    told = tenant.get(EXPORT).get("status", {}).get("injection", {}).get(word, [])
    return {one["reason"]: one["pods"] for one in told}


def test_a_pod_that_cannot_have_it_starts_says_why_and_is_counted(
    control_plane, operator, tenant, served_space
):
    pods = []
    for asks, reason in (("nowhere/nothing", "NoSuchExport"), ("yes!", "InvalidRequest")):
        pods.append(create(control_plane, served_space, plain_pod(asks)))
        assert annotation(pods[-1], "skipped").startswith(f"{reason}: ")
        assert variables(pods[-1]) == {}
    wait_until(
        lambda: counts(tenant, "skipped") == {"NoSuchExport": 1, "InvalidRequest": 1},
        "the export that they could have meant counts them",
        timeout=90,
        every=0.5,
    )
    for pod in pods:
        delete(control_plane, served_space, pod)


def with_env(pod: dict, **variables: str) -> dict:
    env = [{"name": name, "value": value} for name, value in variables.items()]
    pod["spec"]["containers"][0]["env"] = env
    return pod


def test_what_keeps_spans_away_is_said_at_creation_on_the_pod_and_in_the_status(
    control_plane, tenant, served_space
):
    behind_proxy = with_env(plain_pod(), HTTP_PROXY="http://proxy:3128", NO_PROXY="localhost")
    on_host = plain_pod()
    on_host["spec"]["hostNetwork"] = True
    on_windows = plain_pod()
    windows = {"key": "kubernetes.io/os", "operator": "In", "values": ["windows"]}
    required = {"nodeSelectorTerms": [{"matchExpressions": [windows]}]}
    on_windows["spec"]["affinity"] = {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}
    }
    said = control_plane.kubectl(
        *("create", "--filename=-", f"--namespace={served_space}", "--dry-run=server"),
        stdin=json.dumps({"apiVersion": "v1", "kind": "Pod", **behind_proxy}),
        check=False,
    )
    assert "Warning: dualtrace: BehindProxy: container app: HTTP_PROXY is set" in said
    warned = create(control_plane, served_space, behind_proxy)
    assert annotation(warned, "warned").startswith("BehindProxy: container app: HTTP_PROXY is set")
    assert variables(warned)["NO_PROXY"] == "localhost"
    skipped = [create(control_plane, served_space, pod) for pod in (on_host, on_windows)]
    reasons = [annotation(pod, "skipped").split(":")[0] for pod in skipped]
    assert reasons == ["NoClusterDNS", "NotLinux"]
    wait_until(
        lambda: counts(tenant, "warned") == {"BehindProxy": 1}
        and counts(tenant, "skipped") == {"NoClusterDNS": 1, "NotLinux": 1},
        "the status counts them by reason",
        timeout=90,
        every=0.5,
    )
    for pod in (warned, *skipped):
        delete(control_plane, served_space, pod)


SHAPES = sorted((ROOT / "tests" / "data" / "pods_of_charts").glob("*.yaml"))


@pytest.mark.parametrize("shapes", SHAPES, ids=lambda path: path.stem)
def test_pods_in_the_shapes_of_real_charts_pass_unharmed(
    control_plane, tenant, served_space, shapes
):
    text = shapes.read_text().replace("cluster.local", DOMAIN)
    text = text.replace(".observability.svc", f".{tenant.namespace}.svc")
    for shape in yaml.safe_load(text):
        wish = copy.deepcopy(shape["pod"])
        annotations = wish["metadata"].setdefault("annotations", {})
        annotations["dualtrace.dev/inject"] = "false"
        untouched = create(control_plane, served_space, wish, "?dryRun=All")
        annotations["dualtrace.dev/inject"] = "true"
        given = create(control_plane, served_space, wish, "?dryRun=All")
        skipped = (annotation(given, "skipped") or "injected").split(":")[0]
        assert skipped == shape["says"], shape["what"]
        assert (annotation(given, "injected") is not None) == (shape["says"] == "injected")
        seen = comparable(user_sees(wish, given))
        assert seen == comparable(user_sees(wish, untouched)), shape["what"]


def test_whoever_writes_a_second_export_is_warned_at_once(control_plane, operator, tenant):
    second = read_export(EXAMPLES / "minimal.yaml", "second")
    said = control_plane.kubectl(
        *("create", "--dry-run=server", "--filename=-", f"--namespace={tenant.namespace}"),
        stdin=json.dumps(second),
        check=False,
    )
    assert f"Warning: this namespace also has the export {EXPORT}" in said


def user_sees(before: dict, after: dict) -> dict:
    """`after` in the form that its owner wrote, without the webhook's additions."""
    seen = copy.deepcopy(after)
    for kind in ("containers", "initContainers"):
        for written, got in zip(before["spec"].get(kind, []), seen["spec"].get(kind, [])):
            names = {one["name"] for one in written.get("env", [])}
            own = [one for one in got.get("env", []) if one["name"] in names]
            for entry, original in zip(own, written.get("env", [])):
                if entry["name"] == "OTEL_RESOURCE_ATTRIBUTES" and "value" in original:
                    assert entry.get("value", "").startswith(original["value"])
                    entry["value"] = original["value"]
            got.pop("env", None)
            if own:
                got["env"] = own
    for name in ("injected", "skipped", "warned"):
        seen["metadata"].get("annotations", {}).pop(f"dualtrace.dev/{name}", None)
    return seen


def comparable(pod: dict) -> dict:
    """Without the fields that differ between any two created pods."""
    kept = copy.deepcopy(pod)
    for name in ("creationTimestamp", "managedFields", "name", "uid", "generateName"):
        kept["metadata"].pop(name, None)
    kept["metadata"].get("annotations", {}).pop("dualtrace.dev/inject")
    kept["spec"].pop("volumes", None)  # the ServiceAccount token's volume, with a random name
    for kind in ("containers", "initContainers"):
        for container in kept["spec"].get(kind, []):
            container.pop("volumeMounts", None)
            for entry in container.get("env", []):
                if entry.get("value") == "":
                    del entry["value"]
    return kept


def test_the_api_server_takes_every_pod_and_nothing_of_it_is_changed(
    control_plane, tenant, operator, served_space
):
    injected = 0
    for seed in range(RANDOM_PODS):
        pod = random_pod(seed)
        untouched = create(control_plane, served_space, random_pod(seed, asks="false"), "?dryRun=All")
        given = create(control_plane, served_space, pod, "?dryRun=All")
        assert annotation(given, "injected") or annotation(given, "skipped") is not None, seed
        injected += annotation(given, "injected") is not None
        assert comparable(user_sees(pod, given)) == comparable(user_sees(pod, untouched)), seed

        again = {"metadata": given["metadata"], "spec": copy.deepcopy(given["spec"])}
        for name in ("uid", "creationTimestamp", "managedFields"):
            again["metadata"].pop(name, None)
        twice = create(control_plane, served_space, again, "?dryRun=All")
        assert comparable(twice) == comparable(given), seed
    assert RANDOM_PODS / 5 < injected < RANDOM_PODS
    print(f"{injected} of {RANDOM_PODS} pods injected")
    assert operator.metric("dualtrace_operator_webhook_requests_total") >= 2 * RANDOM_PODS


def debug(plane, pod: dict, containers: list[dict]) -> dict:
    """Adds ephemeral containers as `kubectl debug` does; returns the resulting pod."""
    meta = pod["metadata"]
    path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/ephemeralcontainers"
    status, answer = plane.api.patch(path, {"spec": {"ephemeralContainers": containers}})
    assert status == 200, answer.get("message", answer)
    return answer


def undebugged(pod: dict) -> dict:
    """Without ephemeral containers and the API server's counters."""
    kept = copy.deepcopy(pod)
    kept["spec"].pop("ephemeralContainers", None)
    for name in ("generation", "managedFields", "resourceVersion"):
        kept["metadata"].pop(name, None)
    return kept


def test_ephemeral_containers_get_nothing_and_take_nothing_away(
    control_plane, tenant, operator, served_space
):
    injected = 0
    for seed in range(DEBUGGED_PODS):
        wish = random_pod(seed)
        wish["metadata"].pop("ownerReferences", None)  # or it would be garbage-collected
        pod = create(control_plane, served_space, wish)
        bare = create(control_plane, served_space, {**plain_pod("false"), "spec": wish["spec"]})
        injected += annotation(pod, "injected") is not None
        asked = reviews(operator)
        containers = random_ephemeral_containers(seed)
        once = debug(control_plane, pod, containers)
        twice = debug(control_plane, pod, containers)
        assert reviews(operator) == asked, seed
        assert undebugged(once) == undebugged(pod), seed
        as_written = debug(control_plane, bare, containers)["spec"]["ephemeralContainers"]
        assert once["spec"]["ephemeralContainers"] == as_written, seed
        assert twice == once, seed
    assert control_plane.api.delete(f"/api/v1/namespaces/{served_space}/pods?gracePeriodSeconds=0")[0] == 200
    assert DEBUGGED_PODS / 5 < injected < DEBUGGED_PODS


def test_kubectl_debug_works_on_an_injected_pod(control_plane, tenant, served_space):
    pod = create(control_plane, served_space, plain_pod())
    name = pod["metadata"]["name"]
    control_plane.kubectl(
        *("debug", name, f"--namespace={served_space}", "--image=registry.example/tools:1"),
        *("--target=app", "--container=debugger", "--attach=false"),
    )
    _, after = control_plane.api.get(f"/api/v1/namespaces/{served_space}/pods/{name}")
    (container,) = after["spec"]["ephemeralContainers"]
    assert container["name"] == "debugger" and "env" not in container
    assert undebugged(after) == undebugged(pod)


def test_who_asked_while_the_webhook_was_away_is_named(control_plane, tenant, operator, served_space):
    def injection() -> dict:
        return tenant.get(EXPORT).get("status", {}).get("injection", {})

    operator.kill()
    missed = [create(control_plane, served_space, plain_pod()) for _ in range(2)]
    assert all(annotation(pod, "injected") is None for pod in missed)
    operator.start()
    names = sorted(f"{served_space}/{pod['metadata']['name']}" for pod in missed)
    wait_until(
        lambda: injection().get("missed") == names, f"{names} are named", timeout=90, every=0.5
    )
    assert injection()["annotated"] - injection()["injected"] == 2
    for pod in missed:
        delete(control_plane, served_space, pod)
    wait_until(lambda: "missed" not in injection(), "they are gone", timeout=90, every=0.5)
