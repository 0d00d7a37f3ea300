# SPDX-License-Identifier: Apache-2.0
"""Ownership of journals: a later export with the same name and folder does not deliver the spans of
an earlier one, unless they are handed over; and a drained journal leaves no segments."""

import subprocess
from pathlib import Path

import pytest
from harness import otlp
from harness.http import fetch

HEADERS = {"Content-Type": "application/x-protobuf"}
FIRST = "11111111-1111-4111-8111-111111111111"
SECOND = "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def folder(stage) -> Path:
    return stage.folder / "node"


@pytest.fixture
def start(stage, sandbox, folder, monkeypatch):
    def start_agent(uid: str, adopt_from: str = "", **delivery):
        for name, value in (("DUALTRACE_EXPORT_UID", uid), ("DUALTRACE_ADOPT_FROM", adopt_from)):
            if value:
                monkeypatch.setenv(name, value)
            else:
                monkeypatch.delenv(name, raising=False)
        return stage.agent(
            sandbox.agent_config(),
            {"drainTimeout": "1s", "delivery": {"folder": str(folder)} | delivery},
        )

    return start_agent


def send(agent) -> set[str]:
    request = otlp.make_request(spans=4)
    assert fetch(f"http://{agent.http_endpoint}/v1/traces", request, HEADERS)[0] == 200
    return set(otlp.by_id([request]))


def leave_spans(sandbox, start, uid: str) -> set[str]:
    """Spans that an agent of that export could not deliver to Databricks."""
    sandbox.fault("databricks", "refuse")
    agent = start(uid)
    ids = send(agent)
    sandbox.wait_for(ids, ["arize"])
    assert agent.stop() == 0
    sandbox.fault("databricks", "none")
    return ids


def journals(folder: Path) -> list[Path]:
    return sorted(folder.glob("journal-*"))


def test_a_later_export_delivers_only_its_own(sandbox, start, folder):
    leave_spans(sandbox, start, FIRST)
    (left,) = journals(folder)
    agent = start(SECOND)
    ids = send(agent)
    sandbox.wait_for(ids, ["databricks"])
    assert sorted(sandbox.ids("databricks")) == sorted(ids)
    log = agent.process.output()
    assert "they are not delivered" in log and FIRST[:8] in log and FIRST not in log
    assert agent.stop() == 0
    assert list(left.glob("segment-*"))


def test_its_own_export_goes_on_where_it_was(sandbox, start):
    ids = leave_spans(sandbox, start, FIRST)
    agent = start(FIRST)
    sandbox.wait_for(ids)
    agent.assert_books_balance()


def test_a_hand_over_delivers_what_was_left(sandbox, start):
    ids = leave_spans(sandbox, start, FIRST)
    start(SECOND, adopt_from=f"{SECOND},{FIRST}")
    sandbox.wait_for(ids)


def test_what_an_earlier_release_left_is_delivered(sandbox, start):
    ids = leave_spans(sandbox, start, "")
    start(SECOND)
    sandbox.wait_for(ids)


def test_after_a_roll_back_the_earlier_release_goes_on(sandbox, start):
    ids = leave_spans(sandbox, start, FIRST)
    start("")
    sandbox.wait_for(ids)


def test_a_drained_journal_leaves_no_segments(sandbox, start, folder):
    agent = start(FIRST)
    sandbox.wait_for(send(agent))
    assert list(folder.glob("journal-*/segment-*"))
    assert agent.stop() == 0
    assert not list(folder.glob("journal-*/segment-*"))
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 1 << 20
    agent.start()
    sandbox.wait_for(send(agent))
    assert agent.spans("arize")["delivered"] == 8


def test_one_command_empties_a_node(stage, sandbox, start, folder):
    def clean(*options: str) -> subprocess.CompletedProcess:
        binary = stage.binaries / "agent" / "dualtrace-agent"
        command = [binary, "clean-node", "--folder", folder.parent, *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    leave_spans(sandbox, start, FIRST)
    agent = start(SECOND)
    refused = clean()
    assert refused.returncode == 1 and str(folder) in refused.stderr
    assert len(journals(folder)) == 2
    assert agent.stop() == 0
    # The drained journal has nothing that could expire, and the other one is not old enough.
    assert clean("--expired").stdout.count("/journal-") == 1
    assert clean("--dry-run").stdout.count("/journal-") == 1
    done = clean()
    assert done.returncode == 0 and done.stdout.count("/journal-") == 1, done.stderr
    assert not folder.exists()
