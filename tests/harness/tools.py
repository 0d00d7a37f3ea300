# SPDX-License-Identifier: Apache-2.0
"""The location of environments that not every machine can have."""

import os
from pathlib import Path

import pytest


def tool_folder(name: str) -> Path:
    """Skips the test if it is not installed."""
    folder = os.environ.get(f"DUALTRACE_TEST_{name.upper()}")
    if not folder:
        pytest.skip(f"{name} is not set up on this machine: see the output of ./dev setup test")
    return Path(folder)
