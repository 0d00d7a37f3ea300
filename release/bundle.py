# SPDX-License-Identifier: Apache-2.0
"""The bundle for the Operator Lifecycle Manager: a ClusterServiceVersion generated from the
rendered chart, the CRD, and annotations that locate both."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from images.layer import File, Layer
from images.machine import Refused
from images.oci import Image
from images.version import project_license

from release.chart import NAME, Helm, Images
from release.tree import CHART, CRD, Tree

PACKAGE = "dualtrace"
CHANNEL = "alpha"  # as long as the API is v1alpha1
_EXAMPLE = Path("docs/examples/minimal.yaml")
_MARK = "operators.operatorframework.io"
# OLM issues the webhook's certificate and mounts it here, into every container of the Deployment.
_CERTIFICATES = "/tmp/k8s-webhook-server/serving-certs"
_FOLDER = "--webhook-certificate-folder="
# The chart's values for certificates from another issuer. OpenShift assigns the users of pods;
# elsewhere, the image's user applies.
_VALUES = {
    "webhook": {"certManager": {"enabled": True, "issuerRef": {"name": "olm"}}},
    "podSecurityContext": {"runAsUser": None, "runAsGroup": None},
}
_DESCRIPTION = """\
dualtrace delivers one stream of OpenTelemetry spans to Arize AX and to Databricks Unity Catalog.
The operator runs agents on every eligible node for each `DualTraceExport` and reports their health
in its status. An agent writes each request to disk before it answers OK, and delivers it to both
destinations independently.
"""
_HOOKS = {
    "MutatingWebhookConfiguration": "MutatingAdmissionWebhook",
    "ValidatingWebhookConfiguration": "ValidatingAdmissionWebhook",
}
_OF_HOOKS = ("admissionReviewVersions", "failurePolicy", "matchPolicy", "reinvocationPolicy")
_OF_HOOKS += ("rules", "sideEffects", "timeoutSeconds")


@dataclass(frozen=True)
class About:
    images: Images
    architectures: list[str]
    source: str | None  # the URL of the source


class _Dumper(yaml.SafeDumper):
    """Writes multi-line text as a block."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _deployment(rendered: list[dict]) -> dict:
    (deployment,) = (one for one in rendered if one["kind"] == "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    del pod["volumes"], container["volumeMounts"]
    container["args"] = [
        f"{_FOLDER}{_CERTIFICATES}" if one.startswith(_FOLDER) else one for one in container["args"]
    ]
    return {"name": NAME, "spec": deployment["spec"]}


def _permissions(rendered: list[dict], kind: str) -> list[dict]:
    rules = [rule for one in rendered if one["kind"] == kind for rule in one["rules"]]
    return [{"serviceAccountName": NAME, "rules": rules}] if rules else []


def _webhooks(rendered: list[dict]) -> list[dict]:
    """OLM supports neither namespaceSelector nor matchConditions, so the chart's two webhooks with
    one path become one that is called for every pod. The operator ignores pods that do not request
    an export."""
    made: dict[str, dict] = {}
    for configuration in (one for one in rendered if one["kind"] in _HOOKS):
        for hook in configuration["webhooks"]:
            path = hook["clientConfig"]["service"]["path"]
            made.setdefault(
                path,
                {
                    "type": _HOOKS[configuration["kind"]],
                    "generateName": hook["name"],
                    "deploymentName": NAME,
                    "containerPort": 443,
                    "targetPort": "webhook",
                    "webhookPath": path,
                    **{name: hook[name] for name in _OF_HOOKS if name in hook},
                },
            )
    return list(made.values())


def _owned(definition: dict, description: str) -> dict:
    names = definition["spec"]["names"]
    (version,) = definition["spec"]["versions"]
    return {
        "name": definition["metadata"]["name"],
        "kind": names["kind"],
        "version": version["name"],
        "displayName": "Export of spans",
        "description": description,
    }


def _service_version(tree: Tree, about: About, rendered: list[dict]) -> dict:
    chart = yaml.safe_load(tree.read(CHART / "Chart.yaml"))
    images = about.images
    (crd,) = yaml.safe_load(chart["annotations"]["artifacthub.io/crds"])
    return {
        "apiVersion": "operators.coreos.com/v1alpha1",
        "kind": "ClusterServiceVersion",
        "metadata": {
            "name": f"{PACKAGE}.v{tree.version}",
            "namespace": "placeholder",
            "annotations": {
                "alm-examples": json.dumps([yaml.safe_load(tree.read(_EXAMPLE))]),
                "capabilities": "Seamless Upgrades",
                "categories": "Observability",
                "containerImage": str(images.operator),
                "createdAt": tree.revision.created,
                "description": chart["description"],
                "olm.skipRange": f"<{tree.version}",
            },
            "labels": {
                f"operatorframework.io/arch.{one}": "supported" for one in about.architectures
            },
        },
        "spec": {
            "displayName": "dualtrace",
            "description": _DESCRIPTION,
            "version": tree.version,
            "maturity": CHANNEL,
            "minKubeVersion": chart["kubeVersion"].removeprefix(">=").removesuffix("-0"),
            "keywords": chart["keywords"],
            "provider": {"name": "dualtrace"},
            **({"links": [{"name": "Source", "url": about.source}]} if about.source else {}),
            "installModes": [
                {"type": mode, "supported": mode == "AllNamespaces"}
                for mode in ("OwnNamespace", "SingleNamespace", "MultiNamespace", "AllNamespaces")
            ],
            "install": {
                "strategy": "deployment",
                "spec": {
                    "deployments": [_deployment(rendered)],
                    "permissions": _permissions(rendered, "Role"),
                    "clusterPermissions": _permissions(rendered, "ClusterRole"),
                },
            },
            "customresourcedefinitions": {
                "owned": [_owned(yaml.safe_load(tree.read(CRD)), crd["description"])]
            },
            "webhookdefinitions": _webhooks(rendered),
            "relatedImages": [
                {"name": "operator", "image": str(images.operator)},
                {"name": "agent", "image": str(images.agent)},
            ],
        },
    }


def annotations() -> dict[str, str]:
    return {
        f"{_MARK}.bundle.mediatype.v1": "registry+v1",
        f"{_MARK}.bundle.manifests.v1": "manifests/",
        f"{_MARK}.bundle.metadata.v1": "metadata/",
        f"{_MARK}.bundle.package.v1": PACKAGE,
        f"{_MARK}.bundle.channels.v1": CHANNEL,
        f"{_MARK}.bundle.channel.default.v1": CHANNEL,
    }


def make_bundle(tree: Tree, helm: Helm, chart: Path, about: About) -> dict[str, bytes]:
    """The bundle's files, by path."""
    rendered = [one for one in yaml.safe_load_all(helm.template(chart, _VALUES)) if one]
    service_version = _service_version(tree, about, rendered)

    def written(content: dict) -> bytes:
        return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True).encode()

    return {
        f"manifests/{PACKAGE}.clusterserviceversion.yaml": written(service_version),
        "manifests/dualtraceexports.dualtrace.dev.crd.yaml": tree.read(CRD).encode(),
        "metadata/annotations.yaml": written({"annotations": annotations()}),
    }


