# SPDX-License-Identifier: Apache-2.0
"""One cluster with two nodes for almost all tests of this folder, with dualtrace installed."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from cluster.cluster import Cluster
from harness.live_cluster import LiveCluster

ROOT = Path(__file__).resolve().parents[3]


def pytest_addoption(parser):
    parser.addoption(
        "--binaries",
        type=lambda text: Path(text).resolve(),
        default=ROOT / "build" / "release",
        help="the build folder with the programs under test",
    )


@contextmanager
def two_nodes(request, folder: Path):
    """With the sandbox running on the nodes."""
    if os.geteuid() != 0:
        pytest.skip("nodes need root")
    cluster = Cluster(folder / "cluster")
    cluster.up(nodes=2)
    try:
        live = LiveCluster(cluster, request.config.getoption("--binaries"))
        live.start_sandbox()
        yield live
    finally:
        cluster.down()


@pytest.fixture(scope="session")
def live(request, tmp_path_factory):
    with two_nodes(request, tmp_path_factory.mktemp("cluster")) as live:
        live.install()
        yield live


@pytest.fixture(scope="module")
def export(live):
    live.create_export()
    live.wait_until_ready()


@pytest.fixture
def loads(request, live, export, tmp_path):
    """A load from each node to the export, at the file's RATE in spans per second."""
    rate = request.module.RATE
    running = [live.load_from(node, rate, tmp_path) for node in live.cluster.nodes().each]
    yield running
    for load in running:
        if not load.process.ended:
            load.process.kill()


@pytest.fixture(scope="module")
def fresh(request, tmp_path_factory):
    """Another cluster, on which dualtrace has never been installed."""
    with two_nodes(request, tmp_path_factory.mktemp("cluster")) as live:
        yield live
