# SPDX-License-Identifier: Apache-2.0
"""One measurement: a load on a running system, with exact counts of what arrives."""

import json
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.http import fetch, fetch_json
from harness.processes import Process, wait_until
from machine import sync_ms
from syncs import counter_of
from systems import Certificates, Running, cpu_seconds, keep_nice, used, wake_ups

SAMPLE_SECONDS = 0.05
ACCEPT_SECONDS = 0.1  # time for a system to accept the clients' connections
# A queue may pause for half a minute between two retries.
QUIET_SECONDS_MAX = 40


class Sink:
    """Both destinations; tests/bench/sink_main.cc documents the requests."""

    def __init__(self, binary: Path, folder: Path, certificates: Certificates | None = None):
        self.certificates = certificates  # if set, it also accepts TLS
        shown = [] if certificates is None else [
            "--certificate", certificates.server, "--key", certificates.server_key]
        self.process = Process("sink", [binary, *shown], folder)
        line = wait_until(lambda: self.process.output().partition("\n")[0], "the sink is ready",
                          process=self.process)
        ports = json.loads(line)
        self.grpc_port, self.http_port = ports["grpc"], ports["http"]
        self._ports = ports
        keep_nice(self.process.pid)

    def url(self, path: str, tls: bool = False) -> str:
        if tls:
            return f"https://127.0.0.1:{self._ports['http_tls']}{path}"
        return f"http://127.0.0.1:{self.http_port}{path}"

    def grpc_url(self, tls: bool = False) -> str:
        if tls:
            return f"https://127.0.0.1:{self._ports['grpc_tls']}"
        return f"http://127.0.0.1:{self.grpc_port}"

    def counts(self) -> dict:
        return fetch_json(self.url("/counts"))

    def seen(self, destination: str) -> int:
        """The set of spans that have arrived, bit n for number n."""
        return as_set(fetch(self.url(f"/seen/{destination}"))[1])

    def forget(self) -> None:
        self._post("/forget")

    def behave(self, destination: str, how: str) -> None:
        """answer, hang, or delay?<milliseconds>."""
        self._post(f"/behave/{destination}/{how}")

    def _post(self, path: str) -> None:
        status, text = fetch(self.url(path), b"", method="POST")
        if status != 200:
            raise RuntimeError(f"{path}: {status} {text!r}")

    def stop(self) -> None:
        self.process.stop()


def as_set(bitmap: bytes) -> int:
    return int.from_bytes(bitmap, "little")


@dataclass
class LoadOptions:
    """The output of dualtrace-load, with the same names."""

    rate: int = 0  # spans per second; 0: a closed loop
    spans: int = 100
    span_bytes: int = 600
    connections: int = 16
    in_flight: int = 1
    gzip: bool = False
    protocol: str = "grpc"
    seed: int = 1

    def arguments(self) -> list[str]:
        named = ["rate", "spans", "span_bytes", "connections", "in_flight", "protocol", "seed"]
        result = ["--gzip"] if self.gzip else []
        for name in named:
            result += ["--" + name.replace("_", "-"), str(getattr(self, name))]
        return result


class Load:
    """One run of dualtrace-load, in the background until result(). A waiting one is connected after
    construction, and sends from begin() on."""

    def __init__(self, binary: Path, folder: Path, running: Running, options: LoadOptions,
                 seconds: float, first_span: int = 0, waits: bool = False):
        self._ok_file = folder / f"ok-{first_span}"
        self._first_span = first_span
        port = running.http_port if options.protocol == "http" else running.grpc_port
        self._process = subprocess.Popen(
            [str(binary), "--port", str(port), "--seconds", str(seconds), "--first-span",
             str(first_span), "--ok-file", str(self._ok_file), *["--wait"] * waits,
             *running.client_options, *options.arguments()],
            stdin=subprocess.PIPE if waits else subprocess.DEVNULL, stdout=subprocess.PIPE,
            text=True)
        if waits and not self._process.stdout.readline():
            raise RuntimeError(f"dualtrace-load ended with {self._process.wait()}")

    def begin(self) -> None:
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def result(self) -> tuple[dict, int]:
        """Its output, and the set of acknowledged spans."""
        output, _ = self._process.communicate()
        if self._process.returncode != 0:
            raise RuntimeError(f"dualtrace-load ended with {self._process.returncode}")
        return json.loads(output), as_set(self._ok_file.read_bytes()) << self._first_span


@contextmanager
def sampling(read: Callable, every: float = SAMPLE_SECONDS):
    """What `read` returns, at intervals of `every` seconds; the list is complete at the end."""
    samples = [read()]
    done = threading.Event()

    def sample():
        while not done.wait(every):
            samples.append(read())

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()


@dataclass
class Arrived:
    """The outcome, at one destination, of the acknowledged spans."""

    delivered: int
    lost: int
    duplicates: int
    refused_too: int  # delivered although the client got a refusal or no answer
    delay_p50_ms: float
    delay_p99_ms: float
    delay_max_ms: float


