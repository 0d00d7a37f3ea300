# SPDX-License-Identifier: Apache-2.0
"""Clients that send continuously and record the responses."""

import http.client
import random
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from harness.agent import Agent
from harness.otlp import Template
from harness.processes import wait_until

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
ANSWER_TIMEOUT = 60.0
# Used if the agent is down, or refuses without a retry delay.
PAUSE = 0.02
HINT_MAX = 1.0
# Codes that the client's own transport may also report: the outcome of the request is unknown.
TRANSPORT_CODES = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
}


class Outcome(Enum):
    OK = "ok"  # stored, according to the agent
    REFUSED = "refused"  # not stored, according to the agent
    UNKNOWN = "unknown"  # no answer arrived


@dataclass(frozen=True)
class Sent:
    """One request and its outcome. Its trace id is derived from its number."""

    number: int
    at: float  # Unix time in seconds
    took: float
    outcome: Outcome
    hint: float | None = None  # of a refusal: seconds until a retry makes sense


@dataclass(frozen=True)
class Shape:
    """The shape of a load. Half of the threads speak gRPC, the others HTTP."""

    spans: int = 20  # per request
    text_bytes: int = 200  # per span
    threads: int = 4
    rate: float | None = None  # spans per second; None: as fast as answers arrive
    # In every so many requests, the first span is an odd one, with this name and size.
    odd_every: int = 0
    odd_name: str = "span 0"
    odd_bytes: int = 0

    def is_odd(self, number: int) -> bool:
        return self.odd_every > 0 and number % self.odd_every == 0


class Load:
    """Threads that send requests, one after the other, until stop(); they continue when the agent
    dies and another one, or the same one on other ports, replaces it. Requests are not sent again,
    so each has one outcome."""

    def __init__(self, agent: Callable[[], Agent], shape: Shape, seed: int):
        self._agent = agent
        self.shape = shape
        words = random.Random(seed)
        self._tag = words.randbytes(8)
        texts = [_text(words, shape.text_bytes) for _ in range(shape.spans)]
        self._plain = Template(texts)
        odd = _text(words, shape.odd_bytes or shape.text_bytes)
        self._odd = Template([odd, *texts[1:]], shape.odd_name)
        self._stop = threading.Event()
        self._go = threading.Event()
        self._go.set()
        self._lock = threading.Lock()
        self._next = 1
        self._odd_before: int | None = None
        self._busy = 0
        self._sent: list[Sent] = []
        self._accepted = 0
        self._begun = time.monotonic()
        self._threads = [
            threading.Thread(target=self._run, args=(number,), daemon=True)
            for number in range(shape.threads)
        ]
        for thread in self._threads:
            thread.start()

    def trace_id(self, number: int) -> str:
        return (self._tag + number.to_bytes(8, "big")).hex()

    @property
    def accepted(self) -> int:
        """The number of spans acknowledged so far."""
        with self._lock:
            return self._accepted

    @property
    def offered(self) -> int:
        """The number of spans sent so far, whatever their outcome."""
        with self._lock:
            return (self._next - 1) * self.shape.spans

    @property
    def sent(self) -> list[Sent]:
        with self._lock:
            return list(self._sent)

    @property
    def failures(self) -> list[Sent]:
        return [one for one in self.sent if one.outcome is not Outcome.OK]

    def is_odd(self, number: int) -> bool:
        before = self._odd_before
        return self.shape.is_odd(number) and (before is None or number < before)

    def end_odd(self) -> None:
        """After this call, no more odd requests are sent."""
        with self._lock:
            self._odd_before = self._next

    @contextmanager
    def paused(self):
        """Inside it, no request is in flight and none is sent."""
        self._go.clear()
        wait_until(self._idle, "every request has its response", timeout=ANSWER_TIMEOUT + 10)
        try:
            yield
        finally:
            self._go.set()

    def stop(self) -> None:
        self._stop.set()
        self._go.set()
        for thread in self._threads:
            thread.join()

    def _idle(self) -> bool:
        with self._lock:
            return self._busy == 0

    def _run(self, thread: int) -> None:
        client_type = _GrpcClient if thread % 2 else _HttpClient
        client, turn = None, thread
        while not self._stop.is_set():
            self._go.wait()
            turn = self._wait_for_turn(turn)
            try:
                client = client or client_type(self._agent())
            except OSError:
                self._stop.wait(PAUSE)
                continue
            one = self._send(client)
            if one is None:
                continue
            if one.outcome is Outcome.UNKNOWN:
                client.close()
                client = None
            if one.outcome is not Outcome.OK:
                self._stop.wait(PAUSE if one.hint is None else min(one.hint, HINT_MAX))
        if client:
            client.close()

    def _send(self, client) -> Sent | None:
        with self._lock:
            if not self._go.is_set():
                return None
            number = self._next
            self._next += 1
            self._busy += 1
        template = self._odd if self.is_odd(number) else self._plain
        body = template.stamp(bytes.fromhex(self.trace_id(number)), time.time_ns())
        at, begun = time.time(), time.monotonic()
        outcome, hint = client.send(body)
        one = Sent(number, at, time.monotonic() - begun, outcome, hint)
        with self._lock:
            self._busy -= 1
            self._sent.append(one)
            if outcome is Outcome.OK:
                self._accepted += self.shape.spans
        return one

    def _wait_for_turn(self, turn: int) -> int:
        """Each thread paces itself by the clock, not by the responses. A thread that is late by
        more than a second does not try to catch up."""
        if self.shape.rate is None:
            return turn
        seconds = self.shape.spans / self.shape.rate  # from one request to the next
        late = time.monotonic() - self._begun - turn * seconds
        if late < 0:
            self._stop.wait(-late)
        elif late > 1:
            turn += self.shape.threads * int((late - 1) / seconds / self.shape.threads)
        return turn + self.shape.threads


