# SPDX-License-Identifier: Apache-2.0
"""The chart as a package that refers to the images by digest, and its rendered manifests."""

import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml
from images.machine import Refused

from release.archive import make_tgz
from release.tree import CHART, Tree

NAME = "dualtrace-operator"  # of the release that install.yaml is, as in operator/manifests
NAMESPACE = "dualtrace-system"
_NO_PUBLIC_IMAGE = " There is no public image yet: name the one in your registry."


@dataclass(frozen=True)
class ImageName:
    repository: str  # with the image's own name
    digest: str

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"


@dataclass(frozen=True)
class Images:
    operator: ImageName
    agent: ImageName

    @property
    def public(self) -> bool:
        """Whether the images can be pulled, that is, a registry was given."""
        return not self.operator.repository.startswith("docker.io/library/")


def _replaced(text: str, pattern: str, by: str) -> str:
    """Replaces exactly one occurrence; any other number means that the chart has changed."""
    changed, count = re.subn(pattern, lambda match: match.expand(by), text, flags=re.MULTILINE)
    if count != 1:
        raise Refused(f"{CHART}: expected '{pattern}' once, found it {count} times")
    return changed


def _values(text: str, images: Images) -> str:
    for image in (images.operator, images.agent):
        name = image.repository.rpartition("/")[2]
        repository, digest = json.dumps(image.repository), json.dumps(image.digest)
        text = _replaced(
            text,
            rf'(^ +repository: ){name}(\n(?:.*\n){{1,4}}?^ +digest: )""$',
            rf"\g<1>{repository}\g<2>{digest}",
        )
    return text


def _page(text: str, images: Images) -> str:
    """The table of values in the chart's README.md."""
    for path, image in (("image", images.operator), ("agent.image", images.agent)):
        for field in ("repository", "digest"):
            default = json.dumps(getattr(image, field))
            row = rf"^(\| `{re.escape(path)}\.{field}` \|)[^|]*\|"
            text = _replaced(text, row, rf"\g<1> `{default}` |")
    return text


def _chart_file(text: str, version: str, images: Images) -> str:
    text = _replaced(text, r"^version: .*$", f"version: {version}")
    text = _replaced(text, r"^appVersion: .*$", f"appVersion: {json.dumps(version)}")
    for image in (images.operator, images.agent):
        name = image.repository.rpartition("/")[2]
        text = _replaced(text, rf"^(      image: ){name}:\S+$", rf"\g<1>{image}")
    return text


def package(tree: Tree, images: Images) -> bytes:
    files = tree.files(CHART)
    edits = {
        "values.yaml": lambda text: _values(text, images),
        "README.md": lambda text: _page(text, images),
        "Chart.yaml": lambda text: _chart_file(text, tree.version, images),
    }
    for name, edit in edits.items():
        text = edit(files[name].decode())
        files[name] = (text.replace(_NO_PUBLIC_IMAGE, "") if images.public else text).encode()
    return make_tgz({f"dualtrace/{name}": data for name, data in files.items()}, tree.epoch)


class Helm:
    def __init__(self, program: Path):
        self._program = program
        if not os.access(program, os.X_OK):
            raise Refused(f"there is no Helm at {program}: ./dev setup release makes it")

    def _run(self, *arguments: str | Path, values: dict | None = None) -> str:
        # Independent of the machine of the release: no plugins, no cluster.
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(
                [self._program, *arguments, "--values", "-"],
                input=yaml.safe_dump(values or {}),
                capture_output=True,
                text=True,
                env={"PATH": "/usr/bin:/bin", "HOME": home, "KUBECONFIG": f"{home}/none"},
            )
        if done.returncode != 0:
            raise Refused(f"helm {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def lint(self, chart: Path) -> None:
        self._run("lint", "--strict", chart)

    def template(self, chart: Path, values: dict | None = None) -> str:
        where = ["--namespace", NAMESPACE, "--skip-tests"]
        return self._run("template", NAME, chart, *where, values=values)


# Labels that would be wrong without Helm.
_OF_HELM = re.compile(r"^ +(?:helm\.sh/chart|app\.kubernetes\.io/managed-by): .*\n", re.MULTILINE)


def install_manifest(helm: Helm, chart: Path, version: str) -> str:
    """For `kubectl apply`: the namespace, and the chart rendered with its defaults."""
    head = f"""\
# dualtrace {version} with the chart's default values, for clusters without Helm:
#   kubectl apply --server-side --filename install.yaml
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
"""
    return head + _OF_HELM.sub("", helm.template(chart))
