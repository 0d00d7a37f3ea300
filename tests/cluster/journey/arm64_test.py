# SPDX-License-Identifier: Apache-2.0
"""The images for arm64 on nodes whose kernel runs their programs under emulation. `./dev arm64` runs
this test, because only that command builds them."""

import os
from pathlib import Path

import pytest
from harness.live_cluster import ROOT
from images.machine import arm64_machine

RATE = 20
SYSROOT = os.environ.get("DUALTRACE_SYSROOT")

pytestmark = pytest.mark.skipif(not SYSROOT, reason="./dev arm64 runs it")


def test_operator_and_agents_for_arm64_deliver(fresh, tmp_path):
    fresh.machine = arm64_machine(Path(SYSROOT))
    fresh.install(binaries=ROOT / "build" / "release-arm64")
    fresh.create_export()
    fresh.wait_until_ready()
    fresh.settle([fresh.load_from(one, RATE, tmp_path) for one in fresh.cluster.nodes().each])
