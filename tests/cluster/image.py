"""Container images without a registry or a builder: a program and the libraries it loads, on
nothing, as the tar that `docker save` makes and `ctr images import` takes."""

import hashlib
import io
import json
import platform
import re
import subprocess
import tarfile
from pathlib import Path

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
LIBRARY = re.compile(r"^\s*(?:\S+ => )?(/\S+) \(0x[0-9a-f]+\)$", re.MULTILINE)


def libraries(program: Path) -> list[Path]:
    """What the dynamic linker loads for it, itself included; none for a static program."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True)
    return [Path(path) for path in LIBRARY.findall(said.stdout)]


def _layer(files: dict[str, Path], links: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as layer:
        for place, file in sorted(files.items()):
            entry = tarfile.TarInfo(place.lstrip("/"))
            entry.size, entry.mode = file.stat().st_size, 0o755
            with file.open("rb") as source:
                layer.addfile(entry, source)
        for place, target in sorted(links.items()):
            entry = tarfile.TarInfo(place.lstrip("/"))
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            layer.addfile(entry)
    return content.getvalue()


def make_image(
    tar: Path,
    name: str,
    program: Path,
    files: dict[str, Path] | None = None,
    links: dict[str, str] | None = None,
) -> None:
    """An image called `name` (registry/name:tag) with /`program`'s name as its entry point;
    `files` are more of its content, by their place in it, `links` symbolic links. The same content
    gives the same image."""
    place = f"/{program.name}"
    closure = {str(library): library.resolve() for library in libraries(program)}
    layer = _layer({place: program.resolve(), **closure, **(files or {})}, links or {})
    digest = hashlib.sha256(layer).hexdigest()
    config = json.dumps(
        {
            "architecture": ARCHITECTURES[platform.machine()],
            "os": "linux",
            "config": {"Entrypoint": [place], "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        }
    ).encode()
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    layer_name = f"{digest}/layer.tar"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": [layer_name]}]
    with tarfile.open(tar, "w") as image:
        for entry_name, content in (
            (config_name, config),
            (layer_name, layer),
            ("manifest.json", json.dumps(manifest).encode()),
        ):
            entry = tarfile.TarInfo(entry_name)
            entry.size = len(content)
            image.addfile(entry, io.BytesIO(content))
