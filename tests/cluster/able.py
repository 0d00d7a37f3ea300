# SPDX-License-Identifier: Apache-2.0
"""Checks whether this machine can run nodes, before anything is built for them."""

import os
import subprocess

from cluster.cgroups import Cgroup

# Kernel features and privileges that containers often lack: the purpose of each, and a trial that
# uses it as our machines (machine.sh, network.py, node.py) do.
TRIALS = {
    "mounts of their own": "mount --make-rshared /; mount -t tmpfs tmpfs /mnt",
    "a bridge and links between networks": (
        "ip link add nodes type bridge; ip link add end0 type veth peer name end1"
    ),
    "nftables, for Services": (
        "nft 'add table ip t; add chain ip t o { type nat hook output priority 0; };"
        " add chain ip t p { type nat hook postrouting priority 0; };"
        " add rule ip t o ct state new ip daddr 10.0.0.1 dnat to 10.0.0.2;"
        " add rule ip t p masquerade'"
    ),
    "kernel settings that can be hidden": "mount --bind /dev/null /proc/sys/vm/panic_on_oom",
}
UNSHARED = "unshare --mount --net --uts --ipc --pid --mount-proc --fork --kill-child".split()


def _fault(command: str) -> str:
    """Its error output, or nothing if it succeeded."""
    unshared = [*UNSHARED, "--propagation=private", "--", "sh", "-ec", command]
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    done = subprocess.run(
        unshared,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PATH": path},
    )
    lines = done.stdout.strip().splitlines() or [f"exit code {done.returncode}"]
    errors = [line for line in lines if "error" in line.lower()]
    return [*errors, *lines][0] if done.returncode else ""


def _fault_of_cgroups() -> str:
    cgroup = Cgroup(f"dualtrace-check-{os.getpid()}")
    if not cgroup.paths:
        return "no cgroup file system is mounted"
    try:
        cgroup.create()
    except OSError as error:
        return str(error)
    finally:
        cgroup.remove()
    return ""


def what_is_missing() -> list[str]:
    if os.geteuid() != 0:
        return ["nodes need root: namespaces, mounts and cgroups are made for them"]
    no_namespaces = _fault("true")
    if no_namespaces:
        return [f"no namespaces may be made ({no_namespaces})"]
    faults = {what: _fault(command) for what, command in TRIALS.items()}
    faults["cgroups"] = _fault_of_cgroups()
    return [f"no {what} ({fault})" for what, fault in faults.items() if fault]
