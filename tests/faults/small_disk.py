# SPDX-License-Identifier: Apache-2.0
"""A disk that fills up quickly: a separate tmpfs."""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path


def why_impossible() -> str | None:
    return None if os.geteuid() == 0 else "mounting a small disk needs root"


@contextmanager
def small_disk(folder: Path, size: int):
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True, capture_output=True)
