# SPDX-License-Identifier: Apache-2.0
"""The Helm chart as users install it: with Helm 3 or 4."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "dualtrace"
# operator/manifests is the chart rendered with this name and namespace.
RELEASE = "dualtrace-operator"
NAMESPACE = "dualtrace-system"
VERSIONS = ("helm3", "helm4")


def nested(**values) -> dict:
    """nested(image__tag="1") → {"image": {"tag": "1"}}"""
    result: dict = {}
    for path, value in values.items():
        *above, last = path.split("__")
        place = result
        for name in above:
            place = place.setdefault(name, {})
        place[last] = value
    return result


CERT_MANAGER = nested(
    webhook__certManager__enabled=True, webhook__certManager__issuerRef__name="company"
)
MONITORED = {
    "metrics": {
        name: {"enabled": True}
        for name in ("serviceMonitor", "podMonitor", "prometheusRule", "dashboard")
    }
}


def key_of(obj: dict) -> tuple:
    meta = obj["metadata"]
    return obj["kind"], meta.get("namespace", ""), meta["name"]


class Refused(Exception):
    """Helm failed with this error."""


class Helm:
    """Used from one thread. It keeps its state in `folder`."""

    def __init__(self, version: str, folder: Path, kubeconfig: Path | None = None):
        tools = os.environ.get("DUALTRACE_TEST_HELM")
        if not tools:
            pytest.skip("Helm is not set up on this machine: see the output of ./dev setup test")
        self.version = version
        self._binary = Path(tools) / version
        self._folder = folder / version
        self._folder.mkdir(parents=True, exist_ok=True)
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "KUBECONFIG": str(kubeconfig or self._folder / "none"),
        }

    def run(self, *arguments, values: dict | None = None) -> str:
        """Returns its output; raises Refused. `values` are passed in a file, with --values."""
        command = [str(self._binary), *[str(one) for one in arguments]]
        if values is not None:
            command += ["--values", "-"]
        done = subprocess.run(
            command,
            input=yaml.safe_dump(values) if values is not None else None,
            capture_output=True,
            text=True,
            timeout=120,
            env=self._environment,
        )
        if done.returncode != 0:
            raise Refused(done.stderr)
        return done.stdout

    def template(self, values: dict | None = None, *options, chart: Path = CHART, **release) -> str:
        """Without the objects of `helm test`, unless `tests` is true."""
        name, namespace = release.get("name", RELEASE), release.get("namespace", NAMESPACE)
        if not release.get("tests"):
            options = (*options, "--skip-tests")
        return self.run(
            "template", name, chart, "--namespace", namespace, *options, values=values or {}
        )

    def render(self, values: dict | None = None, *options, **release) -> "Rendered":
        return Rendered(self.template(values, *options, **release))

    def install(self, values: dict | None = None, *options) -> str:
        """Upgrades it if it is already installed."""
        place = ["--namespace", NAMESPACE, "--create-namespace"]
        arguments = ["upgrade", "--install", RELEASE, CHART, *place, *options]
        return self.run(*arguments, values=values or {})


class Rendered:
    """The objects of one rendering."""

    def __init__(self, text: str):
        self.text = text
        self.objects: list[dict] = [one for one in yaml.safe_load_all(text) if one]

    def all(self, kind: str) -> list[dict]:
        return [one for one in self.objects if one["kind"] == kind]

    def one(self, kind: str, name: str | None = None) -> dict:
        found = [one for one in self.all(kind) if name in (None, one["metadata"]["name"])]
        assert len(found) == 1, f"{len(found)} of {kind} {name or ''}"
        return found[0]

    def has(self, kind: str, name: str | None = None) -> bool:
        return any(name in (None, one["metadata"]["name"]) for one in self.all(kind))

    @property
    def template(self) -> dict:
        """The spec of the operator's pods."""
        return self.one("Deployment")["spec"]["template"]

    @property
    def pod(self) -> dict:
        return self.template["spec"]

    @property
    def container(self) -> dict:
        (container,) = self.pod["containers"]
        return container

    @property
    def arguments(self) -> list[str]:
        return self.container["args"]

    def webhooks(self) -> list[dict]:
        kinds = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
        return [one for kind in kinds for obj in self.all(kind) for one in obj["webhooks"]]
