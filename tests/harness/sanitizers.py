# SPDX-License-Identifier: Apache-2.0
"""Whether a program was built with sanitizers, which need additional memory."""

from pathlib import Path

import pytest


def skip_with_sanitizers(binary: Path) -> None:
    """For tests that measure memory."""
    if b"__asan_init" in binary.read_bytes():
        pytest.skip("sanitizers need memory of their own: run it with a release build")
