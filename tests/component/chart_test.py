# SPDX-License-Identifier: Apache-2.0
"""Rendering the chart is deterministic, contains only what the values request, and keeps each copy
equal to its original. No cluster is needed."""

import os
import re

import pytest
import yaml
from docs.chart_files import CRD_TEMPLATE, PAGE, crd_template, read_values, render_page
from harness.chart import CERT_MANAGER, CHART, MONITORED, ROOT, key_of

GOLDEN = ROOT / "tests" / "data" / "chart"
RENDERINGS = {
    "default": {},
    "namespaced": {
        "watchNamespaces": ["blue", "green"],
        "secretReader": [{"namespace": "blue", "names": ["arize", "databricks"]}],
    },
    "cert-manager": CERT_MANAGER,
    "monitored": {"metrics": {**MONITORED["metrics"], "dashboard": {}}},  # a long file
    "least": {
        "replicas": 1,
        "crds": {"enabled": False},
        "rbac": {"create": False},
        "serviceAccount": {"create": False, "name": "theirs"},
        "webhook": {"enabled": False},
        "networkPolicy": {"enabled": False},
    },
}


def golden_text(rendered: str) -> str:
    """Helm 3 and 4 differ in blank lines and in the order of kinds that they do not know. The CRD
    is left out, because it is a copy (tested below)."""
    documents = [re.sub(r"\n(\s*\n)+", "\n", one) for one in rendered.split("---\n") if one.strip()]
    return "---\n".join(sorted(one for one in documents if "templates/crd.yaml" not in one))


# --- deterministic rendering ---


@pytest.mark.parametrize("values", RENDERINGS.values(), ids=RENDERINGS.keys())
def test_it_passes_the_linter(helm, tmp_path, values):
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    print(helm.run("lint", "--strict", CHART, "--values", file))


@pytest.mark.parametrize("name", RENDERINGS)
def test_it_renders_to_what_it_did(helm, name):
    rendered = helm.template(RENDERINGS[name], tests=True)
    assert helm.template(RENDERINGS[name], tests=True) == rendered
    text = golden_text(rendered)
    file = GOLDEN / f"{name}.yaml"
    if os.environ.get("DUALTRACE_REGENERATE") == "1":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert text == file.read_text(), "set DUALTRACE_REGENERATE=1 to regenerate tests/data/chart"


def test_nothing_is_looked_up_or_random():
    unsteady = re.compile(
        r"\b(lookup|gen(CA|SelfSigned|Signed|Private)\w*|rand\w+|uuidv4|now|htpasswd|bcrypt|"
        r"Release\.(IsInstall|IsUpgrade|Revision)|Capabilities)\b"
    )
    for file in (CHART / "templates").rglob("*.*"):
        if file.name == "NOTES.txt":
            continue  # a text for people, not a manifest
        for action in re.findall(r"\{\{.*?\}\}", file.read_text(), re.DOTALL):
            assert not unsteady.search(action), f"{file.name}: {action}"


def test_it_can_be_part_of_another_chart(helm, tmp_path):
    chart = {"apiVersion": "v2", "name": "platform", "version": "1.0.0"}
    chart["dependencies"] = [
        {"name": "dualtrace", "version": "*", "condition": "dualtrace.enabled"}
    ]
    (tmp_path / "Chart.yaml").write_text(yaml.safe_dump(chart))
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "dualtrace").symlink_to(CHART)
    values = {"global": {"region": "eu"}, "dualtrace": {"enabled": True, "replicas": 3}}
    rendered = helm.render(values, chart=tmp_path)
    assert rendered.one("Deployment")["spec"]["replicas"] == 3
    assert not helm.render({"dualtrace": {"enabled": False}}, chart=tmp_path).objects


# --- copies, and files that must match ---


def test_the_crd_and_the_table_of_values_are_copies():
    assert CRD_TEMPLATE.read_text() == crd_template(), "run ./dev docs to regenerate it"
    page = PAGE.read_text()
    assert render_page(page) == page, "run ./dev docs to regenerate it"


def test_every_value_has_its_meaning_in_a_comment():
    assert not [value.path for value in read_values() if not value.meaning.endswith((".", "`"))]


def test_the_rendered_crd_is_that_of_crds(helm):
    """Compares all of it, because the template engine could change the text of a rule."""
    own = yaml.safe_load((ROOT / "crds" / "dualtraceexport.yaml").read_text())
    assert helm.render().one("CustomResourceDefinition")["spec"] == own["spec"]


def test_there_is_one_version():
    project = (ROOT / "CMakeLists.txt").read_text()
    version = re.search(r"project\(dualtrace VERSION (\S+)", project)[1]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == version
    images = yaml.safe_load(chart["annotations"]["artifacthub.io/images"])
    assert [one["image"] for one in images] == [
        f"dualtrace-operator:{version}",
        f"dualtrace-agent:{version}",
    ]


# --- properties of every object ---


@pytest.mark.parametrize("values", RENDERINGS.values(), ids=RENDERINGS.keys())
def test_every_object_says_whose_it_is_and_where(helm, values):
    cluster_wide = re.compile("CustomResourceDefinition|Cluster.*|.*WebhookConfiguration")
    rendered = helm.render(values, tests=True)
    keys = [key_of(one) for one in rendered.objects]
    assert len(set(keys)) == len(keys)
    for kind, namespace, _ in keys:
        assert bool(namespace) != bool(cluster_wide.fullmatch(kind)), kind
    for one in rendered.objects:
        labels = one["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "dualtrace-operator", one
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        assert labels["helm.sh/chart"].startswith("dualtrace-")


STABLE = {
    "v1",
    "admissionregistration.k8s.io/v1",
    "apiextensions.k8s.io/v1",
    "apps/v1",
    "networking.k8s.io/v1",
    "policy/v1",
    "rbac.authorization.k8s.io/v1",
}
FOREIGN = {"cert-manager.io/v1", "monitoring.coreos.com/v1"}  # only if the values request them


def test_only_stable_interfaces_are_used(helm):
    for name, values in RENDERINGS.items():
        used = {one["apiVersion"] for one in helm.render(values).objects}
        assert used <= STABLE | (FOREIGN if name in ("cert-manager", "monitored") else set())


def test_two_releases_share_no_name(helm):
    """Except for the CRD, which only one of them contains."""
    second = {"crds": {"enabled": False}}
    first = {key_of(one) for one in helm.render().objects}
    other = {key_of(one) for one in helm.render(second, name="edge", namespace="edge").objects}
    assert not {(kind, name) for kind, _, name in first} & {(kind, name) for kind, _, name in other}


def test_no_webhook_has_a_ca_bundle(helm):
    """Otherwise, every tool that applies the chart would revert what the operator writes there."""
    for values in RENDERINGS.values():
        assert "caBundle" not in re.sub("(?m)^ *#.*$", "", helm.template(values))
