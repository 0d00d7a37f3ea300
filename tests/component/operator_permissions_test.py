# SPDX-License-Identifier: Apache-2.0
"""The installation decides what exports may request: the operator applies nothing else, and the
chart's ValidatingAdmissionPolicy, on a real API server, agrees on each export of a table."""

from dataclasses import dataclass

import pytest
import yaml
from harness.chart import Rendered
from harness.installation import ALONE
from harness.processes import wait_until
from harness.tenant import ARIZE, DATABRICKS, Tenant

DIGEST = "sha256:" + "0123456789abcdef" * 4
PERMISSIONS = {
    "images": ["agent", "registry.example:5000/agents/*"],
    "hostPath": False,
    "priorityClassNames": ["high", "obs-*"],
    "tolerations": ["dedicated", "example.com/*"],
    "maxBacklog": "8Gi",
    "hosts": ["otlp.arize.com", "*.cloud.databricks.com", "**.deep.example", "[0:0::1]", "10.0.0.*"],
    "secretKeys": ["arize/*", "*/token", "databricks/client-*"],
    "env": ["TZ", "GRPC_DNS_*"],
    "admissionPolicy": True,
}


@dataclass(frozen=True)
class Case:
    spec: dict
    field: str = ""  # the field that is not permitted; "" if all are


def spec(**sections) -> dict:
    return {"arize": ARIZE, "delivery": {"storage": "EmptyDir"}, **sections}


def image(name: str) -> dict:
    return spec(agent={"image": name})


def toleration(**fields) -> dict:
    return spec(agent={"tolerations": [fields]})


def variables(*names: str) -> dict:
    return spec(agent={"env": [{"name": name, "value": "a"} for name in names]})


def backlog(size: str) -> dict:
    return spec(delivery={"storage": "EmptyDir", "maxBacklog": size})


def endpoint(text: str, **more) -> dict:
    arize = {"endpoint": text, "project": "p", "credentials": ARIZE["credentials"], **more}
    return spec(arize=arize)


def databricks(**fields) -> dict:
    return spec(databricks={**DATABRICKS, **fields})


def arize_secret(**fields) -> dict:
    return spec(arize={**ARIZE, "credentials": {"secretName": "arize", **fields}})


def arize_ca(secret: str, key: str) -> dict:
    return spec(arize={**ARIZE, "ca": {"secretName": secret, "key": key}})


