# SPDX-License-Identifier: Apache-2.0
"""Locates the Kubernetes programs on this machine."""

import os
import shutil
from pathlib import Path


class NotThere(Exception):
    """A program is missing; the message says how to get it."""


def find(name: str) -> Path:
    """`KUBEBUILDER_ASSETS` is the customary variable for a folder with kube-apiserver, etcd and
    kubectl. Missing programs come from the builds of ./dev, or from the PATH (etcd: Debian's)."""
    built = [f"DUALTRACE_TEST_{name}" for name in ("KUBERNETES", "NODES", "HELM")]
    for variable in ("KUBEBUILDER_ASSETS", *built):
        folder = os.environ.get(variable)
        if folder and os.access(Path(folder) / name, os.X_OK):
            return Path(folder) / name
    # Debian has ip, nft and containerd's helpers in sbin, which is not on the PATH of ordinary
    # users.
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found:
        return Path(found)
    raise NotThere(f"no {name} on this machine: ./dev setup cluster up --nodes 2 brings it")
