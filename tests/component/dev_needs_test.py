# SPDX-License-Identifier: Apache-2.0
"""./dev on a machine that lacks a command's prerequisites: it reports them immediately, before it
builds. Programs on PATH simulate the machine; `./dev fresh` tries a real one."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTROL_PLANE = {"etcd-server", "openssl", "golang-go", "ca-certificates"}
NODES = {"containerd", "containernetworking-plugins", "runc", "nftables", "iproute2", "gcc"}
# Commands, and some of the packages that they need when they run for the first time.
WORDS = {
    "build": {"g++", "cmake", "ninja-build"},
    "demo": {"g++", "python3-venv"},
    "image": {"g++", "git"},
    "release 0.1.0": {"g++", "g++-aarch64-linux-gnu", "git", "golang-go", "python3-venv"},
    "release 0.1.0 --arch amd64": {"g++", "git", "golang-go", "python3-venv"},
    "arm64": {"g++-aarch64-linux-gnu", "qemu-user-static", *CONTROL_PLANE, *NODES},
    "test": {"g++", "clang-14", "clang-format-14", "git", "npm", "maven", *CONTROL_PLANE},
    "test unit": {"g++", "clang-format-14", "codespell"},
    "test fuzz": {"clang-14", "libclang-rt-14-dev"},
    "bench": {"g++", "git", "golang-go", "python3-venv"},
    "bench operator": {"g++", "git", "python3-venv", *CONTROL_PLANE},
    "bench webhook": {"g++", "git"},
    "bench nodes": {"g++", "git", "python3-venv", *CONTROL_PLANE, *NODES},
    "faults": {"g++", "python3-venv"},
    "schedules": {"g++", "python3-venv", *CONTROL_PLANE},
    "cluster up": CONTROL_PLANE,
    "cluster up --nodes 2": CONTROL_PLANE | NODES,
    "cluster demo": {"g++", "git", "python3-venv", *CONTROL_PLANE, *NODES},
    "cluster release": {"docker-registry", "skopeo", *CONTROL_PLANE, *NODES},
    "cluster test": {"g++", "git", "npm", "maven", *CONTROL_PLANE, *NODES},
    "cluster down": {"python3"},
    "tsan": {"g++"},
    "sim": {"g++"},
    "fuzz": {"clang-14"},
    "lint": {"clang-tidy-14"},
    "format": {"clang-format-14", "git"},
    "docs": {"python3-venv"},
    "docs site": {"python3-venv"},
}
NEEDS_ROOT = {"arm64", "cluster up --nodes 2", "cluster demo", "cluster release", "cluster test"}
NEEDS_ROOT |= {"bench nodes"}
TOOLS = ["bash", "dirname", "env", "find", "flock", "head", "mkdir", "rm", "sed", "sha256sum"]
TOOLS += ["sort", "tail", "tee", "touch", "xargs", "cat", "cut", "mktemp", "nproc", "git"]


class Machine:
    """Its PATH contains `TOOLS` of this machine and the programs that a test fakes; each fake
    records its calls."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.path = folder / "bin"
        self.environment = {"LANG": "C.UTF-8"}
        self.path.mkdir()
        for tool in TOOLS:
            found = next(p for p in ("/usr/bin", "/bin") if Path(p, tool).exists())
            (self.path / tool).symlink_to(Path(found, tool))
        self.play("dpkg-query", "exit 1")
        self.play("sudo", 'exec "$@"')
        self.play("apt-get", 'case "$*" in *update*) ;; *) echo "E: no" >&2; exit 100 ;; esac')
        self.play("cmake", "exit 1")

    def play(self, name: str, script: str) -> None:
        program = self.path / name
        program.write_text(f'#!/bin/bash\necho {name} "$@" >>{self.folder}/calls\n{script}\n')
        program.chmod(0o755)

    def calls(self) -> list[str]:
        notes = self.folder / "calls"
        lines = notes.read_text().splitlines() if notes.exists() else []
        return [line.split()[0] for line in lines]

    def dev(self, *arguments: str, enter: Sequence[str] = ()) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*enter, ROOT / "dev", *arguments],
            env={"PATH": str(self.path), "HOME": str(self.folder), **self.environment},
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_names_what_it_lacks_before_it_builds(machine, word):
    if word in NEEDS_ROOT and os.geteuid() != 0:
        pytest.skip("without root, the command reports that first")
    done = machine.dev(*word.split())
    assert done.returncode == 1
    said = done.stderr.strip().splitlines()[-1]
    assert "needs Debian packages that apt-get cannot install: " in said
    assert set(said.partition("install: ")[2].split()) >= WORDS[word]
    assert not {"cmake", "go", "npm"} & set(machine.calls())


