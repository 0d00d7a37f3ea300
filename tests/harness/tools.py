# SPDX-License-Identifier: Apache-2.0
"""Where ./dev put the environments that not every machine can have."""

import os
from pathlib import Path

import pytest


def tool_folder(name: str) -> Path:
    """Skips the test where it is not."""
    folder = os.environ.get(f"DUALTRACE_TEST_{name.upper()}")
    if not folder:
        pytest.skip(f"{name} is not set up on this machine: see what ./dev setup test says")
    return Path(folder)
