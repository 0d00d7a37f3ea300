"""An image of a Python application: the interpreter, what is installed beside it, a script, and no
more. For applications in the tests on nodes and in the demo."""

from pathlib import Path

from images.closure import libraries
from images.layer import Entries, File, Layer
from images.oci import Image, write_archive

INTERPRETER = Path("/usr/bin/python3").resolve()
STANDARD_LIBRARY = Path("/usr/lib") / INTERPRETER.name
PACKAGES = "/packages"
UNUSED = {"__pycache__", "test", "tests", "idlelib", "ensurepip", "tkinter", "pip"}


def _tree(folder: Path, place: str) -> dict[str, File]:
    entries = {}
    for path in folder.rglob("*"):
        inner = path.relative_to(folder)
        if path.is_file() and not UNUSED & set(inner.parts):
            entries[f"{place}/{inner}"] = File(path, 0o755 if path.suffix == ".so" else 0o644)
    return entries


def _loaded_by(files: Entries) -> dict[str, File]:
    modules = [one.content for one in files.values() if ".so" in Path(one.content).suffixes]
    found = {path for module in [INTERPRETER, *modules] for path in libraries(module)}
    return {str(path): File(path, 0o755) for path in found}


def write_python_archive(file: Path, name: str, packages: Path, script: Path) -> None:
    """`packages` is a site-packages folder."""
    standard = _tree(STANDARD_LIBRARY, str(STANDARD_LIBRARY))
    installed = _tree(packages, PACKAGES)
    interpreter = {str(INTERPRETER): File(INTERPRETER, 0o755), **standard}
    # What lies among the packages is found from there, by the paths that they have in them.
    native = {
        path: file
        for path, file in _loaded_by({**standard, **installed}).items()
        if path not in interpreter and not Path(path).is_relative_to(packages)
    }
    layers = [
        Layer("python", {**interpreter, **native}),
        Layer("packages", installed),
        Layer("application", {f"/app/{script.name}": File(script)}),
    ]
    settings = {
        "User": "65532:65532",
        "Env": [f"PYTHONPATH={PACKAGES}", "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1"],
        "Entrypoint": [str(INTERPRETER), f"/app/{script.name}"],
    }
    write_archive(file, Image(name, layers, settings))
