# SPDX-License-Identifier: Apache-2.0
"""The input of a release: one commit of this repository, and nothing else."""

import re
import subprocess
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from images.machine import Refused
from images.version import ROOT, Revision, project_version, read_revision

CHART = Path("helm/dualtrace")
CRD = Path("crds/dualtraceexport.yaml")
CHANGELOG = Path("docs/CHANGELOG.md")

_NUMBER = r"(?:0|[1-9]\d*)"
_IDENTIFIER = rf"(?:{_NUMBER}|\d*[A-Za-z-][0-9A-Za-z-]*)"
# Without build metadata ("+…"): an image's tag cannot have it.
_SEMVER = re.compile(
    rf"({_NUMBER}\.{_NUMBER}\.{_NUMBER})(-{_IDENTIFIER}(?:\.{_IDENTIFIER})*)?"
)


@dataclass(frozen=True)
class Tree:
    version: str
    revision: Revision
    root: Path = ROOT

    @property
    def epoch(self) -> int:
        """SOURCE_DATE_EPOCH: the time of the commit."""
        made = datetime.strptime(self.revision.created, "%Y-%m-%dT%H:%M:%SZ")
        return int(made.replace(tzinfo=timezone.utc).timestamp())

    def read(self, path: Path) -> str:
        return (self.root / path).read_text()

    def files(self, folder: Path) -> dict[str, bytes]:
        """The files of the commit, by path in the folder."""
        listed = _git(self.root, "ls-files", "-z", "--", str(folder)).split("\0")
        paths = [Path(one) for one in listed if one]
        return {str(one.relative_to(folder)): (self.root / one).read_bytes() for one in paths}


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def check_version(version: str, project: str) -> None:
    """`project` is the version in the sources."""
    parts = _SEMVER.fullmatch(version)
    if not parts:
        raise Refused(f"version {version}: expected X.Y.Z or X.Y.Z-rc.N, without a v")
    if parts[1] != project:
        raise Refused(
            f"version {version}: the sources are version {project}; change CMakeLists.txt first"
            " (docs/releasing.md)"
        )


def read_tree(version: str, root: Path = ROOT) -> Tree:
    check_version(version, project_version(root))
    # Untracked files, too: the compiler would find a header that is in no clone.
    changed = _git(root, "status", "--porcelain").splitlines()
    if changed:
        raise Refused(
            f"the tree is not clean ({changed[0].strip()}): a release is made of a commit, so that"
            " anyone can make it again; commit or remove the changes"
        )
    return Tree(version, read_revision(root), root)


def release_notes(tree: Tree) -> str:
    """The changelog's section for the version, or for a pre-release, the unreleased one."""
    names = [tree.version]
    if "-" in tree.version:
        names.append("Unreleased")
    text = tree.read(CHANGELOG)
    for name in names:
        part = re.search(
            rf"^## {re.escape(name)}(?![\w.-]).*\n((?:(?!## ).*\n)*)", text, re.MULTILINE
        )
        if part and part[1].strip():
            return f"# dualtrace {tree.version}\n\n{part[1].strip()}\n"
    raise Refused(f"{CHANGELOG} has no section '## {tree.version}' that describes the changes")
