# SPDX-License-Identifier: Apache-2.0
"""An image as an archive in the OCI's image layout: a tar with oci-layout, index.json and blobs,
which containerd, podman, skopeo and docker (25 or later) load."""

import io
import json
import platform
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from images.layer import Layer, digest_of

_OCI = "application/vnd.oci.image"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class Refused(Exception):
    """An image cannot be made; the message says why and what to do."""


def this_architecture() -> str:
    """As images call it; only programs of this machine's own can be put into one here."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        raise Refused(f"images are made on x86_64 and aarch64; this machine is {machine}")
    return _ARCHITECTURES[machine]


@dataclass(frozen=True)
class Image:
    name: str  # registry/name:tag
    layers: Sequence[Layer]
    settings: dict  # `config` of the image's configuration: User, Entrypoint, Labels, …
    created: str | None = None
    annotations: dict[str, str] = field(default_factory=dict)  # of the manifest


def _json(content: dict) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _configuration(image: Image) -> bytes:
    layers = image.layers
    dated = {"created": image.created} if image.created else {}
    return _json(
        {
            "architecture": this_architecture(),
            "os": "linux",
            **dated,
            "config": image.settings,
            "rootfs": {"type": "layers", "diff_ids": [one.diff_id for one in layers]},
            "history": [{**dated, "created_by": f"./dev image: {one.name}"} for one in layers],
        }
    )


class _Blobs:
    def __init__(self):
        self.contents: dict[str, bytes] = {}

    def add(self, media_type: str, content: bytes, **more) -> dict:
        """Its descriptor."""
        digest = digest_of(content)
        self.contents[digest] = content
        return {"mediaType": media_type, "digest": digest, "size": len(content), **more}


def _write_tar(file: Path, contents: dict[str, bytes]) -> None:
    part = file.with_name(f"{file.name}.part")
    with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in sorted(contents.items()):
            header = tarfile.TarInfo(name)
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
    part.replace(file)


def write_archive(file: Path, image: Image) -> str:
    """Returns the manifest's digest, which is the image's. The same image gives the same bytes."""
    blobs = _Blobs()
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.manifest.v1+json",
        "config": blobs.add(f"{_OCI}.config.v1+json", _configuration(image)),
        "layers": [blobs.add(f"{_OCI}.layer.v1.tar+gzip", one.blob) for one in image.layers],
        "annotations": image.annotations,
    }
    described = blobs.add(
        manifest["mediaType"],
        _json(manifest),
        platform={"architecture": this_architecture(), "os": "linux"},
        # The first is containerd's and docker's word for what it is called, the second the OCI's.
        annotations={
            "io.containerd.image.name": image.name,
            "org.opencontainers.image.ref.name": image.name.rpartition(":")[2],
        },
    )
    index = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.index.v1+json",
        "manifests": [described],
    }
    contents = {f"blobs/{digest.replace(':', '/')}": one for digest, one in blobs.contents.items()}
    contents["oci-layout"] = _json({"imageLayoutVersion": "1.0.0"})
    contents["index.json"] = _json(index)
    _write_tar(file, contents)
    return described["digest"]
