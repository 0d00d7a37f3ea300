# SPDX-License-Identifier: Apache-2.0
"""Gives a program a wrong wall clock, by environment variables or in an image."""

import subprocess
from pathlib import Path

from images.layer import File, Layer
from images.made import USER, Made
from images.oci import Image, write_archive

SOURCE = Path(__file__).with_suffix(".c")
PLACE = "/shifted_clock.so"  # in the image


def build(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "shifted_clock.so"
    command = ["cc", "-shared", "-fPIC", "-O2", "-o", library, SOURCE]
    subprocess.run([str(one) for one in command], check=True)
    return library


def environment(library: Path | str, seconds: int) -> dict[str, str]:
    """A clock that is ahead by this number of seconds, or behind if it is negative."""
    return {
        "LD_PRELOAD": str(library),
        "DUALTRACE_TEST_CLOCK_OFFSET": str(seconds),
        "ASAN_OPTIONS": "verify_asan_link_order=0",  # it may be loaded before the sanitizer runtime
    }


def write_image(file: Path, made: Made, tag: str, seconds: int) -> str:
    """The archive of an image like `made`, whose program has such a clock, and the image's name."""
    name = f"{made.name.rpartition(':')[0]}:{tag}"
    layer = Layer("shifted clock", {PLACE: File(build(file.parent), 0o755)})
    settings = {
        "User": USER,
        "Entrypoint": [f"/{made.program}"],
        "Env": [f"{key}={value}" for key, value in environment(PLACE, seconds).items()],
    }
    write_archive(file, Image(name, [*made.content.layers, layer], settings))
    return name
