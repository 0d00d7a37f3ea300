"""The demo shows what it says, and fails when something is missing."""

import sys

import pytest
from conftest import ROOT
from harness import questions

DEMO = ROOT / "tests" / "demo" / "demo.py"


@pytest.fixture
def run_demo(stage):
    def run(*arguments):
        command = [sys.executable, DEMO, "--binaries", stage.binaries, *arguments]
        # Whatever accounts the developer has: this is the demo with the sandbox.
        none = {name: "" for name in ("ARIZE_API_KEY", "DATABRICKS_TOKEN")}
        process = stage.process("demo", command, none)
        return process.wait(timeout=120), process.output()

    return run


def test_the_demo_shows_one_trace_at_both_destinations(run_demo):
    code, output = run_demo()
    assert code == 0, output
    for expected in ("support_agent", "track_order", "7 of 7 spans", "scripted-1"):
        assert expected in output


def test_every_verification_query_has_its_twin_for_the_sandbox():
    asked = [one.question for one in questions.read(ROOT / "docs" / "verify.sql") if one.question]
    twins = questions.read(DEMO.with_name("verify_sandbox.sql"))
    assert asked == [twin.question for twin in twins]