def bundle_image(tree: Tree, files: Mapping[str, bytes], repository: str) -> Image:
    """The image that catalogs refer to: an image without programs."""
    about = {
        "org.opencontainers.image.title": f"{PACKAGE}-bundle",
        "org.opencontainers.image.version": tree.version,
        "org.opencontainers.image.revision": tree.revision.commit,
        "org.opencontainers.image.created": tree.revision.created,
        "org.opencontainers.image.licenses": project_license(tree.root),
    }
    layer = Layer("bundle", {f"/{name}": File(data) for name, data in files.items()})
    return Image(
        name=f"{repository}/{PACKAGE}-bundle:{tree.version}",
        layers=[layer],
        settings={"Labels": {**about, **annotations()}},
        created=tree.revision.created,
        annotations=about,
        architecture="amd64",
    )


def validate(folder: Path, operator_verify: Path) -> None:
    """Runs operator-framework's own validator, which reports most faults but still exits with 0."""
    if not operator_verify.is_file():
        raise Refused(f"there is no {operator_verify}: ./dev setup release makes it")
    command = [operator_verify, "manifests", "--object_validate", "--operatorhub_validate", folder]
    done = subprocess.run(command, capture_output=True, text=True)
    said = done.stdout + done.stderr
    if done.returncode != 0 or "Error: " in said:
        raise Refused(f"operator-verify does not accept the bundle: {said.strip()}")
