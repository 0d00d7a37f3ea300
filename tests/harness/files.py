# SPDX-License-Identifier: Apache-2.0
"""Reads the files of a folder in which a program writes at the same time."""

from pathlib import Path

from harness.processes import wait_until


def of_files_below(folder: Path, read) -> dict[Path, object]:
    """`read(file)` of each regular file at any depth, by path; empty if there is no folder. A program
    may rename or remove a file after it was listed: then all files are read again, because the new
    name may be one that was read before the renaming."""

    def all_of_them():
        try:
            return [{file: read(file) for file in folder.rglob("*") if file.is_file()}]
        except FileNotFoundError:
            return []

    (found,) = wait_until(all_of_them, f"the files of {folder} stay while they are read", every=0)
    return found
