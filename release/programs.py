# SPDX-License-Identifier: Apache-2.0
"""The images of a release, from one build folder for each architecture."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from images.content import PROGRAMS as ALL_PROGRAMS
from images.machine import Machine, Refused, arm64_machine, this_machine
from images.made import Naming, Source, image_of, write_beside
from images.oci import write_index

from release.tree import Tree

_VERSION_LINE = re.compile(rb"\d+\.\d+\.\d+[-.0-9A-Za-z]* \(commit [0-9a-f]{12}(-dirty)?, \S+\)")
PROGRAMS = ("dualtrace-operator", "dualtrace-agent")
ARCHITECTURES = ("amd64", "arm64")


def machine_for(architecture: str, sysroot: Path | None) -> Machine:
    here = this_machine()
    if architecture == here.architecture:
        return here
    if architecture != "arm64":
        raise Refused(f"{architecture}: make the release on amd64; this is {here.architecture}")
    if sysroot is None:
        raise Refused("arm64: --sysroot is missing, the folder with Debian's packages for it")
    return arm64_machine(sysroot)


def told_version(program: Path, machine: Machine) -> str:
    """The output of --version; for a program that cannot run here, the version that is compiled
    into it."""
    if machine.is_this_one:
        done = subprocess.run([program, "--version"], capture_output=True, text=True)
        if done.returncode != 0:
            raise Refused(f"{program} --version: {done.stderr.strip()}")
        return done.stdout.strip()
    line = _VERSION_LINE.search(program.read_bytes())
    return line[0].decode() if line else "unknown"


def check_program(program: Path, machine: Machine, version: str) -> None:
    """Otherwise, users would be the first to notice that the image contains another version."""
    if not program.is_file():
        raise Refused(f"there is no program {program}: ./dev release builds it")
    told = told_version(program, machine)
    if version not in told.split():
        raise Refused(f"{program} reports '{told}', but this is the release of {version}")


def make_images(
    tree: Tree, builds: Mapping[str, Path], sysroot: Path | None, naming: Naming, out: Path
) -> dict[str, str]:
    """Writes an archive for each program, with descriptions of its images. Returns the digests by
    program."""
    machines = {one: machine_for(one, sysroot) for one in builds}
    for architecture, build in builds.items():
        for program in PROGRAMS:
            check_program(build / ALL_PROGRAMS[program], machines[architecture], tree.version)
    digests = {}
    for program in PROGRAMS:
        images = []
        for architecture, build in builds.items():
            source = Source(build, machines[architecture], tree.revision)
            image, content = image_of(source, program, naming)
            write_beside(out / f"{program}-{tree.version}-linux-{architecture}", content)
            images.append(image)
        archive = out / f"{program}-{tree.version}.oci.tar"
        digests[program] = write_index(archive, images[0].name, images)
    return digests
