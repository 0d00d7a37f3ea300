# SPDX-License-Identifier: Apache-2.0
"""Every value of the chart has an effect, and exactly this one."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from docs.chart_files import read_values
from harness.chart import CERT_MANAGER, MONITORED as MONITORS, Helm, Rendered, Refused, nested

DIGEST = "sha256:" + "0123456789abcdef" * 4
ROLES = {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}


@dataclass(frozen=True)
class Effect:
    """`value` makes the check pass; `given` alone does not."""

    value: object
    shows: Callable[[Rendered], bool]
    given: dict = field(default_factory=dict)
    tests: bool = False  # in the pod of `helm test`


def labels_of(rendered: Rendered) -> list[dict]:
    return [one["metadata"]["labels"] for one in [*rendered.objects, rendered.template]]


def enabled(name: str, **values) -> dict:
    return {"metrics": {name: {"enabled": True, **values}}}


def labelled(kind: str) -> Callable[[Rendered], bool]:
    return lambda r: r.one(kind)["metadata"]["labels"].get("release") == "prometheus"


def ingress(rendered: Rendered, port: int) -> dict:
    rules = rendered.one("NetworkPolicy")["spec"]["ingress"]
    (found,) = [rule for rule in rules if rule["ports"] == [{"port": port, "protocol": "TCP"}]]
    return found


def egress_ports(rendered: Rendered) -> list[list[int]]:
    rules = rendered.one("NetworkPolicy")["spec"]["egress"]
    return [[port["port"] for port in rule["ports"]] for rule in rules]


def is_without_rights_elsewhere(rendered: Rendered) -> bool:
    """Roles in those namespaces and in the operator's own, and one ClusterRole for two named
    objects."""
    places = {one["metadata"]["namespace"] for one in rendered.all("Role")}
    everywhere = [rule for one in rendered.all("ClusterRole") for rule in one["rules"]]
    return (
        places == {"blue", "green", "dualtrace-system"}
        and [rule.get("resourceNames") for rule in everywhere] == [["dualtrace-operator"]]
        and "--watch-namespaces=blue,green" in rendered.arguments
        and all(
            {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["blue", "green"]}
            in one["namespaceSelector"]["matchExpressions"]
            for one in rendered.webhooks()
        )
    )


def secret_roles(rendered: Rendered) -> list[tuple]:
    return [
        (one["metadata"]["namespace"], rule["resourceNames"], rule["verbs"])
        for one in rendered.all("Role")
        for rule in one["rules"]
        if one["metadata"]["name"] == "dualtrace-operator-secrets"
    ]


READ = {"get", "list", "watch"}
WRITE = READ | {"create", "update", "patch", "delete", "deletecollection"}


def aggregated(rendered: Rendered) -> dict[str, set[str]]:
    """The verbs of each built-in Kubernetes role for exports."""
    prefix = "rbac.authorization.k8s.io/aggregate-to-"
    return {
        label.removeprefix(prefix): {
            verb
            for rule in role["rules"]
            if "dualtraceexports" in rule["resources"]
            for verb in rule["verbs"]
        }
        for role in rendered.all("ClusterRole")
        for label in role["metadata"]["labels"]
        if label.startswith(prefix)
    }


def issuer(rendered: Rendered) -> dict:
    return rendered.one("Certificate")["spec"]["issuerRef"]


def agent_defaults(rendered: Rendered) -> dict:
    (text,) = [one for one in rendered.arguments if one.startswith("--agent-defaults=")]
    return json.loads(text.partition("=")[2])


# The labels that AKS' admissions enforcer adds to every webhook.
ENFORCED = [
    {"key": "control-plane", "operator": "NotIn", "values": ["true"]},
    {"key": "kubernetes.azure.com/managedby", "operator": "NotIn", "values": ["aks"]},
]
VERIFY = "dualtrace-operator-verify-install"
MONITORED = enabled("serviceMonitor")
AGENTS_MONITORED = enabled("podMonitor")
RULES = enabled("prometheusRule")
DASHBOARD = enabled("dashboard")
PROMETHEUS = {"release": "prometheus"}

EFFECTS = {
    "nameOverride": Effect(
        "other", lambda r: {one["app.kubernetes.io/name"] for one in labels_of(r)} == {"other"}
    ),
    "fullnameOverride": Effect(
        "other",
        lambda r: all(
            one["metadata"]["name"].split("-")[0] == "other"
            for one in r.objects
            if one["kind"] != "CustomResourceDefinition"
        )
        and "--lease-name=other" in r.arguments
        and "--webhook-configuration=other" in r.arguments,
    ),
    "commonLabels": Effect(
        {"team": "telemetry", "app.kubernetes.io/name": "mine"},
        lambda r: {one.get("team") for one in labels_of(r)} == {"telemetry"}
        and {one["app.kubernetes.io/name"] for one in labels_of(r)} == {"dualtrace-operator"},
    ),
    "commonAnnotations": Effect(
        {"owner": "telemetry"},
        lambda r: {
            (one["metadata"].get("annotations") or {}).get("owner")
            for one in [*r.objects, r.template]
        }
        == {"telemetry"},
        {**CERT_MANAGER, **MONITORS},
        tests=True,
    ),
    "global.imageRegistry": Effect(
        "mirror.example:5000",
        lambda r: r.container["image"] == "mirror.example:5000/team/operator:0.1.0"
        and "--agent-image=mirror.example:5000/dualtrace-agent:0.1.0" in r.arguments
        and r.one("Pod")["spec"]["containers"][0]["image"] == r.container["image"],
        nested(image__repository="registry.example/team/operator"),
        tests=True,
    ),
    "image.repository": Effect(
        "registry.example:5000/operator",
        lambda r: r.container["image"] == "registry.example:5000/operator:0.1.0",
    ),
    "image.tag": Effect("1.2.3", lambda r: r.container["image"] == "dualtrace-operator:1.2.3"),
    "image.digest": Effect(
        DIGEST, lambda r: r.container["image"] == f"dualtrace-operator@{DIGEST}"
    ),
    "image.pullPolicy": Effect("Always", lambda r: r.container["imagePullPolicy"] == "Always"),
    "agent.image.repository": Effect(
        "registry.example/agent",
        lambda r: "--agent-image=registry.example/agent:0.1.0" in r.arguments,
    ),
    "agent.image.tag": Effect(
        "1.2.3", lambda r: "--agent-image=dualtrace-agent:1.2.3" in r.arguments
    ),
    "agent.image.digest": Effect(
        DIGEST, lambda r: f"--agent-image=dualtrace-agent@{DIGEST}" in r.arguments
    ),
    "agent.defaults": Effect(
        {"tolerations": [{"operator": "Exists"}], "labels": {"cost-center": "traces"}},
        lambda r: agent_defaults(r)
        == {"tolerations": [{"operator": "Exists"}], "labels": {"cost-center": "traces"}},
    ),
    "imagePullSecrets": Effect(
        [{"name": "registry"}], lambda r: r.pod.get("imagePullSecrets") == [{"name": "registry"}]
    ),
    "replicas": Effect(
        1,
        lambda r: r.one("Deployment")["spec"]["replicas"] == 1
        and not r.has("PodDisruptionBudget"),
    ),
    "watchNamespaces": Effect(["blue", "green"], is_without_rights_elsewhere),
    "exportClass": Effect("blue", lambda r: "--export-class=blue" in r.arguments),
    "excludeNamespaces": Effect(
        ["blue", "green"], lambda r: "--exclude-namespaces=blue,green" in r.arguments
    ),
    "sharedNamespaces": Effect(
        ["observability", "platform"],
        lambda r: "--shared-namespaces=observability,platform" in r.arguments,
    ),
    "consentAsBefore": Effect(False, lambda r: "--consent-as-before=false" in r.arguments),
    "clusterDomain": Effect(
        "k8s.corp.example", lambda r: "--cluster-domain=k8s.corp.example" in r.arguments
    ),
    "logLevel": Effect("debug", lambda r: "--log-level=debug" in r.arguments),
    "extraArgs": Effect(
        ["--workers=8", "--resync=1h"], lambda r: r.arguments[-2:] == ["--workers=8", "--resync=1h"]
    ),
    "extraEnv": Effect(
        [{"name": "TZ", "value": "UTC"}],
        lambda r: r.container.get("env") == [{"name": "TZ", "value": "UTC"}],
    ),
    "resources": Effect(
        {"limits": {"memory": "1Gi"}},
        lambda r: r.container["resources"]
        == {"limits": {"memory": "1Gi"}, "requests": {"cpu": "20m", "memory": "48Mi"}},
    ),
    "nodeSelector": Effect(
        {"pool": "system"}, lambda r: r.pod["nodeSelector"].get("pool") == "system"
    ),
    "tolerations": Effect(
        [{"operator": "Exists"}], lambda r: r.pod.get("tolerations") == [{"operator": "Exists"}]
    ),
    "affinity": Effect({"nodeAffinity": {}}, lambda r: r.pod["affinity"] == {"nodeAffinity": {}}),
    "topologySpreadConstraints": Effect(
        [{"maxSkew": 1}], lambda r: r.pod.get("topologySpreadConstraints") == [{"maxSkew": 1}]
    ),
    "priorityClassName": Effect(
        "system-cluster-critical",
        lambda r: r.pod.get("priorityClassName") == "system-cluster-critical",
    ),
    "podAnnotations": Effect(
        {"a": "b"}, lambda r: r.template["metadata"].get("annotations") == {"a": "b"}
    ),
    "podLabels": Effect(
        {"a": "b", "app.kubernetes.io/name": "mine"},
        lambda r: r.template["metadata"]["labels"].get("a") == "b"
        and r.template["metadata"]["labels"]["app.kubernetes.io/name"] == "dualtrace-operator",
    ),
    "podSecurityContext": Effect(
        {"runAsUser": None, "fsGroup": 7},
        lambda r: "runAsUser" not in r.pod["securityContext"]
        and r.pod["securityContext"]["fsGroup"] == 7,
    ),
    "securityContext": Effect(
        {"privileged": False}, lambda r: r.container["securityContext"].get("privileged") is False
    ),
    "podDisruptionBudget.enabled": Effect(False, lambda r: not r.has("PodDisruptionBudget")),
    "podDisruptionBudget.maxUnavailable": Effect(
        "50%", lambda r: r.one("PodDisruptionBudget")["spec"]["maxUnavailable"] == "50%"
    ),
    "serviceAccount.create": Effect(
        False,
        lambda r: not r.has("ServiceAccount") and r.pod["serviceAccountName"] == "theirs",
        nested(serviceAccount__name="theirs"),
    ),
    "serviceAccount.name": Effect(
        "theirs",
        lambda r: r.one("ServiceAccount")["metadata"]["name"] == "theirs"
        and r.pod["serviceAccountName"] == "theirs"
        and {one["name"] for kind in ("RoleBinding", "ClusterRoleBinding")
             for binding in r.all(kind) for one in binding["subjects"]} == {"theirs"},
    ),
    "serviceAccount.annotations": Effect(
        {"a": "b"}, lambda r: r.one("ServiceAccount")["metadata"].get("annotations") == {"a": "b"}
    ),
    "rbac.create": Effect(False, lambda r: not [one for one in r.objects if one["kind"] in ROLES]),
    "rbac.aggregateClusterRoles.enabled": Effect(
        True, lambda r: aggregated(r) == {"view": READ, "admin": WRITE}
    ),
    "rbac.aggregateClusterRoles.edit": Effect(
        True,
        lambda r: aggregated(r) == {"view": READ, "admin": WRITE, "edit": WRITE},
        nested(rbac__aggregateClusterRoles__enabled=True),
    ),
    "permissions.images": Effect(
        ["agent", "registry.example/agents/*"],
        lambda r: "--permit-images=agent,registry.example/agents/*" in r.arguments,
    ),
    "permissions.hostPath": Effect(False, lambda r: "--permit-host-path=false" in r.arguments),
    "permissions.priorityClassNames": Effect(
        ["high"], lambda r: "--permit-priority-classes=high" in r.arguments
    ),
    "permissions.tolerations": Effect([], lambda r: "--permit-tolerations=none" in r.arguments),
    "permissions.maxBacklog": Effect(
        "8Gi", lambda r: "--permit-max-backlog=8Gi" in r.arguments
    ),
    "permissions.hosts": Effect(
        ["otlp.arize.com", "*.cloud.databricks.com"],
        lambda r: "--permit-hosts=otlp.arize.com,*.cloud.databricks.com" in r.arguments,
    ),
    "permissions.secretKeys": Effect(
        ["arize/*"], lambda r: "--permit-secret-keys=arize/*" in r.arguments
    ),
    "permissions.env": Effect(["TZ"], lambda r: "--permit-env=TZ" in r.arguments),
    "permissions.seLinuxOptions": Effect(
        True, lambda r: "--permit-se-linux-options" in r.arguments
    ),
    "permissions.admissionPolicy": Effect(
        True,
        lambda r: r.one("ValidatingAdmissionPolicyBinding")["spec"]["policyName"]
        == r.one("ValidatingAdmissionPolicy")["metadata"]["name"],
    ),
    "secretReader": Effect(
        [
            {"namespace": "blue", "names": ["arize", "databricks"]},
            {"namespace": "green", "names": ["arize"]},
        ],
        lambda r: secret_roles(r)
        == [("blue", ["arize", "databricks"], ["get"]), ("green", ["arize"], ["get"])],
    ),
    "crds.enabled": Effect(False, lambda r: not r.has("CustomResourceDefinition")),
    "crds.keep": Effect(
        False, lambda r: "annotations" not in r.one("CustomResourceDefinition")["metadata"]
    ),
    "webhook.enabled": Effect(
        False,
        lambda r: not r.webhooks()
        and not r.has("Service")
        and not [one for one in r.arguments if one.startswith("--webhook")]
        and "9443" not in r.text
        and not [one for one in r.objects if one["metadata"]["name"].endswith("-webhook")],
    ),
    "webhook.failurePolicy": Effect(
        "Fail",
        lambda r: [one["failurePolicy"] for one in r.webhooks()] == ["Fail", "Fail", "Ignore"],
    ),
    "webhook.timeoutSeconds": Effect(
        7, lambda r: {one["timeoutSeconds"] for one in r.webhooks()} == {7}
    ),
    "webhook.port": Effect(
        10443,
        lambda r: "--webhook-listen=[::]:10443" in r.arguments
        and {"name": "webhook", "containerPort": 10443, "protocol": "TCP"} in r.container["ports"]
        and ingress(r, 10443) == {"ports": [{"port": 10443, "protocol": "TCP"}]},
    ),
    "webhook.hostNetwork": Effect(
        True,
        lambda r: r.pod.get("hostNetwork") is True
        and r.pod["dnsPolicy"] == "ClusterFirstWithHostNet"
        # Two operators cannot use the same host ports on one node.
        and r.one("Deployment")["spec"]["strategy"]["rollingUpdate"]
        == {"maxSurge": 0, "maxUnavailable": 1}
        # No pod selector matches traffic from a node's address.
        and agent_defaults(r)["networkPolicy"]["ingress"]
        == [{"ports": [{"port": 8888, "protocol": "TCP"}]}],
    ),
    "webhook.dnsPolicy": Effect("Default", lambda r: r.pod.get("dnsPolicy") == "Default"),
    "webhook.annotations": Effect(
        {"admissions.enforcer/disabled": "true"},
        lambda r: all(
            r.one(kind)["metadata"]["annotations"].get("admissions.enforcer/disabled") == "true"
            and len(r.one(kind)["metadata"]["annotations"]) == 2
            for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
        ),
        CERT_MANAGER,
    ),
    "webhook.namespaceSelector": Effect(
        {
            "matchLabels": {"team": "shop"},
            "matchExpressions": [{"key": "stage", "operator": "Exists"}],
        },
        lambda r: all(
            one["namespaceSelector"]["matchLabels"] == {"team": "shop"}
            and {"key": "stage", "operator": "Exists"} in one["namespaceSelector"]["matchExpressions"]
            and one["namespaceSelector"]["matchExpressions"][-2:] == ENFORCED
            for one in r.webhooks()
        ),
    ),
    "webhook.objectSelector": Effect(
        {"matchLabels": {"team": "shop"}},
        lambda r: [one.get("objectSelector") for one in r.webhooks()]
        == [{"matchLabels": {"team": "shop"}}] * 2 + [None],
    ),
    "webhook.certManager.enabled": Effect(
        True,
        lambda r: r.has("Certificate")
        and "--webhook-certificate-folder=/etc/dualtrace/webhook" in r.arguments
        and not [one for one in r.arguments if one.startswith("--webhook-authority")]
        and r.pod["volumes"][0]["secret"]["secretName"]
        == r.one("Certificate")["spec"]["secretName"]
        and r.one("MutatingWebhookConfiguration")["metadata"]["annotations"]
        == {"cert-manager.io/inject-ca-from": "dualtrace-system/dualtrace-operator-webhook"}
        and not r.has("Secret")
        and not r.has("Role", "dualtrace-operator-webhook")
        and [one["resources"] for one in r.one("ClusterRole", "dualtrace-operator-webhook")["rules"]]
        == [["namespaces"]],
        nested(webhook__certManager__issuerRef__name="company"),
    ),
    "webhook.certManager.issuerRef.name": Effect(
        "other", lambda r: issuer(r)["name"] == "other", CERT_MANAGER
    ),
    "webhook.certManager.issuerRef.kind": Effect(
        "ClusterIssuer", lambda r: issuer(r)["kind"] == "ClusterIssuer", CERT_MANAGER
    ),
    "webhook.certManager.issuerRef.group": Effect(
        "issuers.example", lambda r: issuer(r)["group"] == "issuers.example", CERT_MANAGER
    ),
    "networkPolicy.enabled": Effect(False, lambda r: not r.has("NetworkPolicy")),
    "networkPolicy.apiServerPorts": Effect([7443], lambda r: [7443] in egress_ports(r)),
    "networkPolicy.metricsFrom": Effect(
        [{"podSelector": {"matchLabels": {"app": "prometheus"}}}],
        lambda r: ingress(r, 8080)["from"]
        == [{"podSelector": {"matchLabels": {"app": "prometheus"}}}],
    ),
    "verifyInstall.namespace": Effect(
        "blue",
        lambda r: r.one("Role", VERIFY)["metadata"]["namespace"] == "blue"
        and r.one("RoleBinding", VERIFY)["metadata"]["namespace"] == "blue"
        and "--namespace=blue" in r.one("Pod")["spec"]["containers"][0]["args"],
        tests=True,
    ),
    "openshift.securityContextConstraints.enabled": Effect(
        True,
        lambda r: r.has("SecurityContextConstraints"),
        nested(openshift__securityContextConstraints__serviceAccounts=["a/agents-dualtrace"]),
    ),
    "openshift.securityContextConstraints.serviceAccounts": Effect(
        ["a/agents-dualtrace", "b/other-dualtrace"],
        lambda r: r.one("SecurityContextConstraints")["users"]
        == ["system:serviceaccount:a:agents-dualtrace", "system:serviceaccount:b:other-dualtrace"],
        nested(openshift__securityContextConstraints__enabled=True),
    ),
    "metrics.port": Effect(
        10080,
        lambda r: "--listen=[::]:10080" in r.arguments
        and {"name": "http", "containerPort": 10080, "protocol": "TCP"} in r.container["ports"]
        and "from" in ingress(r, 10080),
    ),
    "metrics.serviceMonitor.enabled": Effect(
        True,
        lambda r: r.has("ServiceMonitor")
        and r.one("Service", "dualtrace-operator-metrics")["spec"]["ports"][0]["name"]
        == r.one("ServiceMonitor")["spec"]["endpoints"][0]["port"],
    ),
    "metrics.serviceMonitor.labels": Effect(PROMETHEUS, labelled("ServiceMonitor"), MONITORED),
    "metrics.serviceMonitor.interval": Effect(
        "15s",
        lambda r: r.one("ServiceMonitor")["spec"]["endpoints"][0].get("interval") == "15s",
        MONITORED,
    ),
    "metrics.podMonitor.enabled": Effect(
        True,
        lambda r: r.has("PodMonitor")
        and r.one("PodMonitor")["spec"]["namespaceSelector"] == {"any": True},
    ),
    "metrics.podMonitor.labels": Effect(PROMETHEUS, labelled("PodMonitor"), AGENTS_MONITORED),
    "metrics.podMonitor.interval": Effect(
        "15s",
        lambda r: r.one("PodMonitor")["spec"]["podMetricsEndpoints"][0].get("interval") == "15s",
        AGENTS_MONITORED,
    ),
    "metrics.prometheusRule.enabled": Effect(True, lambda r: r.has("PrometheusRule")),
    "metrics.prometheusRule.labels": Effect(PROMETHEUS, labelled("PrometheusRule"), RULES),
    "metrics.dashboard.enabled": Effect(True, lambda r: r.has("ConfigMap")),
    "metrics.dashboard.labels": Effect(PROMETHEUS, labelled("ConfigMap"), DASHBOARD),
    "metrics.dashboard.annotations": Effect(
        {"folder": "telemetry"},
        lambda r: r.one("ConfigMap")["metadata"].get("annotations") == {"folder": "telemetry"},
        DASHBOARD,
    ),
}


@pytest.fixture(scope="module")
def helm(tmp_path_factory) -> Helm:
    return Helm("helm4", tmp_path_factory.mktemp("helm"))


def laid_over(values: dict, path: str, value) -> dict:
    first, _, rest = path.partition(".")
    inner = laid_over(values.get(first, {}), rest, value) if rest else value
    return {**values, first: inner}


def test_an_upgrade_that_reuses_older_values_takes_no_spans_away(helm):
    """With `helm upgrade --reuse-values`, values that are new in this version are missing."""
    rendered = helm.render({"sharedNamespaces": None, "consentAsBefore": None})
    assert not [one for one in rendered.arguments if "consent" in one or "shared" in one]


def test_an_upgrade_that_reuses_older_values_renders_to_what_is_new_and_its_defaults(helm):
    """An earlier release has none of these, so Helm passes nothing at all."""
    unknown = {
        "commonAnnotations": None,
        "global": None,
        "extraEnv": None,
        "openshift": None,
        "agent": {"defaults": None},
        "metrics": {"port": None},
        "webhook": dict.fromkeys(
            ["port", "hostNetwork", "dnsPolicy", "annotations", "namespaceSelector", "objectSelector"]
        ),
    }
    assert helm.render(unknown, tests=True).objects == helm.render(tests=True).objects


@pytest.mark.parametrize(
    "repository, image",
    [
        ("dualtrace-operator", "mirror/dualtrace-operator"),
        ("team/dualtrace-operator", "mirror/team/dualtrace-operator"),
        ("registry.example/team/dualtrace-operator", "mirror/team/dualtrace-operator"),
        ("localhost:5000/dualtrace-operator", "mirror/dualtrace-operator"),
    ],
)
def test_a_registry_of_all_charts_takes_the_place_of_another(helm, repository, image):
    values = nested(global__imageRegistry="mirror/", image__repository=repository)
    assert helm.render(values).container["image"] == f"{image}:0.1.0"


def test_the_policy_permits_the_agents_image_of_that_registry(helm):
    values = nested(global__imageRegistry="mirror.example/", permissions__admissionPolicy=True)
    validations = helm.render(values).one("ValidatingAdmissionPolicy")["spec"]["validations"]
    (images,) = [one["expression"] for one in validations if "variables.repository" in one["expression"]]
    assert "mirror[.]example/dualtrace-agent" in images


@pytest.mark.parametrize("given", [{"permissions": None}, {"permissions": {"hosts": None}}])
def test_an_upgrade_that_reuses_older_values_has_the_operators_permissions(helm, given):
    rendered = helm.render({**given, "rbac": {"aggregateClusterRoles": None}})
    assert not [one for one in rendered.arguments if "permit" in one]
    assert not rendered.has("ValidatingAdmissionPolicy")


def test_every_value_is_here():
    assert sorted(EFFECTS) == sorted(value.path for value in read_values())


@pytest.mark.parametrize("path", EFFECTS)
def test_a_value_has_its_effect(helm, path):
    effect = EFFECTS[path]

    def shows(values: dict) -> bool:
        try:
            return effect.shows(helm.render(values, tests=effect.tests))
        except (AssertionError, KeyError, ValueError, Refused):  # nothing to check
            return False

    assert shows(laid_over(effect.given, path, effect.value))
    assert not shows(effect.given), "the check passes without the value, too"


def test_the_agents_of_single_namespaces_are_monitored_there(helm):
    values = {"watchNamespaces": ["blue"], **AGENTS_MONITORED}
    selector = helm.render(values).one("PodMonitor")["spec"]["namespaceSelector"]
    assert selector == {"matchNames": ["blue"]}


@pytest.mark.parametrize("served, tried", [([], "default"), (["green", "blue"], "green")])
def test_an_installation_is_tried_where_it_serves(helm, served, tried):
    pod = helm.render({"watchNamespaces": served}, tests=True).one("Pod")
    assert pod["spec"]["containers"][0]["args"][1] == f"--namespace={tried}"


def test_with_cert_manager_and_single_namespaces_there_is_no_right_in_the_cluster(helm):
    rendered = helm.render({"watchNamespaces": ["blue"], **CERT_MANAGER})
    assert not rendered.all("ClusterRole") + rendered.all("ClusterRoleBinding")


@pytest.mark.parametrize(
    "values, complaint",
    [
        (nested(serviceAccount__create=False), "serviceAccount.name: is required"),
        (
            nested(webhook__certManager__enabled=True),
            "webhook.certManager.issuerRef.name: is required",
        ),
        (
            {"rbac": {"create": False}, "secretReader": [{"namespace": "blue", "names": ["a"]}]},
            "secretReader: needs rbac.create=true",
        ),
        (
            {"secretReader": [{"namespace": "blue", "names": [name]} for name in "ab"]},
            "secretReader: the namespace blue is listed twice",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(helm, values, complaint):
    with pytest.raises(Refused, match=complaint):
        helm.template(values)
