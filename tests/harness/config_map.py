# SPDX-License-Identifier: Apache-2.0
"""A folder like a ConfigMap that the kubelet mounts: its files are links to ..data/<file>, ..data
is a link to a folder with a timestamp in its name, and an update replaces the link ..data."""

import os
import shutil
from pathlib import Path


class ConfigMap:
    def __init__(self, folder: Path):
        self.folder = folder
        self._version = 0
        folder.mkdir(parents=True)

    def file(self, name: str) -> Path:
        return self.folder / name

    def write(self, files: dict[str, str]) -> None:
        """Updates in the same order as the kubelet's AtomicWriter."""
        self._version += 1
        data = self.folder / "..data"
        before = data.resolve() if data.exists() else None
        fresh = self.folder / f"..2025_01_01_00_00_00.{self._version:09}"
        fresh.mkdir()
        for name, content in files.items():
            (fresh / name).write_text(content)
        link = self.folder / "..data_tmp"
        link.symlink_to(fresh.name)
        os.rename(link, data)
        for name in files:
            if not self.file(name).is_symlink():
                self.file(name).symlink_to(Path("..data") / name)
        if before:
            shutil.rmtree(before)
