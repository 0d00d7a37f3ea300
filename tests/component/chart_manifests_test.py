# SPDX-License-Identifier: Apache-2.0
"""The manifests of operator/manifests, for `kubectl apply`, match the rendered chart."""

import copy
from pathlib import Path

import yaml
from harness.chart import NAMESPACE, RELEASE, key_of
from harness.operator import MANIFESTS


def essence(obj: dict) -> dict:
    """Without the labels that name the installer."""
    obj = copy.deepcopy(obj)
    own = {"app.kubernetes.io/name"}

    def strip(value):
        if isinstance(value, dict):
            for key in ("labels", "matchLabels", "selector"):
                labels = value.get(key)
                if isinstance(labels, dict) and own <= labels.keys():
                    value[key] = {name: labels[name] for name in own}
            for inner in value.values():
                strip(inner)
        elif isinstance(value, list):
            for inner in value:
                strip(inner)

    strip(obj)
    return obj


def by_key(objects: list[dict]) -> dict[tuple, dict]:
    return {key_of(one): essence(one) for one in objects}


def manifests(file: Path, namespace: str = "") -> dict[tuple, dict]:
    objects = list(yaml.safe_load_all(file.read_text()))
    for one in objects:
        if namespace:
            one["metadata"]["namespace"] = namespace
    return by_key(objects)


# The chart passes these defaults explicitly because a release may have another name.
SAID = {
    "--lease-name=dualtrace-operator",
    "--log-level=info",
    "--webhook-configuration=dualtrace-operator",
    "--webhook-authority-secret=dualtrace-operator-webhook",
}
EVERYWHERE = ("account.yaml", "rbac.yaml", "deployment.yaml", "rbac-webhook.yaml", "webhook.yaml")
IN_ONE_NAMESPACE = ("rbac-namespaced.yaml", "secret-reader.yaml")


def test_every_manifest_for_hand_is_compared():
    assert {file.name for file in MANIFESTS.iterdir()} == {*EVERYWHERE, *IN_ONE_NAMESPACE}


def test_the_manifests_for_hand_are_what_the_chart_renders(helm):
    """Each of their objects is one of the chart's; the chart has more."""
    rendered = by_key(helm.render().objects)
    deployment = rendered["Deployment", NAMESPACE, RELEASE]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert SAID <= set(container["args"])
    container["args"] = [one for one in container["args"] if one not in SAID]
    for file in EVERYWHERE:
        for key, obj in manifests(MANIFESTS / file).items():
            assert rendered[key] == obj, f"{file}: {key}"


def test_so_are_those_for_one_namespace(helm):
    reader = manifests(MANIFESTS / "secret-reader.yaml", "blue")
    (rule,) = reader["Role", "blue", "dualtrace-operator-secrets"]["rules"]
    secrets = [{"namespace": "blue", "names": rule["resourceNames"]}]
    rendered = by_key(helm.render({"watchNamespaces": ["blue"], "secretReader": secrets}).objects)
    for file in IN_ONE_NAMESPACE:
        for key, obj in manifests(MANIFESTS / file, "blue").items():
            assert rendered[key] == obj, f"{file}: {key}"
