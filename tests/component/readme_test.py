# SPDX-License-Identifier: Apache-2.0
"""The parts of README.md that are copied from other files match them."""

import re

import pytest
from conftest import ROOT
from docs import readme_rows

README = (ROOT / "README.md").read_text()
HELM = r"^require helm\.sh/helm/v\d v(\S+)"
PINS = [
    ("Kubernetes", "tests/cluster/kubernetes/go.mod", r"^require k8s\.io/kubernetes v(\S+)"),
    ("Helm", "tests/cluster/helm3/go.mod", HELM),
    ("Helm", "tests/cluster/helm4/go.mod", HELM),
]


def test_the_rows_of_the_benchmark_are_those_of_its_page():
    assert readme_rows.render(README) == README, "./dev docs copies them"


def test_a_changed_figure_would_be_noticed():
    rows = readme_rows.read_rows(
        "| load | system | lost |\n|---|---|---|\n"
        "| 10k/s, gzip | A | 1 |\n|  | B | 2 |\n| 20k/s, gzip | A | 3 |\n|  | B | 4 |\n"
    )
    assert [row["lost"] for row in rows.values()] == ["3", "4"]
    figure = next(iter(re.findall(r"\| dualtrace \(Disk\) \| (\S+)", README)))
    changed = README.replace(f"(Disk) | {figure} ", "(Disk) | 0.01 ")
    assert readme_rows.render(changed) == README != changed


@pytest.mark.parametrize("what, file, pattern", PINS)
def test_the_versions_that_are_called_tested_are_those_of_the_tests(what, file, pattern):
    version = re.search(pattern, (ROOT / file).read_text(), re.MULTILINE)[1]
    (row,) = re.findall(rf"^\| {what} \|.*$", README, re.MULTILINE)
    assert version in row.split("|")[3]


def test_the_oldest_kubernetes_is_the_charts():
    chart = (ROOT / "helm" / "dualtrace" / "Chart.yaml").read_text()
    oldest = re.search(r'^kubeVersion: ">=(\d+\.\d+)\.', chart, re.MULTILINE)[1]
    assert f"| Kubernetes | {oldest} or later" in README
