# SPDX-License-Identifier: Apache-2.0
"""Whatever a destination, a token endpoint or a proxy answers, no secret appears anywhere, at any log
level. The answers here repeat the request with its credentials."""

import base64
import html
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import quote

import pytest
from harness.files import of_files_below
from harness.identities import CLIENT
from harness.identity_stage import (  # noqa: F401 some are fixtures
    WAYS,
    agent,
    identity,
    lane,
    send,
)
from harness.planted import Planted, said_by, said_by_agent, written_by_agent
from harness.processes import wait_until
from harness.sandbox import API_KEY, SPACE_ID, TOKEN, write_secret

# With the characters that encoders escape, as far as credentials may contain them (RFC 6750).
SECRET = "dose/first+0123456789-~.x=="
PASSWORD = 'proxy/"password"+0123456789='
LEVELS = ["Debug", "Info", "Warn", "Error"]


@pytest.fixture
def planted(identity) -> Planted:
    if identity.kind != "workloadIdentity":
        identity.first = SECRET
        identity.allow(SECRET)
        identity.use(SECRET)
    return Planted(
        secret=identity.first,
        client=f"{CLIENT}:{SECRET}",
        api_key=API_KEY,
        token=TOKEN,
        space=SPACE_ID,
    )


def minted(sandbox) -> dict[str, str]:
    return {f"minted_{n}": one for n, one in enumerate(sandbox.admin("/tokens"))}


def at_every_level(agent):
    """The agent logs its ports when it starts, which only Debug and Info show; so the level changes
    while it runs."""
    for level in LEVELS:
        agent.write_config(agent.config | {"logLevel": level})
        agent.wait_until_configured()
        yield level


@pytest.mark.parametrize(
    "identity",
    [("apiKey", "GRPC"), ("apiKey", "HTTP"), *WAYS],
    indirect=True,
    ids="-".join,
)
def test_no_secret_shows_whatever_a_destination_says(planted, agent, identity, sandbox):
    faults = [
        {"status": 200, "content_type": "text/plain", "body": "STEP {request}"},
        {"status": 200, "content_type": "application/json", "body": '{"STEP": "{request}"}'},
        {"status": 400, "body": '{"error_code": "STEP", "message": "{request}"}'},
        {"status": 401},
        {"status": 403},
        {"status": 404},
        {"status": 429},
        {"status": 503},
    ]
    if (identity.kind, identity.ingest) == ("apiKey", "GRPC"):
        del faults[:3]  # gRPC has no body
        faults += [{"code": code} for code in (2, 3, 8, 13)]
    steps = 0
    for _ in at_every_level(agent):
        for fault in faults:
            steps += 1
            step = f"STEP-{steps}-"
            said = {"message": "STEP {request}"} | fault
            said = {name: str(value).replace("STEP", step) if name in ("message", "body") else value
                    for name, value in said.items()}
            sandbox.fault(identity.destination, "status", **said)
            send(agent)
            wait_until(
                lambda: step in str(lane(agent, identity)["lastError"]),
                f"it reports {said}",
                process=agent.process,
            )
            assert "(hidden)" in str(lane(agent, identity)["lastError"]), "the answer was shown"
            planted.add(**minted(sandbox))
            planted.assert_absent(said_by_agent(agent))
        sandbox.fault(identity.destination, "none")
        sandbox.fault(identity.destination, "partial", rejected_spans=1, message="{request}")
        rejected = agent.spans(identity.lane)["rejected"]
        send(agent)
        wait_until(lambda: agent.spans(identity.lane)["rejected"] > rejected, "a span is rejected")
        sandbox.fault(identity.destination, "none")
        planted.assert_absent(said_by_agent(agent))
    planted.assert_absent(written_by_agent(agent))


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 401, "body": '{"error": "invalid_client", "error_description": "{request}"}'},
        {"status": 400, "body": '{"error": "invalid_grant", "error_description": "{request}"}'},
        {"status": 200, "body": "<html>{request} sign in</html>", "content_type": "text/html"},
        {"status": 200, "body": '{"access_token": "", "token_type": "{request}"}'},
        {"status": 302, "location": "http://127.0.0.1:1/"},
        {"status": 429, "retry_after": 1},
        {"status": 500, "body": "{request}"},
        {"status": 200, "bytes": 300_000},
    ],
    ids=lambda fault: f"{fault['status']}-{len(fault.get('body', ''))}",
)
# Debug logs everything that other levels log.
@pytest.mark.parametrize("level", ["Debug", "Info"])
@pytest.mark.parametrize("identity", WAYS[1:4], indirect=True, ids="-".join)
def test_no_secret_shows_whatever_the_token_endpoint_says(
    stage, planted, identity, sandbox, fault, level
):
    sandbox.fault("token", "status", **fault)
    agent = stage.agent(identity.config(), {"logLevel": level})
    ids = send(agent)
    wait_until(lambda: lane(agent, identity)["lastError"], "it reports the error")
    planted.assert_absent(said_by_agent(agent))
    sandbox.fault("token", "none")
    sandbox.wait_for(ids, [identity.destination])
    planted.add(**minted(sandbox))
    planted.assert_absent(said_by_agent(agent))


