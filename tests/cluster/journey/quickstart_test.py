# SPDX-License-Identifier: Apache-2.0
"""docs/quickstart.md as a new user follows it: its commands verbatim, except for the placeholders
that every user fills in. Only the first step, which pushes images to a registry, is not run."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from cluster.binaries import find
from harness import sandbox
from harness.live_cluster import APPLICATION_NAMESPACE, ROOT
from harness.processes import wait_until
from harness.tools import tool_folder
from release.programs import PROGRAMS

QUICKSTART = (ROOT / "docs" / "quickstart.md").read_text()
TRUST = "ca: {configMapName: destinations, key: ca.crt}"
FILLED_IN = {
    "ghcr.io/someone": "localhost",
    "region: US ": f"endpoint: https://arize.destinations.svc:443\n    {TRUST} ",
    "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com": (
        f"https://databricks.destinations.svc\n    {TRUST}"
    ),
    "main.traces.agents_otel_spans": sandbox.TABLE,
    "deployment web ": "deployment support-desk ",
}


def commands(step: int) -> str:
    text = QUICKSTART.partition(f"\n**{step}. ")[2].partition("\n**")[0]
    found = re.search(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1]
    for example, own in FILLED_IN.items():
        found = found.replace(example, own)
    return found


class Newcomer:
    """A shell in a checkout, with the keys in files."""

    def __init__(self, live, folder: Path):
        self._folder = folder
        (folder / "helm").symlink_to(ROOT / "helm")
        tools = folder / "bin"
        tools.mkdir()
        (tools / "kubectl").symlink_to(find("kubectl"))
        (tools / "helm").symlink_to(tool_folder("helm") / "helm4")
        (folder / "api-key").write_text(sandbox.API_KEY)
        (folder / "space-id").write_text(sandbox.SPACE_ID)
        (folder / "client-id").write_text(sandbox.CLIENT_ID)
        (folder / "client-secret").write_text(sandbox.CLIENT_SECRET)
        self._environment = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": str(folder),
            "KUBECONFIG": str(live.cluster.kubeconfig),
        }

    def types(self, script: str) -> str:
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}"
        return done.stdout


@pytest.fixture(scope="module")
def newcomer(fresh, tmp_path_factory) -> Newcomer:
    """Has a Deployment written without dualtrace, and local images instead of a registry."""
    for program in PROGRAMS:
        fresh.load_program(program, "0.1.0")
    fresh.start_application(annotated=False)
    return Newcomer(fresh, tmp_path_factory.mktemp("newcomer"))


def test_everything_to_fill_in_is_still_in_the_text():
    assert all(example in QUICKSTART for example in FILLED_IN)


def test_its_commands_bring_an_annotated_applications_trace_to_both_destinations(fresh, newcomer):
    assert "Phase:          Succeeded" in newcomer.types(commands(2))
    newcomer.types(commands(3))
    certificate = f"--from-file=ca.crt={fresh.sandbox.ca_file}"
    newcomer.types(f"kubectl create configmap destinations -n observability {certificate}")
    assert "condition met" in newcomer.types(commands(4))
    newcomer.types(commands(5))

    fresh.wait_for_rollout("deployment/support-desk", APPLICATION_NAMESPACE)
    asks = commands(5).splitlines()[-1]

    def injected() -> bool:
        counted = json.loads(newcomer.types(asks) or "{}")
        return counted == {"annotated": 2, "injected": 2, "unserved": 0}

    wait_until(injected, "the status counts the pods", 60, every=0.5)
    for pod in fresh.application_pods():
        fresh.wait_until_delivered({fresh.trace_of(pod)["trace_id"]})
