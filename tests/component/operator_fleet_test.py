# SPDX-License-Identifier: Apache-2.0
"""Agents on many nodes and under the policies of others, with a real API server and a real
DaemonSet controller: a node that cannot run the new agent does not hold up the others and is named;
service meshes leave agents alone; labels satisfy admission policies; the installation's defaults
apply where an export sets nothing."""

import base64
import json

import pytest
from harness.authority import Authority
from harness.installation import ALONE
from harness.nodes import Node, now
from harness.patching_webhook import add_sidecar, patching_webhook
from harness.processes import wait_until
from harness.tenant import ARIZE, Tenant

EXPORT = "agents"
POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
MUTATING = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
DEFAULTS = {
    "labels": {"cost-center": "platform", "tier": "telemetry"},
    "annotations": {"example.com/owner": "platform"},
    "tolerations": [{"operator": "Exists"}],
    "nodeSelector": {"pool": "apps"},
    "resources": {"requests": {"memory": "100Mi"}, "limits": {"memory": "1Gi"}},
    "env": [{"name": "TZ", "value": "UTC"}],
    "priorityClassName": "agents",
    "imagePullSecrets": [{"name": "registry"}],
}


@pytest.fixture(scope="module")
def operator(installation):
    return installation.operator(*ALONE, "--permit-images=registry.example/agent").start()


@pytest.fixture
def nodes(control_plane, operator):
    made = [Node(control_plane.api, {"pool": "fleet"}) for _ in range(3)]
    yield made
    for node in made:
        node.remove()


def set_status(tenant: Tenant, pod: dict, status: dict) -> None:
    path = f"/api/v1/namespaces/{tenant.namespace}/pods/{pod['metadata']['name']}/status"
    assert tenant.api.patch(path, {"status": status})[0] == 200


def image_of(pod: dict) -> str:
    return pod["spec"]["containers"][0]["image"]


def pod_with(tenant: Tenant, node: Node, image: str) -> dict:
    def there() -> dict | None:
        found = [pod for pod in node.pods(tenant.namespace) if image_of(pod) == image]
        return found[0] if found else None

    return wait_until(there, f"{node.name} has a pod of {image}", 60)


def failing(tenant: Tenant) -> list[dict]:
    return tenant.get(EXPORT).get("status", {}).get("agents", {}).get("nodesFailing", [])


def test_nodes_that_cannot_run_the_new_agent_stop_no_other_and_are_named(control_plane, nodes):
    tenant = Tenant(control_plane, "fleet")
    agent = {"nodeSelector": {"pool": "fleet"}, "image": "registry.example/agent:1"}
    tenant.create(EXPORT, {"arize": ARIZE, "agent": agent})
    for number, node in enumerate(nodes):
        node.run_pod(tenant.namespace, f"127.0.1.{number + 1}")
    tenant.wait_for_reason(EXPORT, "Progressing", "Stable")
    olds = [node.pods(tenant.namespace)[0] for node in nodes]

    newer = "registry.example/agent:2"
    tenant.change(EXPORT, {"agent": {"image": newer}})
    full, unpulled, good = nodes
    why = "0/3 nodes are available: 1 Insufficient memory."
    set_status(
        tenant,
        pod_with(tenant, full, newer),
        {
            "conditions": [
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": why,
                    "lastTransitionTime": now(),
                }
            ]
        },
    )
    set_status(
        tenant,
        pod_with(tenant, unpulled, newer),
        {
            "containerStatuses": [
                {
                    "name": "agent",
                    "ready": False,
                    "restartCount": 0,
                    "image": newer,
                    "imageID": "",
                    "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}},
                }
            ]
        },
    )
    # The third node has its new agent next to the old one, whatever the other two do.
    pod_with(tenant, good, newer)
    wanted = sorted(
        [
            {"node": full.name, "reason": "Unschedulable", "message": why},
            {"node": unpulled.name, "reason": "ImagePullBackOff", "message": "not found"},
        ],
        key=lambda one: one["node"],
    )
    wait_until(lambda: failing(tenant) == wanted, "both are named", 15)
    rolling = tenant.condition(EXPORT, "Progressing")
    assert rolling["reason"] in ("RollingOut", "NodesFailing")
    assert f"{full.name} cannot run it: Unschedulable: {why}" in rolling["message"]
    assert f"{unpulled.name} cannot run it: ImagePullBackOff: not found" in rolling["message"]
    for old in olds:
        found = tenant.api.get(f"/api/v1/namespaces/{tenant.namespace}/pods/{old['metadata']['name']}")
        assert found[0] == 200 and "deletionTimestamp" not in found[1]["metadata"], "it is not being deleted"


