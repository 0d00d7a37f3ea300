# SPDX-License-Identifier: Apache-2.0
"""The decisions and refusals of ./dev image, and whether the Dockerfile matches it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from images.closure import libraries
from images.content import PROGRAMS
from images.layer import File, Layer, Link, make_tar
from images.machine import Refused
from images.made import USER, Naming
from images.packages import owners, spdx_license
from images.page import PAGE
from images.version import ROOT, project_version, read_revision

DOCKERFILE = ROOT / "images" / "Dockerfile"


# --- the version ---


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", folder, *identity, *arguments]
    date = {"GIT_COMMITTER_DATE": "2026-03-01T01:02:03+05:00"}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **date}
    )
    return done.stdout.strip()


@pytest.fixture
def tree(tmp_path) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "CMakeLists.txt").write_text("project(dualtrace VERSION 4.5.6 LANGUAGES CXX)\n")
    git(tmp_path, "init", "--quiet", str(tree))
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message=first")
    return tree


def test_a_release_has_the_version_as_its_tag(tree):
    git(tree, "tag", "v4.5.6")
    (tree / "build").mkdir()
    (tree / "build" / "untracked").write_text("")
    revision = read_revision(tree)
    assert revision.tag == "4.5.6" and revision.created == "2026-02-28T20:02:03Z"


def test_what_is_no_release_says_of_which_commit_it_is(tree):
    commit = git(tree, "rev-parse", "HEAD")
    assert read_revision(tree).tag == f"4.5.6-g{commit[:12]}"
    git(tree, "tag", "v4.5.5")
    assert read_revision(tree).tag == f"4.5.6-g{commit[:12]}", "the tag of another version"


def test_a_changed_tree_says_so(tree):
    git(tree, "tag", "v4.5.6")
    commit = git(tree, "rev-parse", "HEAD")
    with (tree / "CMakeLists.txt").open("a") as file:
        file.write("# changed\n")
    assert read_revision(tree).tag == f"4.5.6-g{commit[:12]}-dirty"


def test_a_tree_without_a_commit_is_refused(tmp_path):
    (tmp_path / "CMakeLists.txt").write_text("project(dualtrace VERSION 4.5.6)\n")
    with pytest.raises(Refused, match="images record the commit they are built from"):
        read_revision(tmp_path)


def test_the_manifests_name_the_version_of_the_tree():
    text = (ROOT / "operator" / "manifests" / "deployment.yaml").read_text()
    named = set(re.findall(r"\bdualtrace-(?:operator|agent):(\S+)", text))
    assert named == {project_version()}


# --- refusals ---


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("tag", ""),
        ("tag", "-1"),
        ("tag", "a b"),
        ("tag", "a" * 129),
        ("repository", ""),
        ("repository", "https://ghcr.io"),
        ("repository", "ghcr.io/"),
        ("repository", "Ghcr.io/x"),
        ("source", "ftp://example.com"),
    ],
)
def test_a_bad_name_is_refused_with_its_option(field, text):
    good = {"tag": "1.0", "repository": "ghcr.io/a/b_c", "source": None}
    Naming(**good)
    with pytest.raises(Refused, match=f"^--{field} {re.escape(text)}: expected"):
        Naming(**{**good, field: text})


def run(*arguments, **environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-B", "-m", "images", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


def test_an_unknown_program_is_refused_with_those_there_are():
    done = run("dualtrace-agnet")
    assert done.returncode == 2
    assert "no program dualtrace-agnet; there are dualtrace-operator" in done.stderr


def test_a_program_that_was_not_built_is_refused(tmp_path):
    done = run(f"--build={tmp_path}", f"--out={tmp_path / 'out'}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"image: there is no program {tmp_path}/operator/")
    assert not (tmp_path / "out").exists()


def test_a_program_that_misses_a_library_is_refused(tmp_path):
    (tmp_path / "l.c").write_text("int f(void) { return 0; }")
    (tmp_path / "p.c").write_text("int f(void); int main(void) { return f(); }")
    subprocess.run(["cc", "-shared", "-o", "libours.so", "l.c"], cwd=tmp_path, check=True)
    subprocess.run(["cc", "p.c", "-L.", "-lours", "-o", "p"], cwd=tmp_path, check=True)
    with pytest.raises(Refused, match=r"ldd .*/p: libours\.so not found"):
        libraries(tmp_path / "p")


def test_a_static_program_loads_nothing(tmp_path):
    (tmp_path / "p.c").write_text("int main(void) { return 0; }")
    subprocess.run(["cc", "-static", "p.c", "-o", "p"], cwd=tmp_path, check=True)
    assert libraries(tmp_path / "p") == []


def test_a_library_of_no_package_is_refused(tmp_path):
    file = tmp_path / "libours.so"
    file.touch()
    with pytest.raises(Refused, match=f"no Debian package contains {file}"):
        owners([file])


# --- the files it writes ---


def test_a_layer_does_not_depend_on_who_made_it(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    before = make_tar({"/b/file": File(file), "/a": Link("b")})
    os.utime(file, (1, 1))
    file.chmod(0o600)
    assert make_tar({"/a": Link("b"), "/b/file": File(file)}) == before
    assert make_tar({"/a": Link("b"), "/b/file": File(file, 0o755)}) != before
    layer = Layer("layer", {"/b/file": File(b"x")})
    assert layer.blob == Layer("other", {"/b/file": File(b"x")}).blob
    assert layer.blob[3:8] == bytes(5), "no name, no time"


FORMAT = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{FORMAT}\nFiles: *\nCopyright: a\nLicense: Expat\n text\n", "MIT"),
        (f"{FORMAT}\nFiles: debian/*\nLicense: GPL-2+\n\nFiles: *\nLicense: Zlib\n", "Zlib"),
        (f"{FORMAT}\nFiles: a/*\nLicense: Expat\n", None),
        (f"{FORMAT}\nFiles: *\nLicense: Expat and something-else\n", None),
        (f"{FORMAT}\nFiles: *\nLicense: custom\n", None),
        ("This package is under the MIT licence.\nFiles: *\nLicense: Expat\n", None),
        ("", None),
    ],
)
def test_a_licence_is_only_named_where_debian_names_one(text, found):
    assert spdx_license(text) == found


def test_the_page_has_a_row_for_each_program():
    rows = re.findall(r"^\| `(dualtrace-\w+)` \| \d+\.\d MB ", PAGE.read_text(), re.MULTILINE)
    assert rows == list(PROGRAMS), "./dev image --write-docs"


# --- the Dockerfile ---


def stages() -> dict[str, list[tuple[str, str]]]:
    """The instructions of each stage, in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in DOCKERFILE.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        if word == "FROM":
            name = rest.rpartition(" AS ")[2]
            found[name] = []
        found[name].append((word, rest))
    return found


def test_docker_builds_with_dev_alone():
    build = stages()["build"]
    assert build[0] == ("FROM", "debian:12 AS build")
    assert [rest for word, rest in build if word == "RUN"] == [
        "./dev setup build",
        "./dev image --folders --out /images",
    ]
    copied = [rest.split()[0] for word, rest in build if word == "COPY"]
    assert copied == ["dev", "dev.d", "."] and all((ROOT / one).exists() for one in copied)
    ignored = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text()
    assert ".git" not in ignored, "the labels and the inventory need the commit"


def test_docker_puts_each_image_together_as_dev_does():
    images = {name: lines for name, lines in stages().items() if name != "build"}
    assert list(images) == list(PROGRAMS)
    for program, lines in images.items():
        layers = ("base", "libraries", "program")
        assert lines == [
            ("FROM", f"scratch AS {program}"),
            *[("COPY", f"--from=build /images/{program}/{layer} /") for layer in layers],
            ("LABEL", f'org.opencontainers.image.title="{program}"'),
            ("USER", USER),
            ("WORKDIR", "/"),
            ("ENTRYPOINT", f'["/{program}"]'),
        ]