def arrived_at(sink: Sink, destination: str, accepted: int) -> Arrived:
    seen = sink.seen(destination)
    counts = sink.counts()[destination]
    if counts["unknown"]:
        raise RuntimeError(f"{destination} got {counts['unknown']} spans that nobody sent")
    return Arrived(
        delivered=(seen & accepted).bit_count(),
        lost=(accepted & ~seen).bit_count(),
        duplicates=counts["duplicates"],
        refused_too=(seen & ~accepted).bit_count(),
        **{name: counts[name] for name in ("delay_p50_ms", "delay_p99_ms", "delay_max_ms")})


def wait_delivered(sink: Sink, destinations: tuple, accepted: int, quiet: float) -> None:
    """Waits until all have everything that was accepted, or nothing more has arrived for `quiet`
    seconds."""
    last, since = None, time.monotonic()
    wanted = accepted.bit_count()
    while time.monotonic() - since < quiet:
        counts = sink.counts()
        got = [counts[name]["spans"] for name in destinations]
        if got != last:
            last, since = got, time.monotonic()
            if min(got) >= wanted and all(not accepted & ~sink.seen(name) for name in destinations):
                return
        time.sleep(SAMPLE_SECONDS)


@dataclass
class Measurement:
    load: dict  # the counts of dualtrace-load
    arrived: dict = field(default_factory=dict)  # by destination
    cpu_us_per_span: float = 0
    cpu_us_per_request: float = 0  # answered with OK
    load_cpu_us_per_span: float = 0  # the generator's own
    sink_cpu_us_per_span: float = 0  # the sink's, for all destinations
    wake_ups_per_second: float = 0  # of the system's threads
    threads: dict = field(default_factory=dict)  # CPU time by thread name
    syncs_per_second: float | None = None  # as counted by syncs.py, if possible
    sync_ms: float = 0  # duration of one, just before
    rss_avg_mib: float = 0
    rss_max_mib: float = 0
    behind_seconds: float = 0  # from the last answer until the delivery is complete

    @property
    def refused(self) -> int:
        """The number of spans."""
        return self.load["spans_sent"] - self.load["spans_accepted"]

    @property
    def lost(self) -> int:
        return sum(arrived.lost for arrived in self.arrived.values())

    @property
    def duplicates(self) -> int:
        return sum(arrived.duplicates for arrived in self.arrived.values())


class Meters:
    """The readings of a system, the sink and the disk before and after a load."""

    def __init__(self, running: Running, sink: Sink, syncs):
        self.syncs = syncs.read()
        self.threads = running.threads()
        self.cpu_seconds = running.cpu_seconds()
        self.sink_cpu_seconds = cpu_seconds(sink.process)
        self.time = time.monotonic()


def measure(binary: Path, folder: Path, running: Running, sink: Sink, destinations: tuple,
            options: LoadOptions, seconds: float, first_span: int = 0,
            quiet: float = QUIET_SECONDS_MAX) -> Measurement:
    """Drives the load and waits until its delivery ends. Everything is counted from the moment the
    clients are connected."""
    sink.forget()
    one_sync_ms = sync_ms(folder)
    syncs = counter_of(running.store)
    load = Load(binary, folder, running, options, seconds, first_span, waits=True)
    time.sleep(ACCEPT_SECONDS)
    begin = Meters(running, sink, syncs)
    with sampling(running.rss_mib) as samples:
        load.begin()
        result, accepted = load.result()
        answered = time.monotonic()
        wait_delivered(sink, destinations, accepted, quiet)
    end = Meters(running, sink, syncs)
    syncs.close()
    threads = used(begin.threads, end.threads)
    cpu, elapsed = end.cpu_seconds - begin.cpu_seconds, end.time - begin.time
    per_span = 1e6 / max(result["spans_accepted"], 1)
    return Measurement(
        load=result,
        arrived={name: arrived_at(sink, name, accepted) for name in destinations},
        cpu_us_per_span=cpu * per_span,
        cpu_us_per_request=cpu * 1e6 / max(result["requests_ok"], 1),
        load_cpu_us_per_span=result["cpu_seconds"] * per_span,
        sink_cpu_us_per_span=(end.sink_cpu_seconds - begin.sink_cpu_seconds) * per_span,
        wake_ups_per_second=wake_ups(threads) / elapsed,
        threads={thread.name: {
            "cpu_us_per_request": thread.cpu_seconds * 1e6 / max(result["requests_ok"], 1),
            "wake_ups_per_request": thread.sleeps / max(result["requests_ok"], 1),
        } for thread in threads},
        syncs_per_second=None if end.syncs is None else (end.syncs - begin.syncs) / elapsed,
        sync_ms=one_sync_ms,
        rss_avg_mib=sum(samples) / len(samples),
        rss_max_mib=running.rss_max_mib(),
        behind_seconds=end.time - answered)


@dataclass
class Rest:
    """The measured cost of an idle system."""

    cpu_ms_per_second: float
    wake_ups_per_second: float
    rss_mib: float


def rest(running: Running, seconds: float) -> Rest:
    begun, threads, cpu = time.monotonic(), running.threads(), running.cpu_seconds()
    time.sleep(seconds)
    elapsed = time.monotonic() - begun
    return Rest(
        cpu_ms_per_second=(running.cpu_seconds() - cpu) * 1e3 / elapsed,
        wake_ups_per_second=wake_ups(used(threads, running.threads())) / elapsed,
        rss_mib=running.rss_mib())
