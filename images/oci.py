# SPDX-License-Identifier: Apache-2.0
"""An image as an archive in the OCI image layout: a tar with oci-layout, index.json and blobs,
which containerd, podman, skopeo and docker (25 or later) can load."""

import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from images.layer import Layer, digest_of
from images.machine import this_machine

_OCI = "application/vnd.oci.image"


@dataclass(frozen=True)
class Image:
    name: str  # registry/name:tag
    layers: Sequence[Layer]
    settings: dict  # `config` of the image's configuration: User, Entrypoint, Labels, …
    created: str | None = None
    annotations: dict[str, str] = field(default_factory=dict)  # of the manifest
    architecture: str = field(default_factory=lambda: this_machine().architecture)


def _json(content: dict) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _configuration(image: Image) -> bytes:
    layers = image.layers
    dated = {"created": image.created} if image.created else {}
    return _json(
        {
            "architecture": image.architecture,
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
        """The index's descriptor."""
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


def _add_manifest(blobs: _Blobs, image: Image, **more) -> dict:
    """The descriptor of the image's manifest."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.manifest.v1+json",
        "config": blobs.add(f"{_OCI}.config.v1+json", _configuration(image)),
        "layers": [blobs.add(f"{_OCI}.layer.v1.tar+gzip", one.blob) for one in image.layers],
        "annotations": image.annotations,
    }
    platform = {"architecture": image.architecture, "os": "linux"}
    return blobs.add(manifest["mediaType"], _json(manifest), platform=platform, **more)


def _names(name: str) -> dict[str, str]:
    """The first annotation is containerd's and docker's name for an image, the second the OCI's."""
    return {
        "io.containerd.image.name": name,
        "org.opencontainers.image.ref.name": name.rpartition(":")[2],
    }


def _index(described: Sequence[dict], **more) -> bytes:
    media_type = f"{_OCI}.index.v1+json"
    return _json(
        {"schemaVersion": 2, "mediaType": media_type, "manifests": list(described), **more}
    )


def _write_layout(file: Path, blobs: _Blobs, described: dict) -> None:
    contents = {f"blobs/{digest.replace(':', '/')}": one for digest, one in blobs.contents.items()}
    contents["oci-layout"] = _json({"imageLayoutVersion": "1.0.0"})
    contents["index.json"] = _index([described])
    _write_tar(file, contents)


def write_archive(file: Path, image: Image) -> str:
    """Returns the manifest's digest, which identifies the image. The same image produces the same
    bytes."""
    blobs = _Blobs()
    described = _add_manifest(blobs, image, annotations=_names(image.name))
    _write_layout(file, blobs, described)
    return described["digest"]


def write_index(file: Path, name: str, images: Sequence[Image]) -> str:
    """Writes an index of images for several architectures. Returns its digest, by which a registry
    finds the image for each of them."""
    blobs = _Blobs()
    manifests = [_add_manifest(blobs, image) for image in images]
    content = _index(manifests, annotations=images[0].annotations)
    described = blobs.add(f"{_OCI}.index.v1+json", content, annotations=_names(name))
    _write_layout(file, blobs, described)
    return described["digest"]