@pytest.fixture
def mesh(control_plane, tmp_path):
    """Adds a sidecar to pods in namespaces with this label, unless the pod opts out. Istio's
    injector has the same selectors."""
    label = {"mesh": "injects"}
    authority = Authority(tmp_path / "authority")
    with patching_webhook(*authority.issue("mesh"), add_sidecar) as port:
        no = {"key": "sidecar.istio.io/inject", "operator": "NotIn", "values": ["false"]}
        bundle = base64.b64encode(authority.certificate.read_bytes()).decode()
        webhook = {
            "name": "mesh.example.com",
            "clientConfig": {"url": f"https://127.0.0.1:{port}/", "caBundle": bundle},
            "rules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
            ],
            "namespaceSelector": {"matchLabels": label},
            "objectSelector": {"matchExpressions": [no]},
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
        }
        configuration = {"metadata": {"name": "mesh"}, "webhooks": [webhook]}
        assert control_plane.api.post(MUTATING, configuration)[0] == 201
        yield label
        control_plane.api.delete(f"{MUTATING}/mesh")


def containers(pod: dict) -> list[str]:
    return [one["name"] for one in pod["spec"]["containers"]]


def test_a_mesh_leaves_agents_alone_unless_the_export_says_otherwise(control_plane, nodes, mesh):
    tenant = Tenant(control_plane, "meshed")
    tenant.api.patch(f"/api/v1/namespaces/{tenant.namespace}", {"metadata": {"labels": mesh}})
    pod = {"spec": {"containers": [{"name": "app", "image": "app"}]}}
    pods = f"/api/v1/namespaces/{tenant.namespace}/pods?dryRun=All"

    def injects() -> bool:
        status, made = tenant.api.post(pods, {"metadata": {"name": "app"}, **pod})
        return status == 201 and containers(made) == ["app", "mesh-proxy"]

    wait_until(injects, "the mesh adds its sidecar to applications")
    tenant.create(EXPORT, {"arize": ARIZE})
    (made,) = wait_until(lambda: nodes[0].pods(tenant.namespace), "there is an agent")
    assert containers(made) == ["agent"]
    assert made["metadata"]["labels"]["istio.io/dataplane-mode"] == "none"
    assert made["metadata"]["annotations"]["linkerd.io/inject"] == "disabled"
    wanted = {"labels": {"sidecar.istio.io/inject": "true"}}
    tenant.create("meshed", {"arize": ARIZE, "agent": wanted})

    def meshed() -> bool:
        return any(containers(one) == ["agent", "mesh-proxy"] for one in nodes[0].pods(tenant.namespace))

    wait_until(meshed, "who asks for the sidecar gets it")


