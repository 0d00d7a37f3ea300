# SPDX-License-Identifier: Apache-2.0
"""Gives each component test its stage, and prints the output of its programs if the test fails."""

from pathlib import Path

import pytest
from harness.agent import Agent
from harness.chart import VERSIONS, Helm
from harness.control_plane import ControlPlane
from harness.installation import ALONE, Installation
from harness.sandbox import Sandbox
from harness.stage import Stage
from harness.webhook import Webhook

ROOT = Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption(
        "--binaries",
        type=lambda text: Path(text).resolve(),
        default=ROOT / "build" / "dev",
        help="the build folder with the programs under test",
    )


def _staged(request, folder: Path):
    stage = Stage(request.config.getoption("--binaries"), folder)
    request.node.stage = stage
    faults = []
    try:
        yield stage
    finally:
        faults = stage.end()
    assert not faults, "\n".join(faults)


@pytest.fixture
def stage(request, tmp_path):
    yield from _staged(request, tmp_path)


@pytest.fixture(scope="module")
def module_stage(request, tmp_path_factory):
    """One stage for all tests of a file, for many short tests of the same agent."""
    yield from _staged(request, tmp_path_factory.mktemp("module"))


@pytest.fixture
def sandbox(stage) -> Sandbox:
    return stage.sandbox()


@pytest.fixture
def agent(stage, sandbox) -> Agent:
    """An agent with the usual configuration, delivering to `sandbox`."""
    return stage.agent(sandbox.agent_config())


@pytest.fixture(scope="module")
def control_plane(request, tmp_path_factory):
    """A Kubernetes control plane of this test file's own."""
    plane = ControlPlane(tmp_path_factory.mktemp("control-plane"))
    request.node.control_plane = plane
    try:
        yield plane.start()
    finally:
        plane.end()


@pytest.fixture(scope="module")
def bare_installation(control_plane, module_stage):
    """The operator in this file's control plane, with no permissions except for its Lease."""
    made = Installation(control_plane, module_stage)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def installation(bare_installation):
    """The operator may serve all namespaces; it is not running yet."""
    return bare_installation.allow_everywhere()


@pytest.fixture(scope="module")
def webhook(control_plane, installation):
    """The test file installs it when it needs it."""
    made = Webhook(control_plane)
    yield made
    made.close()


@pytest.fixture
def launch(installation, webhook):
    """Starts an operator that serves the webhook, and stops it at the end of the test, because the
    next one needs its port. A file that needs other replicas defines its own `launch`."""
    webhook.install()
    launched = []

    def started(*options: str):
        launched.append(installation.operator(*ALONE, *webhook.options(), *options).start())
        return launched[-1]

    yield started
    for operator in launched:
        operator.stop()


@pytest.fixture(scope="module")
def helms(tmp_path_factory) -> dict[str, Helm]:
    """No cluster, unless a test file overrides this."""
    folder = tmp_path_factory.mktemp("helm")
    return {version: Helm(version, folder) for version in VERSIONS}


@pytest.fixture(params=VERSIONS)
def helm(helms, request) -> Helm:
    return helms[request.param]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    stages = [getattr(node, "stage", None) for node in (item, item.getparent(pytest.Module))]
    if report.failed:
        processes = [one for stage in stages if stage for one in stage.own_processes() + stage.others]
        plane = getattr(item.getparent(pytest.Module), "control_plane", None)
        processes += plane.processes() if plane else []
        for process in processes:
            report.sections.append((f"output of {process.name}", process.output()[-8000:]))
    return report
