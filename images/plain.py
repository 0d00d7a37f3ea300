# SPDX-License-Identifier: Apache-2.0
"""An image with any program and the libraries that it loads, and nothing else: for the nodes of
./dev cluster."""

from pathlib import Path

from images.closure import libraries
from images.layer import File, Layer, Link
from images.oci import Image, write_archive


def write_plain_archive(
    file: Path, name: str, program: Path, links: dict[str, str] | None = None
) -> None:
    """Builds an image called `name` (registry/name:tag) with /`program`'s name as its entry point;
    `links` are symbolic links in it. The same content produces the same image."""
    place = f"/{program.name}"
    entries = {str(one): File(one, 0o755) for one in [*libraries(program)]}
    entries |= {place: File(program, 0o755)}
    entries |= {place: Link(target) for place, target in (links or {}).items()}
    settings = {"Entrypoint": [place], "WorkingDir": "/"}
    write_archive(file, Image(name, [Layer(program.name, entries)], settings))