class ShowsTheRequest(BaseHTTPRequestHandler):
    """A proxy that cannot reach the destination, and says which request it was."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"message": f"no route for {self.headers}"}).encode()
        self.send_response(502)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *unused):
        pass


def test_no_secret_shows_whatever_a_proxy_says(stage, sandbox, tmp_path):
    with ThreadingHTTPServer(("127.0.0.1", 0), ShowsTheRequest) as proxy:
        Thread(target=proxy.serve_forever, daemon=True).start()
        config = sandbox.agent_config("HTTP")
        config["arize"] |= {
            "proxyURL": f"http://127.0.0.1:{proxy.server_port}",
            "proxyAuth": {
                "usernameFile": str(write_secret(tmp_path / "username", "agents")),
                "passwordFile": str(write_secret(tmp_path / "password", PASSWORD)),
            },
        }
        agent = stage.agent(config, {"drainTimeout": "100ms"})
        send(agent)
        planted = Planted(password=PASSWORD, api_key=API_KEY, token=TOKEN)
        for _ in at_every_level(agent):
            failed = agent.lane("arize")["lastError"]
            wait_until(lambda: agent.lane("arize")["lastError"] != failed, "it has tried again")
            error = str(agent.lane("arize")["lastError"])
            assert "Proxy-Authorization: Basic" in error and "(hidden)" in error
            planted.assert_absent(said_by_agent(agent))
        planted.assert_absent(written_by_agent(agent))
        proxy.shutdown()


# Every way in which a secret could be written, so that the tests above prove something.
FORMS = {
    "as it is": lambda secret: secret,
    "JSON": lambda secret: json.dumps(secret),
    "JSON of PHP": lambda secret: json.dumps(secret).replace("/", "\\/"),
    "JSON of Gson": lambda secret: json.dumps(secret).replace("=", "\\u003d").replace("&", "\\u0026"),
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret)),
    "percent-encoded": lambda secret: quote(secret, safe=""),
    "HTML": lambda secret: html.escape(secret),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "Basic": lambda secret: base64.b64encode(f"client-id:{secret}".encode()).decode(),
    "base64, escaped": lambda secret: quote(base64.b64encode(f"ab:{secret}".encode()), safe=""),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_search_finds_and_names_a_secret_in_each_form(form):
    planted = Planted(password=PASSWORD, other="another-0123456789")
    text = f'{{"message": "before", "x": "{FORMS[form](PASSWORD)}"}}'
    assert any(one.startswith("password in here") for one in planted.found_in({"here": text}))
    assert not [one for one in planted.found_in({"here": text}) if not one.startswith("password")]
    assert not planted.found_in({"here": text.replace(FORMS[form](PASSWORD), "(hidden)")})


def test_the_search_looks_everywhere(stage, sandbox):
    planted = Planted(log=PASSWORD, line="in-the-line-0123456789", environment="in-env-0123456789")
    process = stage.process(
        "leaking",
        ["sh", "-c", "echo leaked \"$LEAK\"; exec sleep 600", "in-the-line-0123456789"],
        {"LEAK": PASSWORD, "ALSO": "in-env-0123456789"},
    )
    wait_until(lambda: "leaked" in process.output(), "it has written", process=process)
    found = "\n".join(planted.found_in(said_by(process)))
    assert "log in the log of leaking" in found
    assert "log in the environ of leaking" in found
    assert "environment in the environ of leaking" in found

    agent = stage.agent(sandbox.agent_config())
    planted = Planted(written=PASSWORD)
    planted.assert_absent(written_by_agent(agent))
    (agent.folder / "journal" / "dead-letters").mkdir(exist_ok=True)
    (agent.folder / "journal" / "dead-letters" / "one.jsonl").write_text(json.dumps(PASSWORD))
    (found,) = planted.found_in(written_by_agent(agent))
    assert found == "written in journal/dead-letters/one.jsonl, escaped for JSON"


def test_the_search_reads_a_file_that_is_renamed_meanwhile_under_its_new_name(tmp_path):
    (tmp_path / "note").write_text("before")
    (tmp_path / "note.new").write_text(PASSWORD)

    def read(file):
        if file.name == "note.new":
            file.rename(tmp_path / "note")
        return file.read_text()

    assert of_files_below(tmp_path, read) == {tmp_path / "note": PASSWORD}
