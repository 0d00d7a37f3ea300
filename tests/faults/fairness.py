# SPDX-License-Identifier: Apache-2.0
"""One noisy client and many quiet ones, distinguished by their loopback addresses. The quiet ones
are served as if the noisy one used another agent of the same machine. That is the baseline, so that
the machine is equally busy in both phases."""

import http.client
import json
import random
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faults.play import Report
from faults.scenario import Scale
from faults.verdict import judge_ratio, percentile
from harness import otlp
from harness.agent import Agent
from harness.processes import wait_until
from harness.stage import Stage

MEBIBYTE = 1 << 20
LIMITS = {
    "requestBytes": 4 * MEBIBYTE,
    "memoryBytes": 16 * MEBIBYTE,
    "connections": 250,
    "idleTimeout": "1h",
}
HEADERS = {"Content-Type": "application/x-protobuf"}
NOISY = "127.99.0.1"
FRESH_EVERY = 4  # every so many requests, a quiet peer opens a new connection
RATIO, FLOOR = 5.0, 0.100  # for the p99; differences below the floor are ignored


@dataclass
class Quiet:
    """Clients that send one small request after another until stop()."""

    agent: Agent
    peers: int
    a_second: float  # total requests per second
    threads: int = 4
    seconds: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self):
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(number,), daemon=True)
            for number in range(self.threads)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, thread: int) -> None:
        peers = range(thread, self.peers, self.threads)
        connections: dict[int, http.client.HTTPConnection] = {}
        turn = 0
        begun = time.monotonic()
        while not self._stop.is_set():
            peer = peers[turn % len(peers)]
            if turn // len(peers) % FRESH_EVERY == peer % FRESH_EVERY and peer in connections:
                connections.pop(peer).close()
            if peer not in connections:
                connections[peer] = self._connect(peer)
            self._send(connections, peer)
            turn += 1
            self._stop.wait(begun + turn * self.threads / self.a_second - time.monotonic())
        for connection in connections.values():
            connection.close()

    def _connect(self, peer: int) -> http.client.HTTPConnection:
        host, port = self.agent.http_endpoint.split(":")
        source = (f"127.1.{peer // 250}.{peer % 250 + 1}", 0)
        return http.client.HTTPConnection(host, int(port), timeout=60, source_address=source)

    def _send(self, connections: dict, peer: int) -> None:
        body = otlp.make_request(spans=5)
        begun = time.monotonic()
        try:
            connections[peer].request("POST", "/v1/traces", body, HEADERS)
            answer = connections[peer].getresponse()
            answer.read()
            said = str(answer.status)
        except (OSError, http.client.HTTPException) as error:
            said = type(error).__name__
            connections.pop(peer).close()
        with self._lock:
            self.seconds.append(time.monotonic() - begun)
            if said != "200":
                self.refused.append(said)


@dataclass
class Fairness:
    stage: Stage
    scale: Scale
    peers: int = 200

    def play(self) -> Report:
        sandbox = self.stage.sandbox()
        config = sandbox.agent_config(), {"receiver": {"limits": LIMITS}}
        agent, apart = self.stage.agent(*config), self.stage.agent(*config)
        quiet = {}
        answers = {}
        for phase, noisy_at in (("apart", apart), ("beside", agent)):
            with self._noisy(noisy_at, answers, phase):
                quiet[phase] = Quiet(agent, self.peers, a_second=self.peers)
                end = time.monotonic() + self.scale.seconds
                wait_until(
                    lambda end=end: time.monotonic() >= end, "its time", timeout=3600,
                    process=agent.process,
                )
                quiet[phase].stop()
        report = Report()
        # Other scenarios check delivery: the sandbox needs minutes for what a noisy peer stores in
        # seconds.
        self._judge(quiet, answers, report)
        return report

    def _judge(self, quiet: dict[str, Quiet], answers: dict, report: Report) -> None:
        for phase, one in quiet.items():
            spread = "/".join(f"{percentile(one.seconds, p) * 1e3:.1f}" for p in (0.5, 0.95, 0.99))
            report.lines.append(
                f"{phase}: {len(one.seconds)} requests of quiet clients, p50/p95/p99 {spread} ms,"
                f" {len(one.refused)} refused; responses to the noisy one: {answers[phase]}"
            )
            if one.refused:
                report.findings.append(f"{phase}: quiet clients were refused: {one.refused[:5]}")
        report.findings += judge_ratio(
            "the quiet ones",
            quiet["apart"].seconds,
            quiet["beside"].seconds,
            self.scale.shares,
            RATIO,
            FLOOR,
        )
        if not answers["beside"].get("200"):
            report.findings.append("the noisy one was never served")

    @contextmanager
    def _noisy(self, agent: Agent, answers: dict, phase: str):
        some = random.Random(self.scale.seed)
        body = self.stage.folder / "noisy.body"
        body.write_bytes(otlp.make_request(spans=20, text=some.randbytes(2000).hex()))
        process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("noisy_peer.py"), agent.http_endpoint, NOISY]
            + [body, "--busy", "50", "--idle", str(2 * LIMITS["connections"])]
            + ["--stalled", "4", "--stalled-bytes", str(LIMITS["requestBytes"])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout.readline() == "begun\n"
            yield
            said, _ = process.communicate("\n", timeout=60)
            answers[phase] = json.loads(said)
        finally:
            process.kill()
            process.wait()
