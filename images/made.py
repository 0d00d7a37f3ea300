# SPDX-License-Identifier: Apache-2.0
"""Builds the images of dualtrace's own programs: one archive each, with files that describe it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from images.content import Content, content_of
from images.layer import File, Layer, folders_of
from images.machine import Machine, Refused
from images.oci import Image, write_archive
from images.version import Revision, project_license

USER = "65532:65532"  # "nonroot" of the usual base images, as in the pods (operator/plan)
_SAYS = {
    "dualtrace-operator": "Runs agents for each DualTraceExport and reports their health",
    "dualtrace-agent": "Receives OTLP spans, stores them, delivers them to Arize AX and Databricks",
    "dualtrace-sandbox": "Strict local stand-ins of Arize and Databricks, for tests and demos",
}
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_REPOSITORY = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*")


@dataclass(frozen=True)
class Naming:
    tag: str
    repository: str
    source: str | None  # the URL of the source

    def __post_init__(self):
        if not _TAG.fullmatch(self.tag):
            raise Refused(f"--tag {self.tag}: expected letters, digits, '.', '_', '-', as 0.1.0")
        if not _REPOSITORY.fullmatch(self.repository):
            raise Refused(f"--repository {self.repository}: expected host/path, as ghcr.io/someone")
        if self.source and not self.source.startswith("https://"):
            raise Refused(f"--source {self.source}: expected an address that begins with https://")


@dataclass(frozen=True)
class Made:
    program: str
    name: str
    digest: str
    archive: Path
    content: Content

    @property
    def size(self) -> int:
        """The number of bytes that a node downloads if it has none of the layers."""
        return sum(len(layer.blob) for layer in self.content.layers)


def labels(program: str, naming: Naming, revision: Revision) -> dict[str, str]:
    said = {
        "title": program,
        "description": _SAYS[program],
        "version": naming.tag,
        "revision": revision.commit,
        "created": revision.created,
        "source": naming.source,
        "licenses": project_license(),
    }
    return {f"org.opencontainers.image.{name}": text for name, text in said.items() if text}


@dataclass(frozen=True)
class Source:
    """The input for building images."""

    build: Path
    machine: Machine
    revision: Revision


def image_of(source: Source, program: str, naming: Naming) -> tuple[Image, Content]:
    content = content_of(source.build, program, source.revision, naming.tag, source.machine)
    says = labels(program, naming, source.revision)
    image = Image(
        name=f"{naming.repository}/{program}:{naming.tag}",
        layers=content.layers,
        settings={
            "User": USER,
            "Entrypoint": [f"/{program}"],
            "WorkingDir": "/",
            "Labels": says,
        },
        created=source.revision.created,
        annotations=says,
        architecture=source.machine.architecture,
    )
    return image, content


def write_beside(base: Path, content: Content) -> None:
    """The description of an image; the files' names begin with `base`."""
    base.with_name(f"{base.name}.spdx.json").write_bytes(content.sbom)
    base.with_name(f"{base.name}.debug").write_bytes(content.debug)


def make(source: Source, out: Path, program: str, naming: Naming) -> Made:
    image, content = image_of(source, program, naming)
    out.mkdir(parents=True, exist_ok=True)
    base = out / f"{program}-{naming.tag}-{image.architecture}"
    archive = base.with_name(f"{base.name}.oci.tar")
    digest = write_archive(archive, image)
    write_beside(base, content)
    return Made(program, image.name, digest, archive, content)


def unpack(layer: Layer, folder: Path) -> None:
    """Creates the folder, with the content of the layer as files."""
    folder.mkdir(parents=True)
    folders = sorted(folders_of(layer.entries))
    for place in folders:
        (folder / place.lstrip("/")).mkdir()
        (folder / place.lstrip("/")).chmod(0o755)
    for place, entry in layer.entries.items():
        there = folder / place.lstrip("/")
        if isinstance(entry, File):
            there.write_bytes(entry.read())
            there.chmod(entry.mode)
        else:
            there.symlink_to(entry.target)
    for place in [*layer.entries, *reversed(folders)]:
        os.utime(folder / place.lstrip("/"), (0, 0), follow_symlinks=False)
