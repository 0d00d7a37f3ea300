# SPDX-License-Identifier: Apache-2.0
"""The chart rejects unknown and invalid values, and Kubernetes versions that are too old."""

import pytest
from docs.chart_files import read_values
from harness.chart import Refused, nested

TYPOS = [
    "replicaCount",
    "image.pullpolicy",
    "agent.tolerations",
    "agent.image.pullPolicy",
    "podDisruptionBudget.minAvailable",
    "serviceAccount.annotation",
    "rbac.created",
    "rbac.aggregateClusterRoles.edits",
    "permissions.image",
    "crds.install",
    "webhook.failurePolcy",
    "webhook.certManager.enable",
    "webhook.certManager.issuerRef.secret",
    "networkPolicy.apiserverPorts",
    "verifyInstall.enabled",
    "openshift.scc",
    "openshift.securityContextConstraints.name",
    "metrics.enabled",
    "metrics.serviceMonitor.scrape",
    "metrics.podMonitor.scrape",
    "metrics.prometheusRule.rules",
    "metrics.dashboard.label",
]


@pytest.mark.parametrize("path", TYPOS)
def test_a_value_that_does_not_exist_is_refused(helm, path):
    above, _, last = path.rpartition(".")
    with pytest.raises(Refused) as refused:
        helm.template(nested(**{path.replace(".", "__"): True}))
    assert f"additional properties '{last}' not allowed" in str(refused.value)
    where = "".join(f"/{part}" for part in above.split(".") if part)
    assert f"at '{where}'" in str(refused.value)


def test_typos_are_tried_at_every_level():
    def above(path: str) -> list[str]:
        parts = path.split(".")
        return [".".join(parts[:depth]) for depth in range(len(parts))]

    levels = {level for value in read_values() for level in above(value.path)}
    # `global` is shared with charts that use other keys in it.
    assert {path.rpartition(".")[0] for path in TYPOS} == levels - {"global"}


@pytest.mark.parametrize(
    "values, where",
    [
        ({"replicas": "2"}, "/replicas"),
        ({"replicas": -1}, "/replicas"),
        ({"logLevel": "Info"}, "/logLevel"),
        ({"clusterDomain": "cluster.local."}, "/clusterDomain"),
        ({"clusterDomain": "https://cluster.local"}, "/clusterDomain"),
        ({"extraArgs": ["workers=8"]}, "/extraArgs/0"),
        ({"watchNamespaces": "blue"}, "/watchNamespaces"),
        ({"watchNamespaces": ["Blue"]}, "/watchNamespaces/0"),
        ({"watchNamespaces": ["blue", "blue"]}, "/watchNamespaces"),
        ({"sharedNamespaces": "blue"}, "/sharedNamespaces"),
        ({"sharedNamespaces": ["Blue"]}, "/sharedNamespaces/0"),
        ({"consentAsBefore": "no"}, "/consentAsBefore"),
        ({"fullnameOverride": "Mine"}, "/fullnameOverride"),
        ({"fullnameOverride": "m" * 51}, "/fullnameOverride"),
        ({"commonLabels": {"a": 1}}, "/commonLabels/a"),
        (nested(image__repository=""), "/image/repository"),
        (nested(image__repository="registry.example/operator@sha256:0"), "/image/repository"),
        (nested(image__digest="sha256:0"), "/image/digest"),
        (nested(image__tag="a b"), "/image/tag"),
        (nested(image__pullPolicy="Sometimes"), "/image/pullPolicy"),
        (nested(agent__image__digest="0"), "/agent/image/digest"),
        ({"imagePullSecrets": ["registry"]}, "/imagePullSecrets/0"),
        ({"imagePullSecrets": [{"name": "a", "key": "b"}]}, "/imagePullSecrets/0"),
        ({"secretReader": [{"namespace": "blue"}]}, "/secretReader/0"),
        ({"secretReader": [{"namespace": "blue", "names": []}]}, "/secretReader/0/names"),
        ({"secretReader": [{"namespace": "blue", "names": ["*"]}]}, "/secretReader/0/names/0"),
        ({"secretReader": [{"namespace": "b", "names": ["a"], "c": 1}]}, "/secretReader/0"),
        (nested(podDisruptionBudget__maxUnavailable=0), "/podDisruptionBudget/maxUnavailable"),
        (nested(webhook__failurePolicy="ignore"), "/webhook/failurePolicy"),
        (nested(webhook__timeoutSeconds=31), "/webhook/timeoutSeconds"),
        (nested(webhook__port=0), "/webhook/port"),
        (nested(webhook__dnsPolicy="None"), "/webhook/dnsPolicy"),
        (nested(webhook__namespaceSelector={"matchLabel": {}}), "matchLabel"),
        (nested(agent__defaults={"image": "other"}), "image"),
        (
            nested(openshift__securityContextConstraints__serviceAccounts=["agents"]),
            "/openshift/securityContextConstraints/serviceAccounts/0",
        ),
        (nested(verifyInstall__namespace="Default"), "/verifyInstall/namespace"),
        (nested(networkPolicy__apiServerPorts=[]), "/networkPolicy/apiServerPorts"),
        (nested(networkPolicy__apiServerPorts=[0]), "/networkPolicy/apiServerPorts/0"),
        (nested(metrics__serviceMonitor__interval="soon"), "/metrics/serviceMonitor/interval"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_its_place_named(helms, values, where):
    with pytest.raises(Refused, match=f"'{where}'"):
        helms["helm4"].template(values)


def test_a_namespace_that_is_not_watched_cannot_be_shared(helm):
    values = {"watchNamespaces": ["blue"], "sharedNamespaces": ["blue", "green"]}
    with pytest.raises(Refused, match="sharedNamespaces: green is not in watchNamespaces"):
        helm.template(values)


def test_older_kubernetes_is_refused_and_no_vendors_suffix(helm):
    with pytest.raises(Refused, match="kubeVersion"):
        helm.template({}, "--kube-version", "1.29.9")
    for version in ("1.30.0-gke.1", "1.33.5-eks-113cf36", "1.37.2"):
        helm.template({}, "--kube-version", version)
