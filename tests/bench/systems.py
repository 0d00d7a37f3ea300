# SPDX-License-Identifier: Apache-2.0
"""The systems compared: dualtrace, the OpenTelemetry Collector with each of its queues, rotel. All
accept OTLP on two ports and deliver to the sink: gRPC to one destination, HTTP to the other,
compressed or not. Each runs with its own defaults except for the addresses."""

import json
import os
import random
import re
import socket
import time
from copy import copy
from dataclasses import dataclass
from pathlib import Path

from harness.authority import Authority
from harness.files import of_files_below
from harness.processes import Process, wait_until

SPACE_ID = "U3BhY2U6MTpiZW5j"  # base64 of Space:1:benc
DESTINATIONS = ("arize", "databricks")


@dataclass(frozen=True)
class Link:
    """The addresses of a system, and those of the destinations."""

    gzip: bool = False  # to the destinations; the load sets its own
    tls: bool = False  # to the destinations
    client_tls: bool = False  # from clients
    client_certificates: bool = False  # whether clients need one


class Certificates:
    """The certificates of one CA that everyone trusts: for the systems, the sink and the
    clients."""

    def __init__(self, folder: Path):
        authority = Authority(folder, "bench authority")
        self.ca = str(authority.certificate)
        self.server, self.server_key = map(str, authority.issue("server"))
        self.client, self.client_key = map(str, authority.issue("client"))


def free_port() -> int:
    """Below the ephemeral ports: no outgoing connection takes one of them before the peer
    listens."""
    outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(10_000, outgoing)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue  # taken


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def keep_nice(pid: int) -> None:
    """Gives the process's session our nice value: Linux first divides the CPU between sessions
    (sched_autogroup), and each program here has its own."""
    autogroup = Path(f"/proc/{pid}/autogroup")
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    if nice != 0 and autogroup.exists():
        autogroup.write_text(str(nice))


def cpu_seconds(process: Process) -> float:
    """User and system time from the POSIX CPU clock of another process, including ended threads."""
    return time.clock_gettime(((~process.pid) << 3) | 2)


@dataclass
class Thread:
    """The CPU time that a thread has used since it started."""

    name: str
    cpu_seconds: float = 0
    sleeps: int = 0  # voluntary context switches


def used(before: dict[str, Thread], after: dict[str, Thread]) -> list[Thread]:
    """The difference between two calls of Running.threads(), by name, without ended threads."""
    sums: dict[str, Thread] = {}
    for number, thread in after.items():
        begun = before.get(number, Thread(thread.name))
        total = sums.setdefault(thread.name, Thread(thread.name))
        total.cpu_seconds += thread.cpu_seconds - begun.cpu_seconds
        total.sleeps += thread.sleeps - begun.sleeps
    return list(sums.values())


def wake_ups(threads: list[Thread]) -> int:
    return sum(thread.sleeps for thread in threads)


@dataclass
class Running:
    """A system that accepts spans."""

    process: Process
    grpc_port: int
    http_port: int
    store: Path  # the folder of its queues
    client_options: tuple = ()  # options of dualtrace-load, for TLS

    def __post_init__(self):
        keep_nice(self.process.pid)

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process)

    def threads(self) -> dict[str, Thread]:
        """Threads by their ids."""
        threads = {}
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                status = (task / "status").read_text()
                nanoseconds = int((task / "schedstat").read_text().split()[0])
            except OSError:  # the thread has ended
                continue
            name, sleeps = (re.search(rf"^{key}:\s+(.+)", status, re.MULTILINE)[1]
                            for key in ("Name", "voluntary_ctxt_switches"))
            threads[task.name] = Thread(name, nanoseconds / 1e9, int(sleeps))
        return threads

    def rss_mib(self) -> float:
        return self._memory("VmRSS")

    def rss_max_mib(self) -> float:
        return self._memory("VmHWM")

    def _memory(self, name: str) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"no {name} of {self.process.name}")

    def disk_mib(self) -> float:
        return disk_mib(self.store)

    def stop(self) -> None:
        self.process.stop(timeout=60)


def disk_mib(folder: Path) -> float:
    """The disk space that its files use."""
    return sum(of_files_below(folder, lambda file: file.stat().st_blocks).values()) * 512 / 2**20


class System:
    """The subject of one row. `key` selects it, `title` is its name in the table."""

    key = ""
    title = ""
    destinations = DESTINATIONS

    def start(self, folder: Path, sink, link: Link) -> Running:
        raise NotImplementedError


def client_options(link: Link, certificates: Certificates | None) -> tuple:
    if not link.client_tls:
        return ()
    shown = ("--certificate", certificates.client, "--key", certificates.client_key)
    return ("--ca", certificates.ca, *(shown if link.client_certificates else ()))


