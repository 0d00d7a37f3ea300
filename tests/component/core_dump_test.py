# SPDX-License-Identifier: Apache-2.0
"""Neither program leaves a core: it would contain keys and spans."""

import re
import signal
from pathlib import Path

import pytest
from harness.processes import Process, wait_until


def core_limits(process: Process) -> tuple[str, str]:
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    return re.search(r"^Max core file size +(\S+) +(\S+)", limits, re.MULTILINE).groups()


@pytest.fixture(params=["agent", "operator"])
def process(request, stage, sandbox, tmp_path) -> Process:
    if request.param == "agent":
        return stage.agent(sandbox.agent_config()).process
    # Without a cluster it keeps trying.
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n"
        "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
        "users: [{name: u, user: {}}]\ncurrent-context: c\n"
    )
    return stage.operator(kubeconfig, start=False).launch().process


def test_an_abort_leaves_no_core(process):
    folder = Path(f"/proc/{process.pid}/cwd").readlink()
    # One byte: fewer than a core file has, and what stops a pipe of core_pattern.
    wait_until(lambda: core_limits(process) == ("1", "1"), "it has set its limits", process=process)
    before = set(folder.iterdir())
    process.signal(signal.SIGABRT)
    assert process.wait(60) == -signal.SIGABRT
    assert set(folder.iterdir()) == before