IMAGE, ENDPOINT = "spec.agent.image", "spec.arize.endpoint"
TOLERATION = "spec.agent.tolerations"
CASES = {
    "nothing-special": Case(spec()),
    "both-destinations": Case(databricks()),
    # images
    "own-image": Case(image("registry.example/dualtrace-agent:2")),
    "own-image-by-digest": Case(image(f"registry.example/dualtrace-agent@{DIGEST}")),
    "short-image": Case(image("agent:1")),
    "library-image": Case(image("docker.io/library/agent")),
    "index-image": Case(image(f"index.docker.io/agent:1@{DIGEST}")),
    "image-with-a-port": Case(image("registry.example:5000/agents/x:1")),
    "image-in-capitals": Case(image("Registry.Example:5000/agents/x")),
    "other-image": Case(image("evil.example/agent:1"), IMAGE),
    "image-below": Case(image("registry.example:5000/agents/x/y"), IMAGE),
    "image-of-another-port": Case(image("registry.example:5001/agents/x"), IMAGE),
    "image-without-the-port": Case(image("registry.example/agents/x"), IMAGE),
    "image-of-a-longer-name": Case(image("registry.example/dualtrace-agent-evil:1"), IMAGE),
    "image-of-somebody": Case(image("evil/agent:1"), IMAGE),
    "image-of-a-capital": Case(image("Evil/agent:1"), IMAGE),
    "image-with-a-wrong-digest": Case(image("agent@sha256:12"), IMAGE),
    # HostPath, priorities, tolerations, sizes
    "host-path": Case(spec(delivery={"storage": "HostPath"}), "spec.delivery.storage"),
    "host-path-by-default": Case({"arize": ARIZE}, "spec.delivery.storage"),
    "priority": Case(spec(agent={"priorityClassName": "high"})),
    "priority-by-glob": Case(spec(agent={"priorityClassName": "obs-a.b"})),
    "other-priority": Case(
        spec(agent={"priorityClassName": "system-node-critical"}), "spec.agent.priorityClassName"
    ),
    "toleration": Case(toleration(key="dedicated", operator="Exists")),
    "toleration-by-glob": Case(toleration(key="example.com/a", operator="Exists")),
    "no-toleration": Case(spec(agent={"tolerations": []})),
    "other-toleration": Case(toleration(key="dedicated2", operator="Exists"), TOLERATION),
    "every-toleration": Case(toleration(operator="Exists", effect="NoSchedule"), TOLERATION),
    "backlog": Case(backlog("8192Mi")),
    "backlog-in-bytes": Case(backlog("8589934592")),
    "backlog-of-a-fraction": Case(backlog("0.0078125Ti")),
    "backlog-too-large": Case(backlog("8193Mi"), "spec.delivery.maxBacklog"),
    "backlog-too-large-in-bytes": Case(backlog("8589934593"), "spec.delivery.maxBacklog"),
    "backlog-in-thousands": Case(backlog("9G"), "spec.delivery.maxBacklog"),
    "variable": Case(variables("TZ", "GRPC_DNS_RESOLVER")),
    "other-variable": Case(variables("TZ", "https_proxy"), "spec.agent.env"),
    "variable-of-another-case": Case(variables("tz"), "spec.agent.env"),
    "se-linux-of-the-pod": Case(
        spec(agent={"podSecurityContext": {"seLinuxOptions": {"type": "spc_t"}}}),
        "spec.agent.podSecurityContext.seLinuxOptions",
    ),
    "se-linux-of-containers": Case(
        spec(agent={"securityContext": {"seLinuxOptions": {"type": "spc_t"}}}),
        "spec.agent.securityContext.seLinuxOptions",
    ),
    "another-user": Case(spec(agent={"podSecurityContext": {"runAsUser": 1000, "fsGroup": 1000}})),
    # hosts
    "endpoint": Case(endpoint("otlp.arize.com:443")),
    "endpoint-in-capitals": Case(endpoint("https://OTLP.Arize.com/v1/traces")),
    "endpoint-with-a-dot": Case(endpoint("otlp.arize.com.:443")),
    "endpoint-deep": Case(endpoint("a.b.deep.example")),
    "endpoint-of-version-6": Case(endpoint("[::1]:4317")),
    "endpoint-of-version-6-written-long": Case(endpoint("[0:0:0:0:0:0:0:1]:4317")),
    "endpoint-of-version-4": Case(endpoint("10.0.0.7:443")),
    "other-endpoint": Case(endpoint("otlp.arize.com.evil.example:443"), ENDPOINT),
    "endpoint-above": Case(endpoint("deep.example"), ENDPOINT),
    "endpoint-without-a-label": Case(endpoint("a..deep.example"), ENDPOINT),
    "endpoint-with-two-dots": Case(endpoint("otlp.arize.com.."), ENDPOINT),
    "endpoint-mapped": Case(endpoint("[::ffff:10.0.0.7]:443"), ENDPOINT),
    "endpoint-in-hexadecimal": Case(endpoint("0x0a.0.0.7:443"), ENDPOINT),
    "endpoint-of-another-version-6": Case(endpoint("[::2]:4317"), ENDPOINT),
    "region": Case(spec(arize={**ARIZE, "region": "EU"}), "spec.arize.region"),
    "proxy": Case(
        endpoint("otlp.arize.com", proxyURL="http://proxy.example:3128"), "spec.arize.proxyURL"
    ),
    "workspace": Case(
        databricks(workspaceURL="https://evil.example"), "spec.databricks.workspaceURL"
    ),
    "workspace-of-two-labels": Case(
        databricks(workspaceURL="https://a.b.cloud.databricks.com"), "spec.databricks.workspaceURL"
    ),
    "zerobus": Case(
        databricks(
            ingest="Zerobus",
            zerobus={"endpoint": "zerobus.evil.example"},
            auth={"oauth": {"secretName": "databricks"}},
        ),
        "spec.databricks.zerobus.endpoint",
    ),
    "databricks-proxy": Case(
        databricks(proxyURL="http://proxy.example:3128"), "spec.databricks.proxyURL"
    ),
    # keys
    "oauth": Case(databricks(auth={"oauth": {"secretName": "databricks"}})),
    "other-key": Case(arize_secret(secretName="stripe"), "spec.arize.credentials"),
    "other-token": Case(
        databricks(auth={"token": {"secretName": "x", "key": "y"}}), "spec.databricks.auth.token"
    ),
    "other-oauth": Case(
        databricks(auth={"oauth": {"secretName": "stripe"}}), "spec.databricks.auth.oauth"
    ),
    "proxy-credentials": Case(
        databricks(
            proxyURL="http://a.deep.example:3128",
            proxyAuth={"secretName": "databricks", "usernameKey": "client-name", "passwordKey": "token"},
        )
    ),
    "other-proxy-credentials": Case(
        endpoint(
            "otlp.arize.com",
            proxyURL="http://a.deep.example:3128",
            proxyAuth={"secretName": "stripe"},
        ),
        "spec.arize.proxyAuth",
    ),
    "key-of-a-registry": Case(
        arize_secret(apiKeyKey=".dockerconfigjson"), "spec.arize.credentials"
    ),
    "key-of-tls": Case(arize_secret(spaceIDKey="tls.key"), "spec.arize.credentials"),
    "authority": Case(arize_ca("company-tls", "ca.crt")),
    "authority-that-is-a-key": Case(arize_ca("company-tls", "tls.key"), "spec.arize.ca"),
}


