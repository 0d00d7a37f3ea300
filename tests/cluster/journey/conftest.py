"""One cluster with two nodes for all tests of this folder, with dualtrace installed on it."""

import os
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


@pytest.fixture(scope="session")
def live(request, tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("nodes need root")
    cluster = Cluster(tmp_path_factory.mktemp("cluster") / "cluster")
    cluster.up(nodes=2)
    try:
        live = LiveCluster(cluster, request.config.getoption("--binaries"))
        live.install()
        live.start_sandbox()
        yield live
    finally:
        cluster.down()
