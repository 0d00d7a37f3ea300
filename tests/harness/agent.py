# SPDX-License-Identifier: Apache-2.0
"""Runs dualtrace-agent: its configuration, ports and ledger."""

import hashlib
import json
from pathlib import Path

import yaml

from harness.http import answers, fetch, fetch_json
from harness.processes import PATIENCE_SECONDS, Process, wait_until


def merged(base: dict, changes: dict) -> dict:
    """Merges `changes` deeply into `base`; a change to None removes the key."""
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def base_config(folder: Path) -> dict:
    """The configuration that all agents of the tests share: ports that the system picks, a journal
    in `folder`, short intervals, so that a test that waits for a retry does not wait long, and no
    disk reserve, because the machine's own disk may be full for other reasons."""
    return {
        "receiver": {"listen": ["127.0.0.1:0", "127.0.0.1:0"]},
        "delivery": {
            "folder": str(folder / "journal"),
            "minFreeDisk": "0",
            "linger": "20ms",
            "retryBase": "50ms",
            "retryMax": "500ms",
            "pauseProbe": "200ms",
        },
        "observe": {"listen": "127.0.0.1:0"},
        "drainTimeout": "10s",
    }


class Agent:
    """An agent with one configuration, which can be started, killed and started again."""

    def __init__(self, binary: Path, folder: Path, config: dict, environment: dict | None = None):
        self.binary = binary
        self.environment = environment
        self.folder = folder
        self.config_file = folder / "agent.yaml"
        self.runs: list[Process] = []
        self.ports: list[int] = []
        self.observe_port = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.write_config(config)

    def write_config(self, config: dict) -> None:
        self.config = config
        self.config_file.write_text(yaml.safe_dump(config, sort_keys=False))

    @property
    def process(self) -> Process:
        return self.runs[-1]

    def launch(self) -> "Agent":
        """Starts it without waiting for it."""
        name = f"agent-{len(self.runs) + 1}"
        command = [self.binary, "--config", self.config_file]
        self.runs.append(Process(name, command, self.folder, self.environment))
        return self

    def start(self) -> "Agent":
        self.launch()
        ready = wait_until(self._ready_line, "the agent is ready", timeout=60, process=self.process)
        self.ports = [int(port) for port in ready["receiver_ports"].split(",")]
        self.observe_port = int(ready["observe_port"])
        wait_until(
            lambda: answers(self.url("/readyz")), "/readyz answers 200", process=self.process
        )
        return self

    def _ready_line(self) -> dict | None:
        for line in self.process.output().splitlines():
            if '"agent ready"' in line:
                return json.loads(line)
        return None

    def url(self, path: str) -> str:
        host = self.config["observe"]["listen"].rpartition(":")[0]
        return f"http://{host}:{self.observe_port}{path}"

    @property
    def grpc_endpoint(self) -> str:
        return f"127.0.0.1:{self.ports[0]}"

    @property
    def http_endpoint(self) -> str:
        return f"127.0.0.1:{self.ports[1]}"

    def status(self) -> dict:
        return fetch_json(self.url("/status"))

    def lane(self, name: str) -> dict:
        """A lane's part of /status."""
        (lane,) = [lane for lane in self.status()["lanes"] if lane["name"] == name]
        return lane

    def spans(self, lane: str) -> dict:
        """A lane's ledger: accepted, backlog, and each outcome that a span can have."""
        return self.lane(lane)["spans"]

    def adopted_journals(self) -> int:
        """The number of journals of dead agents that it is draining."""
        return sum(journal["adopted"] for journal in self.status()["journals"])

    def caught_up(self) -> bool:
        return all(lane["spans"]["backlog"] == 0 for lane in self.status()["lanes"])

    def assert_books_balance(self) -> None:
        for lane in self.status()["lanes"]:
            spans = lane["spans"]
            others = sum(count for word, count in spans.items() if word != "accepted")
            assert spans["accepted"] == others and lane["balanced"], lane

    def wait_until_configured(self, timeout: float = PATIENCE_SECONDS) -> None:
        """Waits until it uses the content of its configuration file."""
        wanted = hashlib.sha256(self.config_file.read_bytes()).hexdigest()[:12]
        wait_until(
            lambda: self.status()["configuration"]["fingerprint"] == wanted,
            f"it runs with the configuration {wanted}",
            timeout,
            process=self.process,
        )

    def dead_letters(self, lane: str) -> list[dict]:
        """The log lines about spans that were given up."""
        folder = Path(self.config["delivery"]["folder"]) / "dead-letters" / lane
        lines = (line for file in sorted(folder.glob("*.jsonl")) for line in file.read_text().splitlines())
        return [json.loads(line) for line in lines]

    def metrics(self) -> str:
        return fetch(self.url("/metrics"))[1].decode()

    def stop(self, timeout: float = PATIENCE_SECONDS) -> int:
        return self.process.stop(timeout)

    def kill(self) -> None:
        self.process.kill()
