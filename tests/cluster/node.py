# SPDX-License-Identifier: Apache-2.0
"""A node: containerd, kubelet and kube-proxy on its own machine (machine.py)."""

import json
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

from cluster import flags, network
from cluster.daemon import Daemon
from cluster.identities import Identities
from cluster.machine import Machine

PAUSE_IMAGE = "localhost/pause:1"
PROGRAMS = Path("/run/dualtrace/programs")  # on the node: see machine.sh
SOCKET = "/run/containerd/containerd.sock"
REGISTRIES = "registries"  # below /var/lib


def _on_overlay(folder: Path) -> bool:
    """Whether the folder is itself on an overlay, as in a container: another overlay cannot be
    placed on it."""
    found = subprocess.run(
        ["stat", "--file-system", "--format=%T", folder], capture_output=True, text=True, check=True
    )
    return found.stdout.strip() == "overlayfs"


def _containerd_config(snapshotter: str) -> str:
    # restrict_oom_score_adj: without CAP_SYS_RESOURCE no sandbox would start.
    return f"""version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "{SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "{snapshotter}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/var/lib/{REGISTRIES}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/var/lib/cni/net.d"
"""


def _cni_config(number: int) -> dict:
    """Each pod has its own link to its node, so its packets are routed, even to its neighbors, and
    pass the rules of kube-proxy."""
    ranges = {
        "type": "host-local",
        "ranges": [[{"subnet": network.pod_range(number)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": "/var/lib/cni/addresses",
    }
    plugins = [{"type": "ptp", "ipam": ranges}]
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": plugins}


def _kubelet_config(cgroup: str) -> dict:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"x509": {"clientCAFile": "/var/lib/kubelet/clients.pem"}},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroup}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "clusterDNS": [flags.DNS_SERVICE],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "resolvConf": "/var/lib/kubelet/resolv.conf",
        # The disk belongs to this machine, so its usage must not evict pods.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "0%"},
        # Changes to Secrets and ConfigMaps reach the pods within seconds instead of a minute.
        "syncFrequency": "5s",
    }


class Node:
    def __init__(self, number: int, state: Path, cgroup: str):
        self.number = number
        self.name = f"node{number}"
        self.address = network.node_address(number)
        self.machine = Machine(self.name, state / self.name, cgroup)
        self._folder = state / self.name
        self._daemons = {
            name: Daemon(name, self._folder) for name in ("containerd", "kubelet", "kube-proxy")
        }

    def start_containerd(self) -> None:
        lib = self._folder / "lib"
        snapshotter = "native" if _on_overlay(lib) else "overlayfs"
        (lib / "containerd.toml").write_text(_containerd_config(snapshotter))
        (lib / "cni" / "net.d").mkdir(parents=True)
        cni = lib / "cni" / "net.d" / "10-pods.conflist"
        cni.write_text(json.dumps(_cni_config(self.number)))
        self._start("containerd", "containerd", "--config=/var/lib/containerd.toml")
        daemon = self._daemons["containerd"]
        daemon.wait_until(lambda: self._ctr("version").returncode == 0, "it answered")

    def start_kubelet(self, identities: Identities, server: str) -> None:
        lib = self._folder / "lib"
        (lib / "kubelet").mkdir()
        user = f"system:node:{self.name}"
        identities.write_kubeconfig(lib / "kubelet/kubeconfig", server, user, "system:nodes")
        identities.write_kubeconfig(lib / "kube-proxy.kubeconfig", server, "system:kube-proxy")
        (lib / "kubelet/clients.pem").write_bytes(identities.client_authority.read_bytes())
        (lib / "kubelet/resolv.conf").write_text("")
        config = _kubelet_config(self.machine.cgroup)
        (lib / "kubelet/config.json").write_text(json.dumps(config))
        there = Path("/var/lib/kubelet")
        arguments = [there / "kubeconfig", there / "config.json"]
        self._start(
            "kubelet", PROGRAMS / "kubelet", *flags.kubelet(self.name, self.address, *arguments)
        )
        proxy = flags.kube_proxy(self.name, "/var/lib/kube-proxy.kubeconfig")
        self._start("kube-proxy", PROGRAMS / "kube-proxy", *proxy)

    def load_image(self, tar: Path) -> None:
        with tar.open("rb") as image:
            done = self._ctr("images", "import", "--all-platforms", "-", stdin=image)
        assert done.returncode == 0, f"{self.name}: {tar.name}: {done.stdout}"

    def pull_from(self, registry: str, mirror: str) -> None:
        """Pulls later images of `registry` from `mirror`, a URL."""
        folder = self._folder / "lib" / REGISTRIES / registry
        folder.mkdir(parents=True)
        # If the server differs from the host, containerd 1.6 expects the server to speak HTTPS.
        host = f'[host."{mirror}"]\n  capabilities = ["pull", "resolve"]\n'
        (folder / "hosts.toml").write_text(f'server = "{mirror}"\n{host}')

    def unreachable(self) -> AbstractContextManager:
        """Its kubelet hangs: the node becomes NotReady, and its containers keep running."""
        return self._daemons["kubelet"].hanging()

    def _ctr(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            [
                *self.machine.inside(),
                "ctr",
                f"--address={SOCKET}",
                "--namespace=k8s.io",
                *arguments,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )

    def _start(self, name: str, program, *arguments) -> None:
        self._daemons[name].start([*self.machine.inside(), program, *arguments])
