# SPDX-License-Identifier: Apache-2.0
"""The version and the commit that an image is built from."""

import re
import subprocess
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from images.machine import Refused

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Revision:
    version: str  # CMake's PROJECT_VERSION
    commit: str
    created: str  # when the commit was made, in UTC
    changed: bool  # whether files differ from the commit
    released: bool  # whether it has the tag v<version>

    @property
    def tag(self) -> str:
        """For a release, the version. Otherwise also the commit, and whether files were changed
        since."""
        if self.released and not self.changed:
            return self.version
        return f"{self.version}-g{self.commit[:12]}{'-dirty' if self.changed else ''}"


def project_version(root: Path = ROOT) -> str:
    text = (root / "CMakeLists.txt").read_text()
    found = re.search(r"^project\(dualtrace VERSION (\d+\.\d+\.\d+)\b", text, re.MULTILINE)
    if not found:
        raise Refused(f"{root}/CMakeLists.txt has no line 'project(dualtrace VERSION X.Y.Z …'")
    return found[1]


def project_license(root: Path = ROOT) -> str:
    """An SPDX expression."""
    first = (root / "LICENSE").read_text().partition("\n")[0]
    name, _, expression = first.partition(": ")
    if name != "SPDX-License-Identifier" or not expression:
        raise Refused(f"{root}/LICENSE does not begin with 'SPDX-License-Identifier: '")
    return expression


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(
            f"images record the commit they are built from, but git failed: {done.stderr.strip()}"
        )
    return done.stdout.strip()


def read_revision(root: Path = ROOT) -> Revision:
    version = project_version(root)
    commit, seconds = _git(root, "show", "--no-patch", "--format=%H %ct", "HEAD").split()
    created = datetime.fromtimestamp(int(seconds), timezone.utc)
    return Revision(
        version=version,
        commit=commit,
        created=created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        changed=bool(_git(root, "status", "--porcelain", "--untracked-files=no")),
        released=f"v{version}" in _git(root, "tag", "--points-at", "HEAD").splitlines(),
    )
