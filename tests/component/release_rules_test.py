# SPDX-License-Identifier: Apache-2.0
"""The refusals of ./dev release before it builds anything, and its decisions."""

import gzip
import io
import tarfile

import pytest
from harness.release import commit, copy_tree, run_release
from images.closure import libraries
from images.machine import Machine, Refused, this_machine
from images.version import project_version
from release.archive import make_tgz
from release.programs import check_program, told_version
from release.tree import check_version, read_tree, release_notes

VERSION = project_version()


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    tree = copy_tree(tmp_path_factory.mktemp("release") / "tree")
    commit(tree)
    return tree


# --- the version ---


@pytest.mark.parametrize("version", ["1.2.3", "1.2.3-rc.1", "1.2.3-0.alpha-2"])
def test_a_semantic_version_of_the_sources_is_taken(version):
    check_version(version, "1.2.3")


@pytest.mark.parametrize(
    "version", ["", "v1.2.3", "1.2", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+b"]
)
def test_what_is_no_semantic_version_is_refused(version):
    with pytest.raises(Refused, match="expected X.Y.Z"):
        check_version(version, "1.2.3")


def test_a_version_that_the_sources_do_not_have_is_refused():
    with pytest.raises(Refused, match="1.2.4: the sources are version 1.2.3"):
        check_version("1.2.4", "1.2.3")


# --- the tree ---


def test_a_changed_file_is_refused(tree):
    readme = tree / "README.md"
    text = readme.read_text()
    readme.write_text(f"{text}\n")
    try:
        with pytest.raises(Refused, match=r"the tree is not clean \(M README.md\)"):
            read_tree(VERSION, tree)
    finally:
        readme.write_text(text)
    assert read_tree(VERSION, tree).epoch == 1772326923


def test_an_untracked_file_is_refused(tree):
    extra = tree / "common" / "extra.h"
    extra.touch()
    try:
        with pytest.raises(Refused, match=r"the tree is not clean \(\?\? common/extra.h\)"):
            read_tree(VERSION, tree)
    finally:
        extra.unlink()


def test_a_refusal_is_one_line_and_leaves_nothing_behind(tree, tmp_path):
    done = run_release(tree, "9.9.9", f"--out={tmp_path / 'out'}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("release: version 9.9.9: the sources are version")
    assert not (tmp_path / "out").exists()


def test_a_key_that_is_not_there_is_refused_before_the_build(tree, tmp_path):
    done = run_release(tree, f"{VERSION}-rc.1", "--check", f"--sign={tmp_path / 'none'}")
    assert done.returncode == 1 and "there is no such file" in done.stderr


def test_a_folder_that_is_no_release_is_not_replaced(tree, tmp_path):
    (tmp_path / "mine").touch()
    done = run_release(tree, f"{VERSION}-rc.1", f"--out={tmp_path}", f"--binaries={tmp_path}")
    assert done.returncode == 1 and "is not a release" in done.stderr
    assert (tmp_path / "mine").exists()


def test_it_tells_dev_what_to_build(tree):
    def told(*options) -> list[str]:
        done = run_release(tree, f"{VERSION}-rc.1", "--check", *options)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    assert told() == ["amd64", "arm64"]
    assert told("--arch=amd64") == ["amd64"]
    assert told("--binaries=build/release") == []


# --- the notes ---


def notes_of(tree, version: str, changelog: str) -> str:
    file = tree / "docs" / "CHANGELOG.md"
    before = file.read_text()
    made = read_tree(version, tree)
    file.write_text(changelog)
    try:
        return release_notes(made)
    finally:
        file.write_text(before)


CHANGELOG = f"""\
# Changelog

## Unreleased
- new

## {VERSION} (2026)
- one

## 0.0.1
- old
"""


def test_the_notes_of_a_version_are_its_own_part(tree):
    assert notes_of(tree, VERSION, CHANGELOG) == f"# dualtrace {VERSION}\n\n- one\n"


def test_a_pre_release_may_have_the_part_of_what_is_unreleased(tree):
    version = f"{VERSION}-rc.1"
    assert notes_of(tree, version, CHANGELOG) == f"# dualtrace {version}\n\n- new\n"


def test_a_version_without_notes_is_refused(tree):
    with pytest.raises(Refused, match=f"has no section '## {VERSION}'"):
        notes_of(tree, VERSION, "# Changelog\n\n## Unreleased\n- new\n")


# --- the programs ---


def test_a_program_of_another_version_is_refused(tmp_path):
    program = tmp_path / "dualtrace-agent"
    program.write_text("#!/bin/sh\necho 'dualtrace-agent 0.1.0-rc.1 (commit x, y)'\n")
    program.chmod(0o755)
    check_program(program, this_machine(), "0.1.0-rc.1")
    with pytest.raises(Refused, match="but this is the release of 0.1.0$"):
        check_program(program, this_machine(), "0.1.0")


def test_a_program_of_this_build_says_its_version(request):
    build = request.config.getoption("--binaries")
    for program in ("agent/dualtrace-agent", "operator/dualtrace-operator"):
        assert VERSION in told_version(build / program, this_machine()).split()


def test_a_program_that_does_not_run_here_has_the_libraries_that_it_would_load(tmp_path, request):
    program = request.config.getoption("--binaries") / "agent/dualtrace-agent"
    root = tmp_path / "root"
    root.mkdir()
    for folder in ("lib", "lib64", "usr"):
        (root / folder).symlink_to(f"/{folder}")
    elsewhere = Machine(this_machine().architecture, root)
    read = {one.name for one in libraries(program, elsewhere)}
    assert read == {one.name for one in libraries(program)} and len(read) > 10


# --- the packer ---


def test_a_package_depends_on_its_content_and_the_date_alone():
    first = make_tgz({"b": b"2", "a": b"1"}, 5)
    assert first == make_tgz({"a": b"1", "b": b"2"}, 5) != make_tgz({"a": b"1", "b": b"2"}, 6)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(first))) as tar:
        assert [(one.name, one.mtime) for one in tar.getmembers()] == [("a", 5), ("b", 5)]
