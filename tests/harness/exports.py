# SPDX-License-Identifier: Apache-2.0
"""DualTraceExports in tests that have a Kubernetes."""

from pathlib import Path

import yaml

from harness.control_plane import ControlPlane
from harness.processes import wait_until

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
API = "/apis/dualtrace.dev/v1alpha1"


def install_exports(plane: ControlPlane) -> None:
    """Installs the CRD; returns when exports are served."""
    plane.kubectl("apply", "--filename", ROOT / "crds" / "dualtraceexport.yaml")
    wait_until(lambda: plane.api.get(f"{API}/dualtraceexports")[0] == 200, "exports are served")


def exports_path(namespace: str) -> str:
    return f"{API}/namespaces/{namespace}/dualtraceexports"


def read_export(path: Path, name: str | None = None) -> dict:
    """Reads an export without its namespace."""
    export = yaml.safe_load(path.read_text())
    export["metadata"].pop("namespace", None)
    if name:
        export["metadata"]["name"] = name
    return export
