# SPDX-License-Identifier: Apache-2.0
"""The cluster of ./dev: it starts, is used by anyone with its kubeconfig, and stops without leaving
anything behind."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from cluster.cgroups import Cgroup
from cluster.daemon import Daemon, all_marked, kill_all_in
from cluster.nodes import Nodes
from cluster.servers import Servers


class Refused(Exception):
    """The request cannot be fulfilled; the message says why."""


def default_folder() -> Path:
    """The folder of its state: one cluster for each."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(os.environ.get("DUALTRACE_CLUSTER") or Path(state) / "dualtrace" / "cluster")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Cluster:
    """A folder that exists as long as the cluster. `cluster.json` is written last: without it, an
    `up` was interrupted, and the next one starts over."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.kubeconfig = folder / "admin.kubeconfig"
        self._summary = folder / "cluster.json"
        self._mark = folder / "is-a-cluster"  # comes first: without it nothing is removed
        self._cgroup = f"dualtrace-{hashlib.sha256(bytes(folder)).hexdigest()[:8]}"

    def up(self, nodes: int) -> bool:
        """Returns False if it was already up."""
        if nodes and os.geteuid() != 0:
            raise Refused("nodes need root: namespaces, mounts and cgroups are made for them")
        with self._locked():
            if self._summary.exists():
                self._check_same(nodes)
                return False
            self._remove()
            try:
                with all_marked(self.folder):
                    self._start(nodes)
            except BaseException:
                self._remove()
                raise
        return True

    def down(self) -> None:
        with self._locked():
            self._remove()

    def is_up(self) -> bool:
        return self._summary.exists()

    def nodes(self) -> Nodes:
        count = json.loads(self._summary.read_text())["nodes"]
        return Nodes(count, self.folder, self._cgroup)

    def _check_same(self, nodes: int) -> None:
        have = json.loads(self._summary.read_text())["nodes"]
        if have != nodes:
            raise Refused(f"it is up with {have} nodes: ./dev cluster down first")
        ended = [one.name for one in self._daemons() if not one.running]
        if ended:
            raise Refused(f"{', '.join(ended)} has ended: ./dev cluster down first")

    def _start(self, nodes: int) -> None:
        self.folder.mkdir(mode=0o700)
        self._mark.touch()
        ports = _free_port(), _free_port()
        if nodes:
            machines = Nodes(nodes, self.folder, self._cgroup)
            home = machines.start_machines(api_port=ports[0])
            servers = Servers(self.folder, *ports, home)
            servers.start()
            machines.start(servers)
        else:
            Servers(self.folder, *ports).start()
        self._summary.write_text(json.dumps({"nodes": nodes}))

    def _daemons(self) -> list[Daemon]:
        files = [*self.folder.glob("*.pid"), *self.folder.glob("*/*.pid")]
        return [Daemon(file.stem, file.parent) for file in sorted(files)]

    def _remove(self) -> None:
        """Stops whatever exists of it, in any state, and touches nothing else."""
        if self.folder.exists() and any(self.folder.iterdir()) and not self._mark.exists():
            raise Refused(f"{self.folder} is not a cluster's folder: name another, or remove it")
        Cgroup(self._cgroup).remove()  # the machines, and all processes on them
        for daemon in self._daemons():
            if daemon.log.parent != self.folder:
                daemon.ends_within(5)  # it ends once it has reaped its processes on a machine
        kill_all_in(self.folder)
        mounts = Path("/proc/self/mountinfo").read_text()
        if f" {self.folder}/" in mounts:
            raise Refused(f"something is mounted below {self.folder}, which is not removed")
        if self.folder.exists():
            shutil.rmtree(self.folder)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Only one at a time; the parent folder is locked, so that no lock file is left behind."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        around = os.open(self.folder.parent, os.O_RDONLY)
        try:
            fcntl.flock(around, fcntl.LOCK_EX)
            yield
        finally:
            os.close(around)
