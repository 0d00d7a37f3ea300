# SPDX-License-Identifier: Apache-2.0
"""Images of applications: the language runtime and the application with its packages; no shell, and
no root user. For the tests on nodes and the demo."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence, Set
from pathlib import Path

from images.closure import libraries
from images.layer import Entries, File, Layer
from images.oci import Image, write_archive

INTERPRETER = Path("/usr/bin/python3").resolve()
STANDARD_LIBRARY = Path("/usr/lib") / INTERPRETER.name
PACKAGES = "/packages"
UNUSED_BY_PYTHON = {"__pycache__", "test", "tests", "idlelib", "ensurepip", "tkinter", "pip"}
# The JDK modules that OpenTelemetry's jars and their dependencies need.
JAVA_MODULES = "java.logging,jdk.unsupported"


def _tree(folder: Path, place: str, without: Set[str] = frozenset()) -> dict[str, File]:
    entries = {}
    for path in folder.rglob("*"):
        inner = path.relative_to(folder)
        if path.is_file() and not without & set(inner.parts):
            runs = path.stat().st_mode & 0o100
            entries[f"{place}/{inner}"] = File(path, 0o755 if runs else 0o644)
    return entries


def _program(path: Path, place: str | None = None) -> dict[str, File]:
    return {place or str(path): File(path, 0o755)}


def _loaded_by(programs: list[Path], but_in: Path | None = None) -> dict[str, File]:
    """The libraries of this machine. Those in the folder `but_in` have another path in the image,
    where the loader finds them."""
    found = {path for program in programs for path in libraries(program)}
    return {
        str(path): File(path, 0o755)
        for path in found
        if not (but_in and path.is_relative_to(but_in))
    }


def _write(
    file: Path,
    name: str,
    layers: Mapping[str, Entries],
    command: Sequence[str],
    environment: Sequence[str] = (),
) -> None:
    settings = {"User": "65532:65532", "Env": [*environment], "Entrypoint": [*command]}
    made = [Layer(what, entries) for what, entries in layers.items()]
    write_archive(file, Image(name, made, settings))


def write_python_archive(file: Path, name: str, script: Path) -> None:
    """Includes the packages that are installed for the running interpreter."""
    (packages,) = (Path(sys.prefix) / "lib").glob("python3*/site-packages")
    standard = _tree(STANDARD_LIBRARY, str(STANDARD_LIBRARY), UNUSED_BY_PYTHON)
    installed = _tree(packages, PACKAGES, UNUSED_BY_PYTHON)
    files = [one.content for one in [*standard.values(), *installed.values()]]
    modules = [path for path in files if ".so" in path.suffixes]
    native = _loaded_by([INTERPRETER, *modules], but_in=packages)
    layers = {
        "python": {**native, **standard, **_program(INTERPRETER)},
        "packages": installed,
        "application": {f"/app/{script.name}": File(script)},
    }
    environment = [f"PYTHONPATH={PACKAGES}", "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1"]
    _write(file, name, layers, [str(INTERPRETER), f"/app/{script.name}"], environment)


def write_node_archive(file: Path, name: str, modules: Path, script: Path) -> None:
    """`modules` is the application's node_modules."""
    node = Path(shutil.which("node")).resolve()
    layers = {
        "node": {**_loaded_by([node]), **_program(node)},
        "packages": _tree(modules, "/app/node_modules"),
        "application": {f"/app/{script.name}": File(script)},
    }
    _write(file, name, layers, [str(node), f"/app/{script.name}"])


def write_java_archive(file: Path, name: str, classes: Path, main: str) -> None:
    """`classes` is a folder with the application's class `main` and all its jars."""
    home = Path(shutil.which("javac")).resolve().parents[1]
    with tempfile.TemporaryDirectory() as folder:
        runtime = Path(folder) / "java"
        linking = ["--add-modules", JAVA_MODULES, "--output", runtime, "--strip-debug"]
        linking += ["--no-header-files", "--no-man-pages"]
        subprocess.run([home / "bin" / "jlink", *linking], check=True)
        loaded = _loaded_by(
            [runtime / "bin" / "java", runtime / "lib" / "server" / "libjvm.so"], but_in=runtime
        )
        layers = {
            "java": {**loaded, **_tree(runtime, "/java")},
            "application": _tree(classes, "/app"),
        }
        _write(file, name, layers, ["/java/bin/java", "-cp", "/app:/app/*", main])


def write_program_archive(file: Path, name: str, program: Path) -> None:
    place = f"/app/{program.name}"
    entries = {**_loaded_by([program]), **_program(program, place)}
    _write(file, name, {"application": entries}, [place])
