# SPDX-License-Identifier: Apache-2.0
"""How the operator starts and stops, and the manifests that run it."""

import re
import subprocess

import yaml
from harness.children import APIS
from harness.exports import ROOT
from harness.operator import MANIFESTS, NAMESPACE


def test_every_option_is_described(stage):
    operator = stage.binaries / "operator" / "dualtrace-operator"
    asked = subprocess.run([operator, "--help"], capture_output=True, text=True, check=True)
    options = set(re.findall(r"--[a-z-]+", asked.stdout)) - {"--help", "--version"}
    described = set(re.findall(r"`(--[a-z-]+)`", (ROOT / "docs" / "operator.md").read_text()))
    assert options == described


def test_an_operator_that_may_not_list_ends_and_says_what_it_waited_for(
    control_plane, installation, stage
):
    stranger = control_plane.kubeconfig_for(NAMESPACE, "stranger")
    operator = stage.operator(stranger, "--sync-timeout=2s", start=False).launch()
    assert operator.process.wait(30) == 1
    (line,) = operator.logged("the API server did not list everything in time")
    for plural in ("dualtraceexports", "pods", *APIS):
        assert plural in line["error"]


def test_an_operator_that_is_stopped_takes_that_for_no_fault(installation):
    operator = installation.operator("--leader-elect=false")
    for _ in range(8):  # the order in which its threads end is random
        assert operator.start().stop() == 0
        assert {line["level"] for line in operator.log()} == {"info"}, operator.process.output()


def test_the_manifests_are_what_an_api_server_takes(control_plane, installation):
    control_plane.kubectl("apply", "--dry-run=server", "--filename", MANIFESTS / "deployment.yaml")
    space = control_plane.new_namespace("restricted")
    enforce = "pod-security.kubernetes.io/enforce=restricted"
    control_plane.kubectl("label", "namespace", space, enforce)
    deployment = yaml.safe_load((MANIFESTS / "deployment.yaml").read_text())
    pod = deployment["spec"]["template"]
    pod["metadata"]["name"] = "operator"
    pod["spec"]["serviceAccountName"] = "default"
    status, answer = control_plane.api.post(f"/api/v1/namespaces/{space}/pods?dryRun=All", pod)
    assert status == 201, answer