def _text(words: random.Random, size: int) -> str:
    """Text that compresses like prose."""
    some = ("agent", "retrieve", "document", "answer", "token", "model", "tool", "search", "plan")
    text = ""
    while len(text) < size:
        text += f"{words.choice(some)}{words.randrange(1000)} "
    return text[:size]


class _HttpClient:
    def __init__(self, agent: Agent):
        host, port = agent.http_endpoint.split(":")
        self._connection = http.client.HTTPConnection(host, int(port), timeout=ANSWER_TIMEOUT)
        self._connection.connect()

    def send(self, body: bytes) -> tuple[Outcome, float | None]:
        try:
            headers = {"Content-Type": "application/x-protobuf"}
            self._connection.request("POST", "/v1/traces", body, headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return Outcome.UNKNOWN, None
        if answer.status == 200:
            return Outcome.OK, None
        hint = answer.headers.get("Retry-After")
        return Outcome.REFUSED, None if hint is None else float(hint)

    def close(self) -> None:
        self._connection.close()


class _GrpcClient:
    def __init__(self, agent: Agent):
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
        self._channel = grpc.insecure_channel(agent.grpc_endpoint, options)
        self._export = self._channel.unary_unary(EXPORT)

    def send(self, body: bytes) -> tuple[Outcome, float | None]:
        try:
            self._export(body, timeout=ANSWER_TIMEOUT)
        except grpc.RpcError as error:
            hint = _retry_delay(error)
            from_transport = hint is None and error.code() in TRANSPORT_CODES
            return Outcome.UNKNOWN if from_transport else Outcome.REFUSED, hint
        return Outcome.OK, None

    def close(self) -> None:
        self._channel.close()


def _retry_delay(error: grpc.RpcError) -> float | None:
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if details is None:
        return None
    retry_info = RetryInfo()
    status = Status.FromString(details)
    if not any(detail.Unpack(retry_info) for detail in status.details):
        return None
    return retry_info.retry_delay.ToNanoseconds() / 1e9
