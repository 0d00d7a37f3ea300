# SPDX-License-Identifier: Apache-2.0
"""Runs an image's program as a node would, but without a node: with only the image around it,
read-only, as the image's user, with the folders and files that a pod would mount. Needs root."""

import os
import shlex
import subprocess
from pathlib import Path

from harness.image import ImageArchive

# containerd's variables. Other tests look for leaks.
ENVIRONMENT = "PATH=/usr/bin:/bin HOME=/ ASAN_OPTIONS=detect_leaks=0"
# Separate mounts, so that none of them outlives the program.
SCRIPT = """\
#!/bin/sh -e
if [ "$1" != inside ]; then exec unshare --mount --propagation=private -- "$0" inside "$@"; fi
shift
root={root}
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
{mounts}
mount -o remount,bind,ro "$root"
exec env --ignore-environment {environment} \\
  /usr/sbin/chroot --userspec={user} --groups={groups} "$root" {entrypoint} "$@"
"""


def may_mount() -> bool:
    """In many containers, root is not permitted to mount."""
    mount = ["unshare", "--mount", "mount", "--bind", "/proc", "/proc"]
    return subprocess.run(mount, capture_output=True).returncode == 0


class Container:
    def __init__(self, archive: ImageArchive, folder: Path):
        self._root = folder / "root"
        self._settings = archive.configuration["config"]
        self._mounts: list[str] = []
        archive.unpack(self._root)
        (self._root / "proc").mkdir()

    def mount(self, source: Path, place: str | Path | None = None) -> None:
        """A folder that the program's user owns, or a file; by default at its own path."""
        there = self._root / str(place or source).lstrip("/")
        if source.is_dir():
            there.mkdir(parents=True)
            for path in [source, *source.rglob("*")]:
                os.chown(path, *self.user)
        else:
            there.parent.mkdir(parents=True, exist_ok=True)
            there.touch()
        self._mounts.append(f"mount --bind {shlex.quote(str(source))} {shlex.quote(str(there))}")

    @property
    def user(self) -> tuple[int, int]:
        user, group = self._settings["User"].split(":")
        return int(user), int(group)

    def program(self, file: Path) -> Path:
        """Writes a program that runs the image's program with the arguments that it gets."""
        file.write_text(
            SCRIPT.format(
                root=shlex.quote(str(self._root)),
                mounts="\n".join(self._mounts),
                user=self._settings["User"],
                environment=ENVIRONMENT,
                groups=self.user[1],
                entrypoint=shlex.join(self._settings["Entrypoint"]),
            )
        )
        file.chmod(0o755)
        return file
