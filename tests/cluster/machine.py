# SPDX-License-Identifier: Apache-2.0
"""A machine within this machine: namespaces for network, mounts, processes and host name."""

from pathlib import Path

from cluster.cgroups import Cgroup
from cluster.daemon import Daemon


class Machine:
    """It owns `folder`: `lib` in it is its /var/lib, `log` its /var/log. All its processes and
    mounts end with its first process, which ends with this process's child `unshare`."""

    def __init__(self, name: str, folder: Path, cgroup: str):
        self.name = name
        self.folder = folder
        self.cgroup = f"{cgroup}/{name}"
        # The kubelet creates cgroups next to this one, because v2 allows processes only in leaves.
        self._own = Cgroup(f"{self.cgroup}/own")
        self._first = Daemon("machine", folder)

    def start(self, programs: Path, pause: Path) -> None:
        for name in ("lib", "log", "run"):
            (self.folder / name).mkdir(parents=True)
        self._own.create()
        script = Path(__file__).with_name("machine.sh")
        self._first.start(
            [
                *["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--mount-proc"],
                *["--fork", "--kill-child", "--propagation=private", "--"],
                *["sh", script, self.name, self.folder, programs, pause, *self._own.paths],
            ]
        )
        ready = self.folder / "ready"
        self._first.wait_until(lambda: ready.exists() and ready.read_text(), "it was ready")

    @property
    def pid(self) -> int:
        """The id of a process in its namespaces, except for the process namespace."""
        pid = self._first.pid
        assert pid is not None, f"{self.name} has ended: {self._first.output()}"
        return pid

    def in_network(self) -> list[str]:
        """A command that starts another one in its network, but as a process of this machine."""
        return ["nsenter", f"--target={self.pid}", "--net", "--"]

    def inside(self) -> list[str]:
        """A command that starts another one as one of its processes."""
        namespaces = ["--net", "--uts", "--ipc", "--mount"]
        pids = f"--pid=/proc/{self.pid}/ns/pid_for_children"
        return ["nsenter", f"--target={self.pid}", *namespaces, pids, "--wd=/", "--"]
