# SPDX-License-Identifier: Apache-2.0
"""An image archive, read independently of the code that writes it."""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def make_images(build: Path, out: Path, *arguments, **options) -> None:
    """Runs the steps of ./dev image that follow the build of the programs."""
    environment = {"PYTHONPATH": str(ROOT), **options.pop("env", {})}
    command = [sys.executable, "-B", "-m", "images", f"--build={build}", f"--out={out}", *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", **environment},
        **options,
    )
    assert done.returncode == 0, done.stderr


class Archive:
    """In the OCI image layout, with one image or one index."""

    def __init__(self, file: Path):
        self.file = file
        with tarfile.open(file) as tar:
            self.headers = tar.getmembers()
            self.contents = {one.name: tar.extractfile(one).read() for one in self.headers}
        (self.descriptor,) = self.json("index.json")["manifests"]

    def json(self, name: str) -> dict:
        return json.loads(self.contents[name])

    def blob(self, descriptor: dict) -> bytes:
        """The blob, verified against its descriptor."""
        content = self.contents[f"blobs/{descriptor['digest'].replace(':', '/')}"]
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == descriptor["digest"]
        assert len(content) == descriptor["size"]
        return content

    def layers_of(self, manifest: dict) -> list[tarfile.TarFile]:
        blobs = [self.blob(one) for one in manifest["layers"]]
        return [tarfile.open(fileobj=io.BytesIO(blob), mode="r:gz") for blob in blobs]

    def files_of(self, manifest: dict) -> dict[str, bytes]:
        """The files, by path in the image."""
        return {
            f"/{one.name}": layer.extractfile(one).read()
            for layer in self.layers_of(manifest)
            for one in layer.getmembers()
            if one.isfile()
        }


class ImageArchive(Archive):
    def __init__(self, file: Path):
        super().__init__(file)
        self.manifest = json.loads(self.blob(self.descriptor))
        self.configuration = json.loads(self.blob(self.manifest["config"]))

    def layers(self) -> list[tarfile.TarFile]:
        return self.layers_of(self.manifest)

    def entries(self) -> dict[str, tarfile.TarInfo]:
        """The files that a program in it sees, by path, without folders."""
        members = [one for layer in self.layers() for one in layer.getmembers()]
        return {f"/{one.name}": one for one in members if not one.isdir()}

    def files(self) -> dict[str, bytes]:
        return self.files_of(self.manifest)

    def unpack(self, folder: Path) -> None:
        for layer in self.layers():
            layer.extractall(folder)
