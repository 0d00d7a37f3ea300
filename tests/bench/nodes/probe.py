# SPDX-License-Identifier: Apache-2.0
"""A client of its own in each node's network: one span every 50 ms over OTLP/HTTP, one request after
the other, as an application would send them that exports at once. So an outage is seen as a client
has it, which a generator that is busy with a schedule cannot tell. Run as a program it is that client.
"""

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
    sys.path.insert(0, str(HERE.parents[1]))

from harness.load import Outcome, Sent  # noqa: E402
from harness.node_load import longest_outage  # noqa: E402
from harness.processes import Process, wait_until  # noqa: E402

EVERY = 0.05
RETRY = 0.02
CONNECT_TIMEOUT = 0.25
ANSWER_TIMEOUT = 10.0  # an SDK's
MASK = 2**64 - 1
FACTOR, SALT = 0x9E3779B97F4A7C15, 0x64756C7472616365  # tests/bench/span_ids.cc


def scrambled(number: int) -> int:
    product = number * FACTOR & MASK
    return product ^ product >> 32


def trace_id(number: int) -> bytes:
    """As the sink reads a span's number from it."""
    return scrambled(number).to_bytes(8, "big") + scrambled(number ^ SALT).to_bytes(8, "big")


def field(number: int, content: bytes) -> bytes:
    """Of a protobuf message; no content here has 128 bytes."""
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def request(number: int, nanoseconds: int) -> bytes:
    """ExportTraceServiceRequest with one span, which has ended now."""
    at = nanoseconds.to_bytes(8, "little")
    span = field(1, trace_id(number)) + field(2, scrambled(~number & MASK).to_bytes(8, "big"))
    span += field(5, b"probe") + bytes([7 << 3 | 1]) + at + bytes([8 << 3 | 1]) + at
    return field(1, field(2, field(2, span)))


class Client:
    """Keeps its connection as long as it is answered."""

    def __init__(self, host: str, port: int):
        self._target = host, port
        self._connection: http.client.HTTPConnection | None = None

    def send(self, body: bytes) -> Outcome:
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(*self._target, timeout=CONNECT_TIMEOUT)
                self._connection.connect()
                self._connection.sock.settimeout(ANSWER_TIMEOUT)
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
    """In the network that `enter` leads to."""

    def __init__(self, enter: list[str], host: str, first_span: int, folder: Path, name: str):
        self._result = folder / f"{name}.json"
        command = [*enter, sys.executable, "-B", HERE / "probe.py", "--host", host]
        command += ["--first-span", first_span, "--result", self._result]
        self.process = Process(name, command, folder)
        wait_until(lambda: "running" in self.process.output(), "the probe runs", process=self.process)

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