class Dualtrace(System):
    key = "dualtrace"
    title = "dualtrace (Disk)"

    def __init__(self, binary: Path, changes: dict | None = None):
        self.binary = binary
        self.changes = changes or {}  # to whole sections of the configuration

    @classmethod
    def of_before(cls, binary: Path) -> "Dualtrace":
        """The agent of another build, measured in addition to this one."""
        made = cls(binary)
        made.key, made.title = "dualtrace-before", "dualtrace (Disk), before"
        return made

    def with_changes(self, changes: dict) -> "Dualtrace":
        made = copy(self)
        made.changes = changes
        return made

    def start(self, folder: Path, sink, link: Link) -> Running:
        compression = "GZIP" if link.gzip else "None"
        (folder / "key").write_text("bench")
        (folder / "space").write_text(SPACE_ID)
        trusted = {"caFile": sink.certificates.ca} if link.tls else {}
        config = {  # JSON is valid YAML
            "receiver": {"listen": ["127.0.0.1:0"], **self._receiver_tls(sink, link)},
            "arize": {
                "endpoint": sink.grpc_url(link.tls),
                "compression": compression,
                "credentials": {"apiKeyFile": "key", "spaceIDFile": "space"},
                **trusted,
            },
            "databricks": {
                "workspaceURL": sink.url("", link.tls),
                "table": "main.traces.bench_otel_spans",
                "compression": compression,
                "auth": {"tokenFile": "key"},
                **trusted,
            },
            "delivery": {"folder": str(folder / "data")},
            "observe": {"listen": "127.0.0.1:0"},
            **self.changes,
        }
        (folder / "agent.yaml").write_text(json.dumps(config))
        process = Process("agent", [self.binary, "--config", folder / "agent.yaml"], folder)
        ready = wait_until(lambda: ready_line(process), "the agent is ready", process=process)
        port = int(ready["receiver_ports"])
        return Running(process, port, port, folder / "data",
                       client_options(link, sink.certificates))

    @staticmethod
    def _receiver_tls(sink, link: Link) -> dict:
        if not link.client_tls:
            return {}
        certificates = sink.certificates
        tls = {"certificateFile": certificates.server, "keyFile": certificates.server_key}
        if link.client_certificates:
            tls["clientCAFile"] = certificates.ca
        return {"tls": tls}


def ready_line(process: Process) -> dict | None:
    for line in process.output().splitlines():
        if '"agent ready"' in line:
            return json.loads(line)
    return None


class Collector(System):
    """The OpenTelemetry Collector: the batch processor and both exporters with their defaults."""

    def __init__(self, binary: Path, queue: str, fsync: bool = False, batch: bool = True):
        self.binary = binary
        self.stored = queue == "file_storage"
        self.fsync = fsync
        self.batch = batch
        words = [queue] + ["fsync"] * fsync + ["no batch"] * (not batch)
        self.key = "collector-" + "-".join(words).replace("_storage", "").replace(" ", "-")
        self.title = f"Collector ({', '.join(words)})"

    def start(self, folder: Path, sink, link: Link) -> Running:
        grpc_port, http_port = free_port(), free_port()
        store = folder / "store"
        store.mkdir()
        compression = "gzip" if link.gzip else "none"
        receiver_tls = self._receiver_tls(sink, link)
        trust = {"tls": {"ca_file": sink.certificates.ca} if link.tls else {"insecure": True}}
        queue = {"sending_queue": {"storage": "file_storage"}} if self.stored else {}
        config = {
            "receivers": {"otlp": {"protocols": {
                "grpc": {"endpoint": f"127.0.0.1:{grpc_port}", "max_recv_msg_size_mib": 64,
                         **receiver_tls},
                "http": {"endpoint": f"127.0.0.1:{http_port}", **receiver_tls},
            }}},
            "processors": {"batch": {}},
            "exporters": {
                "otlp_grpc": {"endpoint": sink.grpc_url(link.tls), "compression": compression,
                              **trust, **queue},
                "otlp_http": {"traces_endpoint": sink.url("/databricks/v1/traces", link.tls),
                              "compression": compression, **trust, **queue},
            },
            "extensions": {"file_storage": {"directory": str(store), "fsync": self.fsync}},
            "service": {
                "extensions": ["file_storage"] if self.stored else [],
                "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
                "pipelines": {"traces": {"receivers": ["otlp"],
                                         "processors": ["batch"] if self.batch else [],
                                         "exporters": ["otlp_grpc", "otlp_http"]}},
            },
        }
        (folder / "collector.yaml").write_text(json.dumps(config))
        process = Process("collector", [self.binary, "--config", folder / "collector.yaml"], folder)
        wait_until(lambda: listens(grpc_port) and listens(http_port), "the Collector listens",
                   process=process)
        return Running(process, grpc_port, http_port, store,
                       client_options(link, sink.certificates))

    @staticmethod
    def _receiver_tls(sink, link: Link) -> dict:
        if not link.client_tls:
            return {}
        certificates = sink.certificates
        tls = {"cert_file": certificates.server, "key_file": certificates.server_key}
        if link.client_certificates:
            tls["client_ca_file"] = certificates.ca
        return {"tls": tls}


class Rotel(System):
    """rotel supports only one traces exporter, so it does half of the others' work. Its receiver
    has no TLS."""

    key = "rotel"
    title = "rotel (memory, **one** destination)"
    destinations = ("arize",)

    def __init__(self, binary: Path):
        self.binary = binary

    def start(self, folder: Path, sink, link: Link) -> Running:
        grpc_port, http_port = free_port(), free_port()
        # 0.0.1a15 rejects --otlp-exporter-tls-ca-file, with or without a certificate and a key.
        trust = {"SSL_CERT_FILE": sink.certificates.ca} if link.tls else {}
        process = Process("rotel", [
            self.binary, "start",
            "--otlp-grpc-endpoint", f"127.0.0.1:{grpc_port}",
            "--otlp-http-endpoint", f"127.0.0.1:{http_port}",
            "--otlp-grpc-max-recv-msg-size-mib", 64,
            "--exporter", "otlp",
            "--otlp-exporter-endpoint", sink.grpc_url(link.tls),
            "--otlp-exporter-protocol", "grpc",
            "--otlp-exporter-compression", "gzip" if link.gzip else "none",
        ], folder, trust)
        wait_until(lambda: listens(grpc_port) and listens(http_port), "rotel listens",
                   process=process)
        return Running(process, grpc_port, http_port, folder)