@pytest.fixture(scope="module")
def rendered(helms) -> Rendered:
    repository = {"agent": {"image": {"repository": "registry.example/dualtrace-agent"}}}
    return helms["helm4"].render({"permissions": PERMISSIONS, **repository})


@pytest.fixture(scope="module")
def tenant(control_plane, installation) -> Tenant:
    """With all exports of the table, created before the policy existed."""
    made = Tenant(control_plane, "permissions")
    for name, case in CASES.items():
        made.create(name, case.spec)
    return made


@pytest.fixture(scope="module")
def operator(installation, tenant, rendered):
    options = [one for one in rendered.arguments if one.startswith("--permit-")]
    assert len(options) == len(PERMISSIONS) - 1
    watched = f"--watch-namespaces={tenant.namespace}"
    return installation.operator(*ALONE, watched, *options).start()


def tried(tenant: Tenant, case_spec: dict) -> tuple[int, str]:
    export = {
        "apiVersion": "dualtrace.dev/v1alpha1",
        "kind": "DualTraceExport",
        "metadata": {"name": "tried"},
        "spec": case_spec,
    }
    status, answer = tenant.api.post(f"{tenant.exports}?dryRun=All", export)
    return status, answer.get("message", "")


@pytest.fixture(scope="module")
def policy(control_plane, tenant, rendered):
    """Installs the policy for the tests of this module."""
    kinds = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
    objects = [rendered.one(kind) for kind in kinds]
    text = yaml.safe_dump_all(objects)
    control_plane.kubectl("apply", "--filename", "-", stdin=text)
    refused = CASES["other-image"].spec
    wait_until(lambda: tried(tenant, refused)[0] != 201, "the policy is in force")
    yield objects[0]
    control_plane.kubectl("delete", "--filename", "-", stdin=text)


@pytest.mark.parametrize("name", CASES)
def test_the_operator_applies_what_is_permitted_alone(tenant, operator, name):
    field = CASES[name].field
    reason = "NotPermitted" if field else "Valid"
    condition = tenant.wait_for_reason(name, "ConfigValid", reason)
    if field:
        assert condition["message"].startswith(field), condition
        assert "permi" in condition["message"]
        assert tenant.child("daemonsets", name) is None
    else:
        wait_until(lambda: tenant.child("daemonsets", name), "its agents are there")


def test_what_runs_runs_on_when_less_is_permitted(installation, control_plane, operator):
    team = Tenant(control_plane, "before")
    watched = f"--watch-namespaces={team.namespace}"
    team.create("agents", image("registry.example/other/agent:1"))
    before = installation.operator(
        *ALONE, watched, "--permit-images=registry.example/other/*"
    ).start()
    team.wait_until_settled("agents")
    agents = team.child("daemonsets", "agents")["spec"]
    assert before.stop() == 0
    installation.operator(*ALONE, watched).start()
    team.wait_for_reason("agents", "ConfigValid", "NotPermitted")
    team.change("agents", {"delivery": {"drainTimeout": "40s"}})
    wait_until(
        lambda: team.get("agents")["status"]["observedGeneration"]
        == team.get("agents")["metadata"]["generation"],
        "it has seen the change",
    )
    assert team.child("daemonsets", "agents")["spec"] == agents


@pytest.mark.parametrize("name", CASES)
def test_the_policy_says_the_same(tenant, policy, name):
    case = CASES[name]
    status, message = tried(tenant, case.spec)
    assert (status == 201) == (not case.field), message
    if case.field:
        assert status == 403, message
        assert f"denied request: {case.field}" in message


def test_an_export_of_before_can_be_labelled_and_can_go(tenant, policy):
    path = f"{tenant.exports}/other-image"
    status, answer = tenant.api.patch(path, {"metadata": {"labels": {"team": "blue"}}})
    assert status == 200, answer
    status, answer = tenant.api.patch(path, {"spec": {"delivery": {"maxAge": "1h"}}})
    assert status == 403, answer
    assert tenant.api.delete(f"{path}?dryRun=All")[0] == 200


def test_the_policy_is_made_without_a_warning(control_plane, policy):
    """The API server checks the types of its expressions."""
    path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"

    def checked() -> dict | None:
        status, answer = control_plane.api.get(f"{path}/{policy['metadata']['name']}")
        assert status == 200, answer
        found = answer.get("status", {})
        return found if found.get("observedGeneration") else None

    warnings = wait_until(checked, "its types are checked", 60)["typeChecking"]
    assert not warnings.get("expressionWarnings"), warnings
