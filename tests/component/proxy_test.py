# SPDX-License-Identifier: Apache-2.0
"""Destinations behind a forward proxy (tinyproxy) that requires a user name and a password: all of
the agent's requests go through it, and a changed password takes effect without a restart."""

import re
import socket
from pathlib import Path

import pytest
from harness.identity_stage import send
from harness.processes import wait_until
from harness.sandbox import DESTINATIONS, write_secret

# tinyproxy's configuration has no quotes for other characters.
PASSWORD = "s3cret-0123456789"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Proxy:
    def __init__(self, stage, folder: Path):
        self._stage = stage
        self._folder = folder
        self.port = free_port()
        self.username_file = write_secret(folder / "proxy-username", "agents")
        self.password_file = write_secret(folder / "proxy-password", PASSWORD)
        self.process = None

    def start(self, password: str = PASSWORD) -> "Proxy":
        """Restarts the proxy if it runs: it then drops its connections and accepts only this
        password."""
        if self.process is not None:
            self.process.stop()
        config = self._folder / "tinyproxy.conf"
        config.write_text(
            f"Port {self.port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 100\nLogLevel Connect\n"
            f"BasicAuth agents {password}\n"
        )
        self.process = self._stage.process("tinyproxy", ["tinyproxy", "-d", "-c", config])
        wait_until(self._listens, "the proxy listens", process=self.process)
        return self

    def _listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def config(self) -> dict:
        return {
            "proxyURL": f"http://127.0.0.1:{self.port}",
            "proxyAuth": {
                "usernameFile": str(self.username_file),
                "passwordFile": str(self.password_file),
            },
        }

    def tunnels(self) -> set[int]:
        """The ports to which clients requested a tunnel."""
        found = re.findall(r"CONNECT 127\.0\.0\.1:(\d+) HTTP", self.process.output())
        return {int(port) for port in found}


@pytest.fixture
def proxy(stage, tmp_path) -> Proxy:
    return Proxy(stage, tmp_path).start()


@pytest.fixture
def sandbox(stage):
    return stage.sandbox(tls=True)


def agent_behind(stage, sandbox, proxy, protocol: str, databricks: dict | None = None):
    changes = {name: proxy.config() for name in DESTINATIONS}
    changes["databricks"] |= databricks or {}
    config = sandbox.agent_config(arize_protocol=protocol)
    if databricks:
        del config["databricks"]["auth"]
    return stage.agent(config, changes, {"delivery": {"retryMax": "1s", "pauseProbe": "1s"}})


@pytest.mark.parametrize("protocol", ["GRPC", "HTTP"])
@pytest.mark.parametrize("ingest", ["Workspace", "Zerobus"])
def test_all_that_the_agent_calls_goes_through_the_proxy(stage, sandbox, proxy, protocol, ingest):
    databricks = {"auth": sandbox.oauth(), "ingest": ingest}
    if ingest == "Zerobus":
        databricks["zerobus"] = {"endpoint": sandbox.url("zerobus")}
    agent = agent_behind(stage, sandbox, proxy, protocol, databricks)
    in_databricks = "zerobus" if ingest == "Zerobus" else "databricks"
    sandbox.wait_for(send(agent), ["arize", in_databricks])
    arize = "arize_grpc" if protocol == "GRPC" else "arize_http"
    wanted = {sandbox.ports[name] for name in (arize, "databricks", in_databricks)}
    assert proxy.tunnels() == wanted


@pytest.mark.parametrize("protocol", ["GRPC", "HTTP"])
def test_a_changed_password_is_taken_up_without_a_restart(stage, sandbox, proxy, protocol):
    agent = agent_behind(stage, sandbox, proxy, protocol)
    sandbox.wait_for(send(agent), DESTINATIONS)

    proxy.start("another-password")
    waiting = send(agent)
    for destination in DESTINATIONS:
        wait_until(
            lambda: agent.lane(destination)["state"] == "Paused"
            and "check proxyAuth" in str(agent.lane(destination)["lastError"]),
            f"{destination} says what the proxy wants",
            process=agent.process,
        )
    write_secret(proxy.password_file, "another-password\n")
    sandbox.wait_for(waiting, DESTINATIONS)

    seen = str(agent.status()) + agent.metrics() + agent.process.output()
    assert PASSWORD not in seen and "another-password" not in seen
