# SPDX-License-Identifier: Apache-2.0
"""A release, built from a clone of this tree in its present state, and read by independent code."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from harness.image import ROOT, Archive

_IDENTITY = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
_DATES = {name: "2026-03-01T01:02:03Z" for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", folder, *_IDENTITY, *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **_DATES},
    )
    return done.stdout.strip()


def copy_tree(folder: Path) -> Path:
    """A repository with one commit: the present files of this one. Two copies have the same
    commit."""
    git(ROOT, "init", "--quiet", str(folder))
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            there = folder / name
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes((ROOT / name).read_bytes())
            there.chmod((ROOT / name).stat().st_mode & 0o755)
    return folder


def commit(tree: Path) -> None:
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message=release")


def run_release(tree: Path, *arguments) -> subprocess.CompletedProcess:
    """Runs the steps of ./dev release that follow the build of the programs."""
    return subprocess.run(
        [sys.executable, "-B", "-m", "release", *arguments],
        capture_output=True,
        text=True,
        cwd=tree,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tree), "LANG": "C.UTF-8"},
    )


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class IndexArchive(Archive):
    """One index of the images of several architectures."""

    def __init__(self, file: Path):
        super().__init__(file)
        self.index = json.loads(self.blob(self.descriptor))

    def image(self, architecture: str) -> tuple[dict, dict[str, bytes]]:
        """The image's configuration, and its files by path."""
        (descriptor,) = (
            one
            for one in self.index["manifests"]
            if one["platform"] == {"architecture": architecture, "os": "linux"}
        )
        manifest = json.loads(self.blob(descriptor))
        return json.loads(self.blob(manifest["config"])), self.files_of(manifest)
