# SPDX-License-Identifier: Apache-2.0
"""`./dev cluster demo`: on its own cluster, it shows a trace at both destinations, and no key."""

import os
import subprocess
import sys

import pytest
from harness.live_cluster import ROOT
from harness.sandbox import API_KEY, TOKEN


def test_the_demo_shows_a_trace_of_an_annotated_pod_at_both_destinations(request):
    if os.geteuid() != 0:
        pytest.skip("nodes need root")
    demo = ROOT / "tests" / "demo" / "cluster_demo.py"
    binaries = request.config.getoption("--binaries")
    done = subprocess.run(
        [sys.executable, "-B", demo, "--binaries", binaries],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    for expected in ("support_agent", "track_order", "7 of 7 spans", "k8s.pod.name"):
        assert expected in done.stdout
    for secret in (API_KEY, TOKEN):
        assert secret not in done.stdout
