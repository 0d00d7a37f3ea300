# SPDX-License-Identifier: Apache-2.0
"""SHA256SUMS, which lists every file of a release, and its signature."""

import hashlib
import subprocess
from pathlib import Path

from images.machine import Refused

SUMS = "SHA256SUMS"
SIGNATURE = f"{SUMS}.sig"


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def write_sums(folder: Path) -> Path:
    files = sorted(
        one.relative_to(folder)
        for one in folder.rglob("*")
        if one.is_file() and one.name not in (SUMS, SIGNATURE)
    )
    sums = folder / SUMS
    sums.write_text("".join(f"{_digest(folder / one)}  {one}\n" for one in files))
    return sums


def check_key(key: Path) -> None:
    """Checks it before anything is built."""
    if not key.is_file():
        raise Refused(f"--sign {key}: there is no such file; openssl genpkey makes a key")


def sign(sums: Path, key: Path) -> None:
    # -rawin signs the file instead of its digest, as Ed25519 requires; for other keys, openssl
    # computes the digest itself.
    command = ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", sums]
    done = subprocess.run([*command, "-out", sums.with_name(SIGNATURE)], stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Refused(f"--sign {key}: openssl: {done.stderr.decode(errors='replace').strip()}")
