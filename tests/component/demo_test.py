# SPDX-License-Identifier: Apache-2.0
"""The demo shows everything that it promises, and fails if something is missing."""

import os
import sys
from xml.etree import ElementTree

import pytest
from conftest import ROOT
from harness import questions
from harness.sandbox import API_KEY, SPACE_ID, TOKEN

REAL = (
    "ARIZE_SPACE_ID",
    "ARIZE_API_KEY",
    "DATABRICKS_HOST",
    "DATABRICKS_TOKEN",
    "DATABRICKS_TABLE",
)
DEMO = ROOT / "tests" / "demo" / "demo.py"
DOCS = ROOT / "docs"
sys.path.append(str(DEMO.parent))

import page_picture  # noqa: E402
import screen  # noqa: E402


@pytest.fixture
def run_demo(stage):
    def run(*arguments, **accounts):
        command = [sys.executable, DEMO, "--binaries", stage.binaries, *arguments]
        # The developer's own accounts have no part in this.
        none = {name: "" for name in (*REAL, "ARIZE_COLLECTOR_ENDPOINT")}
        process = stage.process("demo", command, {**none, **accounts})
        return process.wait(timeout=120), process.output()

    return run


def test_the_demo_shows_one_trace_at_both_destinations_and_in_the_docs(run_demo, tmp_path):
    code, output = run_demo("--pictures", tmp_path)
    assert code == 0, output
    for expected in ("support_agent", "track_order", "7 of 7 spans", "scripted-1"):
        assert expected in output
    for name, text_of in (("demo.svg", screen.text_of), ("page.svg", page_picture.text_of)):
        drawn = (tmp_path / name).read_text()
        ElementTree.fromstring(drawn)
        if os.environ.get("DUALTRACE_REGENERATE"):
            (DOCS / name).write_text(drawn)
        assert text_of(drawn) == text_of((DOCS / name).read_text())


def test_the_demo_sends_to_the_destinations_of_the_environment(sandbox, run_demo):
    code, output = run_demo(**accounts_at(sandbox))
    assert code == 0, output
    for secret in (API_KEY, TOKEN):
        assert secret not in output
    assert f"spans_table = '{sandbox.table}'" in output
    assert len(sandbox.ids("arize")) == len(sandbox.ids("databricks")) == 7


def test_the_demo_fails_when_a_destination_does_not_take_the_trace(sandbox, run_demo):
    sandbox.fault("databricks", "status", status=400)
    code, output = run_demo(**accounts_at(sandbox))
    assert code == 1, output
    assert "The demo failed" in output and "databricks is" in output


def accounts_at(sandbox) -> dict:
    return {
        "ARIZE_SPACE_ID": SPACE_ID,
        "ARIZE_API_KEY": API_KEY,
        "ARIZE_COLLECTOR_ENDPOINT": sandbox.url("arize_grpc"),
        "DATABRICKS_HOST": sandbox.url("databricks"),
        "DATABRICKS_TOKEN": TOKEN,
        "DATABRICKS_TABLE": sandbox.table,
    }


def test_every_verification_query_has_its_twin_for_the_sandbox():
    asked = [one.question for one in questions.read(ROOT / "docs" / "verify.sql") if one.question]
    twins = questions.read(DEMO.with_name("verify_sandbox.sql"))
    assert asked == [twin.question for twin in twins]
