# SPDX-License-Identifier: Apache-2.0
"""A release, from its folder alone: its images in a registry, its chart or its install.yaml in a
cluster. `./dev cluster release FOLDER` runs this test, because it needs a release."""

import json
import os
from pathlib import Path

import pytest
from harness.chart import NAMESPACE, RELEASE, Refused, nested
from harness.live_cluster import EXPORT_NAMESPACE, namespace
from harness.local_registry import LocalRegistry
from release.programs import PROGRAMS

FOLDER = Path(os.environ.get("DUALTRACE_TEST_RELEASE") or "/nonexistent")
RATE = 20

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="./dev cluster release runs it")


@pytest.fixture(scope="module")
def release() -> dict:
    """The version and, by program, the name of the image: registry/repository@digest."""
    statement = json.loads((FOLDER / "provenance.intoto.json").read_text())
    version = statement["predicate"]["buildDefinition"]["externalParameters"]["version"]
    names = {}
    for subject in statement["subject"]:
        program = subject["name"].rpartition("/")[2]
        if program in PROGRAMS:
            names[program] = f"{subject['name']}@sha256:{subject['digest']['sha256']}"
    assert set(names) == set(PROGRAMS)
    return {"version": version, "names": names}


@pytest.fixture(scope="module")
def registry(fresh, release, tmp_path_factory):
    """With both images, as docs/releasing.md pushes them."""
    made = LocalRegistry(fresh.cluster.nodes(), tmp_path_factory.mktemp("registry"))
    for program, name in release["names"].items():
        host, _, repository = name.partition("@")[0].partition("/")
        archive = FOLDER / f"{program}-{release['version']}.oci.tar"
        made.push(archive, repository, release["version"])
    made.stand_in_for(host)
    yield made
    made.process.stop()


def test_the_chart_of_the_folder_installs_and_delivers(fresh, registry, release, tmp_path):
    fresh.apply(namespace(NAMESPACE, "restricted"), namespace(EXPORT_NAMESPACE))
    chart = FOLDER / f"dualtrace-{release['version']}.tgz"
    try:
        fresh.helm.run(
            *("install", RELEASE, chart, "--namespace", NAMESPACE, "--wait", "--timeout=110s"),
            values=nested(sharedNamespaces=[EXPORT_NAMESPACE]),
        )
    except Refused as error:
        pods = fresh.kubectl("describe", "pods", f"--namespace={NAMESPACE}")
        raise AssertionError(f"{error}\n{pods}\n{registry.process.output()}") from None
    assert set(fresh.images(NAMESPACE)) == {release["names"]["dualtrace-operator"]}
    fresh.helm.run("test", RELEASE, "--namespace", NAMESPACE, "--timeout=110s")
    fresh.create_export()
    fresh.wait_until_ready()
    assert set(fresh.images()) == {release["names"]["dualtrace-agent"]}
    fresh.settle([fresh.load_from(one, RATE, tmp_path) for one in fresh.cluster.nodes().each])


def test_install_yaml_makes_the_same_without_helm(fresh, registry, release):
    fresh.helm.run("uninstall", RELEASE, "--namespace", NAMESPACE, "--wait", "--timeout=110s")
    fresh.kubectl("apply", "--server-side", f"--filename={FOLDER / 'install.yaml'}")
    fresh.wait_for_rollout(f"deployment/{RELEASE}", NAMESPACE)
    assert set(fresh.images(NAMESPACE)) == {release["names"]["dualtrace-operator"]}
    fresh.wait_until_ready()
