# SPDX-License-Identifier: Apache-2.0
"""A separate client in each node's network: one span every 50 ms over OTLP/HTTP, one request at a
time, like an application that exports immediately. Unlike a generator with a schedule, it sees an
outage as clients do. Run as a program, this file is that client."""

import argparse
import http.client
import json
import signal
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

from harness.load import Outcome, Sent  # noqa: E402
from harness.node_load import longest_outage  # noqa: E402
from harness.processes import Process, wait_until  # noqa: E402
from nodes.span import request  # noqa: E402

EVERY = 0.05
RETRY = 0.02
CONNECT_TIMEOUT = 0.25
ANSWER_TIMEOUT = 10.0  # the timeout of an SDK


class Client:
    """Keeps its connection open as long as it gets responses."""

    def __init__(self, host: str, port: int):
        self._target = host, port
        self._connection: http.client.HTTPConnection | None = None

    def send(self, body: bytes) -> Outcome:
        try:
            if self._connection is None:
                self._connect()
            headers = {"Content-Type": "application/x-protobuf"}
            self._connection.request("POST", "/v1/traces", body, headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._close()
            return Outcome.UNKNOWN
        if answer.will_close:
            self._close()
        return Outcome.OK if answer.status == 200 else Outcome.REFUSED

    def _connect(self) -> None:
        self._connection = http.client.HTTPConnection(*self._target, timeout=CONNECT_TIMEOUT)
        self._connection.connect()
        self._connection.sock.settimeout(ANSWER_TIMEOUT)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def run(arguments: argparse.Namespace) -> None:
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    client, sent = Client(arguments.host, arguments.port), []
    number = arguments.first_span
    print("running", flush=True)
    while not over.is_set():
        at, begun = time.time(), time.monotonic()
        outcome = client.send(request(number, time.time_ns()))
        sent.append(Sent(number, at, time.monotonic() - begun, outcome))
        number += 1
        over.wait(EVERY if outcome is Outcome.OK else RETRY)
    result = {
        "ok": [one.number for one in sent if one.outcome is Outcome.OK],
        "tries": len(sent),
        "longest_outage": longest_outage(sent),
        "slowest": max((one.took for one in sent if one.outcome is Outcome.OK), default=0.0),
    }
    arguments.result.write_text(json.dumps(result))


class Probe:
    """Runs in the network that `enter` opens."""

    def __init__(self, enter: list[str], host: str, first_span: int, folder: Path, name: str):
        self._result = folder / f"{name}.json"
        command = [*enter, sys.executable, "-B", HERE / "probe.py", "--host", host]
        command += ["--first-span", first_span, "--result", self._result]
        self.process = Process(name, command, folder)
        runs = "the probe runs"
        wait_until(lambda: "running" in self.process.output(), runs, process=self.process)

    def stop(self) -> dict:
        assert self.process.stop(timeout=60) == 0, self.process.output()
        return json.loads(self._result.read_text())


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, default=4318)
    parser.add_argument("--first-span", type=int, required=True)
    parser.add_argument("--result", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    run(parsed())
