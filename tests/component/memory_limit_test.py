# SPDX-License-Identifier: Apache-2.0
"""The agent keeps to the memory limit of its container, however that came about: lower than its
configuration assumes from the start, or changed while it runs."""

import pytest
from harness.cgroup import limited
from harness.processes import wait_until

MIB = 1024 * 1024
CONFIGURED = 600 * MIB


@pytest.fixture
def container(stage, sandbox, tmp_path):
    """The agent, not started yet, in a cgroup of 1 GiB: enough for a build with the sanitizers."""
    agent = stage.agent(
        sandbox.agent_config(),
        {"receiver": {"limits": {"memoryBytes": CONFIGURED}}, "drainTimeout": "1s"},
        start=False,
    )
    with limited(agent.binary, 1024 * MIB, tmp_path) as container:
        if container is None:
            pytest.skip("this machine permits no memory cgroup")
        agent.binary = container.program
        yield agent, container
        if not agent.process.ended:
            agent.process.stop(timeout=60)


def admission(agent) -> tuple[int, int]:
    """The container's limit, and what the receiver may use of it, in MiB."""
    says = agent.status()["admission"]
    assert says["bytesConfigured"] == CONFIGURED
    return says["memoryLimit"] // MIB, says["bytesMax"] // MIB


def test_the_receiver_follows_the_limit_of_its_container(container):
    agent, container = container
    agent.start()
    assert admission(agent) == (1024, 512)
    container.set_limit(768 * MIB)
    wait_until(lambda: admission(agent) == (768, 384), "it uses less", timeout=30)
    container.set_limit(2048 * MIB)
    wait_until(lambda: admission(agent) == (2048, 600), "it uses what was configured", timeout=30)
