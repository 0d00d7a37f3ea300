# SPDX-License-Identifier: Apache-2.0
"""The content of the images of dualtrace's own programs, layer by layer."""

import subprocess
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from images import sbom
from images.closure import libraries
from images.compiled_in import header_only
from images.layer import File, Layer, Link
from images.machine import Machine, Refused
from images.packages import Package, common_licenses, owners, spdx_license
from images.version import Revision

# Each with where the build folder has it.
PROGRAMS = {
    "dualtrace-operator": Path("operator/dualtrace-operator"),
    "dualtrace-agent": Path("agent/dualtrace-agent"),
    "dualtrace-sandbox": Path("tests/sandbox/dualtrace-sandbox"),
}
# These rarely change and every program loads them, so nodes store them once, in one layer.
_BASE = {"libc6", "libgcc-s1", "libstdc++6", "ca-certificates"}
# Empty libraries of libc6, whose content is now in libc.so.6. Some libraries still load them.
_STUBS = ("libdl.so.2", "libpthread.so.0", "librt.so.1")
_WITHOUT_NOTICE = {"BSL-1.0"}  # it excepts compiled programs, and Boost's notice has 2 MB

_AUTHORITIES = "/usr/share/ca-certificates/"  # its examples are elsewhere
_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"  # where gRPC looks


@dataclass(frozen=True)
class Content:
    layers: list[Layer]
    sbom: bytes
    debug: bytes  # the program's symbols and lines, which are not in the image


def stripped(program: Path, machine: Machine) -> tuple[bytes, bytes]:
    """The program without its debug information, and the debug information."""
    with tempfile.TemporaryDirectory() as folder:
        lean, debug = Path(folder) / "lean", Path(folder) / "debug"
        for command in (
            ["--strip-all", program, lean],
            ["--only-keep-debug", program, debug],
        ):
            command = [f"{machine.tools}objcopy", *command]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                raise Refused(f"objcopy: {done.stderr.strip()}")
        return lean.read_bytes(), debug.read_bytes()


def authorities(machine: Machine) -> tuple[Package, bytes]:
    """Mozilla's CAs as packaged by Debian, without any that were added to this machine."""
    listed = machine.dpkg_query("--listfiles", "ca-certificates").stdout.splitlines()
    listed = [one for one in listed if one.startswith(_AUTHORITIES) and one.endswith(".crt")]
    files = [Path(one) for one in sorted(listed)]
    if not files:
        raise Refused("the package ca-certificates is not installed")
    (package,) = set(owners(files, machine).values())
    return package, b"".join(machine.file(file).read_bytes() for file in files)


def _notices(packages: set[Package], machine: Machine) -> dict[Package, dict[str, File]]:
    """Copyright notices and licenses, which must be distributed with the programs."""
    notices: dict[Package, dict[str, File]] = defaultdict(dict)
    texts = set()
    for package in packages:
        if spdx_license(package.copyright()) in _WITHOUT_NOTICE:
            continue
        place = package.copyright_file
        notices[package][str(place)] = File(machine.file(place))
        texts |= common_licenses(package.copyright(), machine)
    for text, package in owners(texts, machine).items():
        notices[package][str(text)] = File(machine.file(text))
    return notices


def _packaged(
    loaded: dict[Path, Package], compiled_in: set[Package], machine: Machine
) -> dict[Package, dict[str, File]]:
    """Every file that belongs to a package, by package; for headers that are compiled in, only the
    notices."""
    found: dict[Package, dict[str, File]] = defaultdict(dict)
    for file, package in loaded.items():
        found[package][str(file)] = File(machine.file(file), 0o755)
    of_authorities, bundle = authorities(machine)
    found[of_authorities][_BUNDLE] = File(bundle)
    for package, files in _notices({*found, *compiled_in}, machine).items():
        found[package] |= files
    for package in compiled_in:
        found.setdefault(package, {})
    return found


def _with_stubs(files: list[Path]) -> list[Path]:
    """The base is therefore the same whichever of them a program's libraries need."""
    stubs = {file.with_name(s) for file in files if file.name == "libc.so.6" for s in _STUBS}
    return sorted({*files, *stubs})


def content_of(
    build: Path, name: str, revision: Revision, tag: str, machine: Machine
) -> Content:
    program = build / PROGRAMS[name]
    loaded = owners(_with_stubs(libraries(program, machine)), machine)
    compiled_in = header_only(build, name, set(loaded.values()), machine)
    packaged = _packaged(loaded, compiled_in, machine)
    lean, debug = stripped(program, machine)
    own = {f"/{name}": File(lean, 0o755)}
    inventory = sbom.render(name, tag, revision, own, packaged, compiled_in)
    base, others = {"/usr/lib/ssl/cert.pem": Link(_BUNDLE)}, {}  # where OpenSSL looks
    for package, files in packaged.items():
        (base if package.name in _BASE else others).update(files)
    return Content(
        layers=[
            Layer("base", base),
            Layer("libraries", others),
            Layer("program", {**own, f"/usr/share/sbom/{name}.spdx.json": File(inventory)}),
        ],
        sbom=inventory,
        debug=debug,
    )
