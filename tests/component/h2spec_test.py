# SPDX-License-Identifier: Apache-2.0
"""Runs h2spec, the conformance tests for HTTP/2 and HPACK, against the receiver: every section,
with the strict cases, on both ports, with and without TLS."""

import subprocess
import xml.etree.ElementTree as xml

import pytest
from harness.authority import Authority, receiver_tls
from harness.tools import tool_folder

# Intended failures, and why. h2spec identifies a case by its section and its number there.
EXCEPTIONS = {
    "plain": {
        # Without ALPN, the first bytes select the protocol. Whatever is not an HTTP/2 preface is
        # answered as HTTP/1.1 (400 and a message) instead of being closed without an answer.
        "http2/3.5: Sends invalid connection preface",
    },
    "tls": set(),
}


def failed_cases(report) -> tuple[int, set[str]]:
    cases = list(xml.parse(report).getroot().iter("testcase"))
    failed = [case for case in cases if len(case) > 0]  # a passed case has no children
    return len(cases), {f"{case.get('package')}: {case.get('classname')}" for case in failed}


@pytest.mark.parametrize("port", [0, 1], ids=["first-port", "second-port"])
@pytest.mark.parametrize("transport", ["plain", "tls"])
def test_h2spec(stage, sandbox, tmp_path, transport, port):
    tool = tool_folder("h2spec") / "h2spec"
    options = []
    config = sandbox.agent_config()
    if transport == "tls":
        config |= receiver_tls(Authority(tmp_path / "authority"))
        options = ["--tls", "--insecure"]
    agent = stage.agent(config)
    report = tmp_path / "h2spec.xml"
    done = subprocess.run(
        [tool, "--strict", "--timeout", "10", "--junit-report", report, *options]
        + ["--host", "127.0.0.1", "--port", str(agent.ports[port])],
        capture_output=True,
        text=True,
        timeout=300,
    )
    count, failed = failed_cases(report)
    assert count == 146, done.stdout + done.stderr
    assert failed == EXCEPTIONS[transport], done.stdout
