# SPDX-License-Identifier: Apache-2.0
"""The init container of a pod: `prepare-folder` as a root user that can only change
owners, and then the agent as an arbitrary user."""

import os
import shutil
import subprocess

import pytest

AGENT = 65532
EARLIER = 4711

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv"
)


def prepare(binary, folder, owner=f"{AGENT}:{AGENT}") -> subprocess.CompletedProcess:
    only_chown = ["--inh-caps=-all,+chown", "--bounding-set=-all,+chown", "--no-new-privs"]
    command = ["setpriv", *only_chown, binary, "prepare-folder", "--folder", folder, "--owner", owner]
    # LeakSanitizer uses ptrace, which needs a capability that this root lacks.
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


def owners(folder) -> set[tuple[int, int]]:
    paths = [folder, *folder.rglob("*")]
    return {(path.lstat().st_uid, path.lstat().st_gid) for path in paths}


@pytest.fixture
def binary(stage):
    return stage.binaries / "agent" / "dualtrace-agent"


@pytest.mark.parametrize("mode", [0o755, 0o700, 0o777])
def test_a_folder_of_the_kubelets_making_becomes_the_agents(binary, tmp_path, mode):
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(mode)
    assert prepare(binary, folder).returncode == 0
    assert owners(folder) == {(AGENT, AGENT)} and folder.stat().st_mode & 0o7777 == 0o700
    before = folder.stat().st_ctime_ns
    assert prepare(binary, folder).returncode == 0
    assert folder.stat().st_ctime_ns == before, "the second run has nothing to do"


def test_the_journal_of_another_user_is_handed_over(binary, tmp_path):
    folder = tmp_path / "data"
    (folder / "journal-1").mkdir(parents=True)
    (folder / "journal-1" / "segment").write_text("spans")
    for path in [folder / "journal-1" / "segment", folder / "journal-1", folder]:
        os.chown(path, EARLIER, EARLIER)
        path.chmod(0o700)
    assert prepare(binary, folder).returncode == 0
    assert owners(folder) == {(AGENT, AGENT)}


def test_it_says_what_it_cannot_do(binary, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    refused = prepare(binary, tmp_path / "link")
    assert refused.returncode == 1 and "symbolic link" in refused.stderr
    refused = prepare(binary, tmp_path, owner="agent")
    assert refused.returncode == 2 and "UID:GID" in refused.stderr
    missing = prepare(binary, tmp_path / "no" / "parent")
    assert missing.returncode == 1 and "No such file" in missing.stderr