@pytest.mark.parametrize("word", sorted(NEEDS_ROOT))
def test_a_word_that_needs_root_says_so_first(machine, word):
    # In its own user namespace, nobody is root.
    done = machine.dev(*word.split(), enter=["/usr/bin/unshare", "--user"])
    assert done.returncode == 1
    assert done.stderr.startswith(f"dev: {' '.join(word.split()[:2])} needs root")
    assert not machine.calls()


def test_a_go_that_is_too_old_and_no_newer_one_to_be_had(machine):
    machine.play("dpkg-query", "echo -n installed")
    machine.play("python3", "exit 0")
    machine.play("openssl", "exit 0")
    machine.play(
        "go",
        'case "$*" in "env GOVERSION") echo go1.19.8 ;;'
        ' "mod download"*) echo "no road" >&2; exit 1 ;; *) echo amd64 ;; esac',
    )
    done = machine.dev("cluster", "up")
    assert done.returncode == 1
    assert "this machine has 1.19.8" in done.stdout
    assert "no road" in done.stderr
    assert "install Go 1." in done.stderr.strip().splitlines()[-1]
    assert "cmake" not in machine.calls()


def test_a_node_that_is_too_old_is_named_before_anything_is_installed(machine):
    machine.play("npm", "exit 0")
    machine.play("node", 'case "$1" in -p) echo 16 ;; *) echo v16.20.2 ;; esac')
    done = machine.dev("test")
    assert done.returncode == 1
    wanted = "Node.js 18 or later with npm; the one on PATH is v16.20.2"
    assert done.stderr == f"dev: test all needs {wanted}\n"
    assert "apt-get" not in machine.calls()


@pytest.mark.parametrize(
    "word", ["bench", "bench operator", "bench nodes", "demo", "faults", "release", "schedules"]
)
def test_a_page_of_help_is_not_built(machine, word):
    machine.play("dpkg-query", "echo -n installed")
    machine.environment["DUALTRACE_CACHE"] = str(Path(os.environ["DUALTRACE_TEST_CLIENTS"]).parent)
    done = machine.dev(*word.split(), "--help")
    assert done.returncode == 0, done.stderr
    assert "usage: " in done.stdout
    assert "cmake" not in machine.calls()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_root_that_may_not_make_namespaces_is_told_so():
    """The situation in most containers."""
    powerless = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
    done = subprocess.run(
        [*powerless, "python3", "-B", "-m", "cluster", "check"],
        env={**os.environ, "PYTHONPATH": f"{ROOT}/tests:{ROOT}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("cluster: no namespaces may be made (unshare: ")
    assert len(done.stderr.splitlines()) == 1


def test_the_go_that_is_fetched_is_new_enough_for_all_that_is_built_with_it():
    def number(version: str) -> tuple[int, ...]:
        return tuple(int(part) for part in version.split("."))

    asked = [
        re.search(r"^go (\S+)$", module.read_text(), re.MULTILINE)[1]
        for module in (ROOT / "tests").rglob("go.mod")
    ]
    fetched = (ROOT / "dev.d" / "go.version").read_text().strip()
    assert number(fetched) >= max(map(number, asked))


@pytest.mark.parametrize("word", ["image", "release 0.1.0", "bench", "test"])
def test_a_folder_that_git_cannot_read_is_named_before_anything_is_built(machine, word):
    machine.play("dpkg-query", "echo -n installed")
    (machine.path / "git").unlink()
    machine.play("git", "echo 'fatal: not a git repository' >&2; exit 128")
    done = machine.dev(*word.split())
    assert done.returncode == 1
    assert "needs a clone of the repository that git can read: fatal: not a git" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert set(machine.calls()) <= {"dpkg-query", "git", "npm"}