def require_label(plane, namespace: str) -> None:
    plane.api.patch(
        f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": {"field-policy": namespace}}}
    )
    rules = [
        {"apiGroups": [""], "resources": ["services", "configmaps", "serviceaccounts"]},
        {"apiGroups": ["apps"], "resources": ["daemonsets"]},
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"]},
    ]
    has = "has({0}.labels) && 'cost-center' in {0}.labels"
    template = "object.spec.template.metadata"
    policy = {
        "metadata": {"name": namespace},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"field-policy": namespace}},
                "resourceRules": [
                    {**rule, "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"]}
                    for rule in rules
                ],
            },
            "validations": [
                {
                    "expression": f"({has.format('object.metadata')}) && "
                    f"(object.kind != 'DaemonSet' || ({has.format(template)}))",
                    "message": "label cost-center is required",
                }
            ],
        },
    }
    assert plane.api.post(POLICIES, policy)[0] == 201
    binding = {
        "metadata": {"name": namespace},
        "spec": {"policyName": namespace, "validationActions": ["Deny"]},
    }
    assert plane.api.post(BINDINGS, binding)[0] == 201
    probe = f"/api/v1/namespaces/{namespace}/configmaps?dryRun=All"
    wait_until(
        lambda: plane.api.post(probe, {"metadata": {"name": "probe"}})[0] == 422,
        "the policy is enforced",
    )


def test_labels_satisfy_a_policy_that_asks_for_them_everywhere(control_plane, operator):
    tenant = Tenant(control_plane, "labelled")
    require_label(control_plane, tenant.namespace)
    spec = {"arize": ARIZE, "agent": {"labels": {"cost-center": "traces"}}}
    tenant.create("bare", {"arize": ARIZE})
    told = tenant.wait_for_reason("bare", "Progressing", "ApplyFailed")
    assert "label cost-center is required" in told["message"]
    tenant.create(EXPORT, spec)
    tenant.wait_until_settled(EXPORT)
    tenant.change("bare", {"agent": {"labels": {"cost-center": "traces"}}})
    tenant.wait_until_settled("bare", 90)
    assert all(one["metadata"]["labels"]["cost-center"] == "traces" for _, one in tenant.children())
    template = tenant.child("daemonsets", EXPORT)["spec"]["template"]["metadata"]
    assert template["labels"]["cost-center"] == "traces"
    # The export cannot add labels to policies that others manage.
    tenant.change(EXPORT, {"agent": {"networkPolicy": {"mode": "None"}}})
    wait_until(lambda: tenant.child("networkpolicies", EXPORT) is None, "it is removed")


def test_defaults_of_the_installation_hold_where_an_export_says_nothing(
    control_plane, installation, operator
):
    operator.stop()
    defaulting = installation.operator(*ALONE, f"--agent-defaults={json.dumps(DEFAULTS)}").start()
    try:
        tenant = Tenant(control_plane, "defaults")
        tenant.create("silent", {"arize": ARIZE})
        own = {"labels": {"cost-center": "shop"}, "tolerations": [], "nodeSelector": {}}
        own["resources"] = {"limits": {"memory": "256Mi"}}
        tenant.create("speaking", {"arize": ARIZE, "agent": own})
        silent, speaking = (
            wait_until(lambda name=name: tenant.child("daemonsets", name), f"{name} has agents")
            for name in ("silent", "speaking")
        )
        pods = silent["spec"]["template"]["spec"]
        assert silent["metadata"]["labels"]["cost-center"] == "platform"
        assert silent["spec"]["template"]["metadata"]["annotations"]["example.com/owner"] == "platform"
        assert pods["tolerations"] == [{"operator": "Exists"}]
        assert pods["nodeSelector"]["pool"] == "apps"
        assert pods["priorityClassName"] == "agents"
        assert pods["imagePullSecrets"] == [{"name": "registry"}]
        assert {"name": "TZ", "value": "UTC"} in pods["containers"][0]["env"]
        resources = pods["containers"][0]["resources"]
        assert resources["limits"]["memory"] == "1Gi"
        assert resources["requests"] == {"cpu": "50m", "memory": "100Mi"}

        pods = speaking["spec"]["template"]["spec"]
        assert speaking["metadata"]["labels"]["cost-center"] == "shop"
        assert speaking["metadata"]["labels"]["tier"] == "telemetry"
        assert "tolerations" not in pods and "pool" not in pods["nodeSelector"]
        assert pods["containers"][0]["resources"]["limits"]["memory"] == "256Mi"
    finally:
        defaulting.stop()
