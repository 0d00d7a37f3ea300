# SPDX-License-Identifier: Apache-2.0
"""Whatever the token endpoint answers, no secret appears anywhere, at any log level."""

import pytest
from harness.http import fetch
from harness.identities import CLIENT
from harness.identity_stage import (  # noqa: F401 some are fixtures
    FIRST,
    identity,
    lane,
    send,
)
from harness.processes import wait_until


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 401, "body": '{"error": "invalid_client", "error_description": "SECRET"}'},
        {"status": 400, "body": '{"error": "invalid_grant", "error_description": "SECRET"}'},
        {"status": 200, "body": "<html>SECRET sign in</html>", "content_type": "text/html"},
        {"status": 302, "location": "http://127.0.0.1:1/SECRET"},
        {"status": 429, "retry_after": 1},
        {"status": 500, "body": "SECRET"},
        {"status": 200, "bytes": 300_000},
    ],
    ids=lambda fault: f"{fault['status']}-{len(fault.get('body', ''))}",
)
# Debug logs everything that other levels log. Above Info, the agent does not log its readiness.
@pytest.mark.parametrize("level", ["Debug", "Info"])
@pytest.mark.parametrize("identity", [("oauth", "Workspace")], indirect=True, ids="-".join)
def test_no_secret_shows_whatever_the_token_endpoint_says(stage, identity, sandbox, fault, level):
    said = {name: str(value).replace("SECRET", FIRST) if name in ("body", "location") else value
            for name, value in fault.items()}
    sandbox.fault("token", "status", **said)
    agent = stage.agent(identity.config(), {"logLevel": level})
    ids = send(agent)
    wait_until(lambda: lane(agent, identity)["lastError"], "it reports the error")
    seen = str(agent.status()) + agent.metrics() + agent.process.output()
    seen += fetch(agent.url("/"))[1].decode()
    assert FIRST not in seen
    sandbox.fault("token", "none")
    sandbox.wait_for(ids, [identity.destination])
    assert CLIENT not in agent.process.output()
    assert FIRST not in agent.process.output()
