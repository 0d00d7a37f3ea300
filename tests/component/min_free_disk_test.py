# SPDX-License-Identifier: Apache-2.0
"""delivery.minFreeDisk on a disk that other programs fill: the agent stops accepting spans and
reports why, delivers its backlog, frees the disk space that it does not need, and then accepts
spans again without a restart."""

import os

import pytest
from faults import small_disk
from harness import otlp
from harness.http import fetch
from harness.processes import wait_until

HEADERS = {"Content-Type": "application/x-protobuf"}
MEBIBYTE = 1 << 20
DISK = 64 * MEBIBYTE
SMALL = {
    "receiver": {"limits": {"requestBytes": "1Mi"}},
    "delivery": {"segmentBytes": "2Mi", "maxBacklog": "16Mi"},
}

pytestmark = pytest.mark.skipif(
    small_disk.why_impossible() is not None, reason=str(small_disk.why_impossible())
)


@pytest.fixture
def disk(stage):
    with small_disk.small_disk(stage.folder / "disk", DISK) as folder:
        yield folder
        for agent in stage.agents:
            if not agent.process.ended:  # stop it before its disk is unmounted
                agent.stop(timeout=60)


def leave(disk, free: int) -> None:
    """Writes other files so that `free` bytes of the disk remain."""
    others = disk / "others"
    others.unlink(missing_ok=True)
    space = os.statvfs(disk)
    with others.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, space.f_bavail * space.f_frsize - free)


def send(agent) -> tuple[int, bytes, list[str]]:
    request = otlp.make_request(spans=4)
    status, body, *_ = fetch(f"http://{agent.http_endpoint}/v1/traces", request, HEADERS)
    return status, body, list(otlp.by_id([request]))


def refuses(agent) -> str:
    status, body = fetch(agent.url("/readyz"))[:2]
    return "" if status == 200 else body.decode()


def segments(disk) -> int:
    return len(list(disk.glob("journal-*/segment-*")))


@pytest.mark.parametrize("durability", ["Disk", "Memory"])
def test_an_agent_leaves_a_part_of_the_disk_to_others(stage, sandbox, disk, durability):
    by_default = {"folder": str(disk), "durability": durability, "minFreeDisk": None}
    agent = stage.agent(sandbox.agent_config(), SMALL, {"delivery": by_default})
    sandbox.fault("databricks", "refuse")
    status, _, ids = send(agent)
    assert status == 200
    leave(disk, 8 * MEBIBYTE)  # an eighth
    why = wait_until(lambda: refuses(agent), "it is not ready", process=agent.process)
    assert "delivery.minFreeDisk reserves 9 MiB for others" in why
    assert agent.status()["notReadyReason"] in why
    status, body, _ = send(agent)
    assert status == 503 and b"minFreeDisk" in body

    # The backlog is delivered, and then the agent occupies no disk space.
    sandbox.fault("databricks", "none")
    sandbox.wait_for(set(ids))
    wait_until(lambda: segments(disk) == 0, "its segments are removed", process=agent.process)
    assert refuses(agent)

    leave(disk, 24 * MEBIBYTE)
    wait_until(lambda: not refuses(agent), "it is ready again", process=agent.process)
    status, _, more = send(agent)
    assert status == 200
    sandbox.wait_for(set(ids) | set(more))
    agent.assert_books_balance()


def test_another_reserve_needs_no_restart(stage, sandbox, disk):
    leave(disk, 8 * MEBIBYTE)
    config = {"delivery": {"folder": str(disk)}}
    agent = stage.agent(sandbox.agent_config(), SMALL, config)
    assert send(agent)[0] == 200
    agent.config["delivery"]["minFreeDisk"] = "50%"
    agent.write_config(agent.config)
    agent.wait_until_configured()
    wait_until(lambda: refuses(agent), "it is not ready", process=agent.process)
    agent.config["delivery"]["minFreeDisk"] = "1Mi"
    agent.write_config(agent.config)
    agent.wait_until_configured()
    wait_until(lambda: not refuses(agent), "it is ready again", process=agent.process)
    assert send(agent)[0] == 200
