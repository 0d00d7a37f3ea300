# SPDX-License-Identifier: Apache-2.0
"""A cluster with two nodes behaves as dualtrace requires, runs the images of the release build, and
leaves nothing behind. Needs root and two minutes: `./dev cluster test`."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cluster.cluster import Cluster, Refused
from harness.image import ROOT, make_images
from harness.kubectl import Kubectl
from images.version import project_version

HERE = Path(__file__).parent
PATHS = f"{HERE.parent}:{HERE.parent.parent}"  # for the imports of cluster
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="nodes need root")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("cluster") / "cluster")
    cluster.up(nodes=2)
    yield cluster
    cluster.down()


@pytest.fixture(scope="module")
def kubectl(cluster) -> Kubectl:
    return Kubectl(cluster.kubeconfig, cluster.folder / "kubectl")


@pytest.fixture(scope="module")
def pods(kubectl) -> dict[str, str]:
    """The name of the web pod on each node."""
    kubectl("apply", "--filename", HERE / "web.yaml")
    kubectl("rollout", "status", "daemonset/web", "--timeout=60s")
    found = json.loads(kubectl("get", "pods", "--selector=app=web", "--output=json"))
    return {pod["spec"]["nodeName"]: pod["metadata"]["name"] for pod in found["items"]}


def traces_on_this_machine(folder: Path) -> dict:
    """Everything that a cluster could leave behind or change."""
    mark = str(folder).encode()
    cgroup = hashlib.sha256(bytes(folder)).hexdigest()[:8]
    cgroups = subprocess.run(
        ["find", "/sys/fs/cgroup", "-name", f"*{cgroup}*"], capture_output=True, text=True
    ).stdout
    networks = subprocess.run(
        ["lsns", "--noheadings", "--type=net", "--output=NS"], capture_output=True, text=True
    ).stdout
    return {
        "folder": folder.exists(),
        "processes": [
            pid.name
            for pid in Path("/proc").glob("[0-9]*")
            if mark in _read(pid / "environ") or mark in _read(pid / "cmdline")
        ],
        "networks": sorted(networks.split()),
        "cgroups": cgroups,
        "mounts": Path("/proc/self/mountinfo").read_text(),
        "interfaces": sorted(os.listdir("/sys/class/net")),
        "routes": Path("/proc/net/route").read_text(),
        "kubelet": sorted(str(path) for path in Path("/var/lib").glob("kubelet*")),
        "kernel": [
            Path("/proc/sys", name).read_text()
            for name in ("vm/overcommit_memory", "kernel/panic", "net/ipv4/ip_forward")
        ],
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # the process has ended


def test_all_nodes_run_a_restricted_pod(pods):
    assert sorted(pods) == ["node1", "node2"]


def test_a_service_with_a_local_policy_stays_on_the_node(kubectl, pods):
    for node, pod in pods.items():
        for _ in range(5):
            name = "http://web.default.svc.cluster.local/"
            answer = kubectl("exec", pod, "--", "wget", "-q", "-O", "-", name)
            assert answer == f"{node}\n"


def test_pods_reach_each_other_across_nodes(kubectl, pods):
    path = "--output=jsonpath={.status.podIP}"
    there = kubectl("get", "pod", pods["node2"], path)
    url = f"http://{there}:8080/"
    answer = kubectl("exec", pods["node1"], "--", "wget", "-q", "-O", "-", url)
    assert answer == "node2\n"


def test_the_api_server_has_its_service_and_its_name(kubectl, pods):
    name = "kubernetes.default.svc.cluster.local"
    assert "10.96.0.1\n" in kubectl("exec", pods["node1"], "--", "nslookup", name)


def test_a_host_path_is_the_nodes_own(kubectl, pods):
    for node in pods:
        write = f"echo {node} >/host/var/lib/dualtrace-test/name"
        image = ["--image=localhost/busybox:1", "--profile=general", "--", "sh", "-c", write]
        kubectl("debug", f"node/{node}", *image)
    for node, pod in pods.items():
        wait = "until cat /host/name; do sleep 0.1; done 2>/dev/null"
        assert kubectl("exec", pod, "--", "sh", "-c", wait) == f"{node}\n"
    assert not Path("/var/lib/dualtrace-test").exists()


@pytest.fixture(scope="module")
def version(cluster, tmp_path_factory) -> str:
    """The tag of the images on the nodes; the manifests use it."""
    version = project_version()
    folder = tmp_path_factory.mktemp("images")
    make_images(ROOT / "build" / "release", folder, f"--tag={version}")
    command = [sys.executable, "-m", "cluster", "image", "--archive", *folder.glob("*.oci.tar")]
    environment = {**os.environ, "DUALTRACE_CLUSTER": str(cluster.folder), "PYTHONPATH": PATHS}
    subprocess.run(command, check=True, env=environment)
    return version


@pytest.mark.parametrize("program", ["operator", "agent"])
def test_an_image_runs_as_its_own_user_with_no_rights(kubectl, version, program):
    """The kubelet rejects runAsNonRoot for an image whose user is root or a name."""
    pod = f"version-of-{program}"
    security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {"name": program, "args": ["--version"], "securityContext": security}
    container |= {"image": f"dualtrace-{program}:{version}", "imagePullPolicy": "Never"}
    spec = {"restartPolicy": "Never", "containers": [container]}
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod}, "spec": spec}
    kubectl("apply", "--filename", "-", stdin=json.dumps(manifest))
    kubectl("wait", f"pod/{pod}", "--for=jsonpath={.status.phase}=Succeeded")
    assert kubectl("logs", pod).startswith(f"dualtrace-{program} {version} (commit ")


def test_up_twice_is_harmless(cluster, kubectl, pods):
    assert cluster.up(nodes=2) is False
    with pytest.raises(Refused, match="it is up with 2 nodes"):
        cluster.up(nodes=1)
    assert "node2" in kubectl("get", "nodes")


def test_nothing_is_left_of_a_cluster(tmp_path):
    folder = tmp_path / "cluster"
    before = traces_on_this_machine(folder)
    cluster = Cluster(folder)
    cluster.up(nodes=1)
    during = traces_on_this_machine(folder)
    assert during["folder"] and during["processes"] and during["cgroups"]
    assert len(during["networks"]) > len(before["networks"])
    cluster.down()
    assert traces_on_this_machine(folder) == before


@pytest.mark.parametrize("seconds", [0.3, 0.5, 0.8, 1.5, 4, 8])
def test_nothing_is_left_of_an_up_that_was_killed(tmp_path, seconds):
    folder = tmp_path / "cluster"
    before = traces_on_this_machine(folder)
    environment = {**os.environ, "DUALTRACE_CLUSTER": str(folder), "PYTHONPATH": PATHS}
    command = [sys.executable, "-m", "cluster", "up", "--nodes=2"]
    starting = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    starting.send_signal(signal.SIGKILL)
    starting.wait()
    Cluster(folder).down()
    assert traces_on_this_machine(folder) == before


def test_a_folder_that_is_no_clusters_is_not_removed(tmp_path):
    file = tmp_path / "precious"
    file.touch()
    for act in (Cluster(tmp_path).down, lambda: Cluster(tmp_path).up(nodes=0)):
        with pytest.raises(Refused):
            act()
    assert file.exists()
