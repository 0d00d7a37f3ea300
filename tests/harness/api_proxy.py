# SPDX-License-Identifier: Apache-2.0
"""A proxy between a program and the API server: it forwards and records each request, and applies
the faults of networks and overloaded servers. It terminates TLS with its own certificate."""

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from harness.authority import Authority


class Fate(Enum):
    PASS = "passed on and answered"
    LOSE = "never arrives"
    LOSE_ANSWER = "arrives, but the answer does not"
    MUTE = "arrives, and the answer begins; nothing follows, and the connection stays"


@dataclass
class Refusal:
    """A response instead of the API server's."""

    status: int
    retry_after: int | None = None


@dataclass
class Torn:
    """The response ends after this number of bytes, whatever they are."""

    after_bytes: int


@dataclass
class Slow:
    """The response arrives in pieces of this number of bytes, with a pause after each."""

    piece_bytes: int
    pause: float


@dataclass
class Seen:
    """One request; `number` counts from 1."""

    number: int
    method: str
    path: str
    at: float = field(default_factory=time.monotonic)
    status: int | None = None  # None: not answered

    @property
    def is_write(self) -> bool:
        return self.method not in ("GET", "HEAD")

    @property
    def is_watch(self) -> bool:
        return "watch=" in self.path


# Called for each request, on that request's thread; None is PASS.
Rule = Callable[[Seen], Fate | Refusal | Torn | Slow | None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # a client that closed the connection during its handshake


class ApiProxy:
    """`rule` may be replaced at any time."""

    def __init__(self, folder: Path, server: str, upstream: ssl.SSLContext):
        self.rule: Rule | None = None
        self._upstream = (urlsplit(server).hostname, urlsplit(server).port, upstream)
        self._lock = threading.Lock()
        self._seen: list[Seen] = []
        self._open: set[socket.socket] = set()
        self._connected = True
        folder.mkdir(parents=True, exist_ok=True)
        self._authority = Authority(folder / "proxy-authority", "test proxy")
        self._folder = folder
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(*self._authority.issue("proxy"))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def kubeconfig(self, direct: Path) -> Path:
        """The kubeconfig `direct`, but through this proxy."""
        config = json.loads(direct.read_text())
        config["clusters"][0]["cluster"] = {
            "server": f"https://127.0.0.1:{self._server.server_address[1]}",
            "certificate-authority": str(self._authority.certificate),
        }
        path = self._folder / f"{direct.parent.name}-by-proxy.kubeconfig"
        path.touch(0o600)
        path.write_text(json.dumps(config))
        return path

    def seen(self, since: int = 0) -> list[Seen]:
        """The requests with a higher number."""
        with self._lock:
            return self._seen[since:]

    def count(self) -> int:
        with self._lock:
            return len(self._seen)

    def watched(self, since: int = 0) -> set[str]:
        """The paths whose watches were answered."""
        answered = [seen for seen in self.seen(since) if seen.is_watch and seen.status]
        return {seen.path.partition("?")[0] for seen in answered}

    def disconnect(self) -> None:
        """Drops all connections; new ones are closed immediately."""
        with self._lock:
            self._connected = False
        self.cut()

    def reconnect(self) -> None:
        with self._lock:
            self._connected = True

    def cut(self) -> None:
        """Drops all connections, and accepts new ones."""
        with self._lock:
            doomed, self._open = self._open, set()
        for one in doomed:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # its peer was faster

    def close(self) -> None:
        self.disconnect()
        self._server.shutdown()
        self._server.server_close()

    def _opened(self, connection: socket.socket) -> bool:
        with self._lock:
            if self._connected:
                self._open.add(connection)
            return self._connected

    def _closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    def _note(self, method: str, path: str) -> Seen:
        with self._lock:
            seen = Seen(len(self._seen) + 1, method, path)
            self._seen.append(seen)
            return seen

    def _handler(self):
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                # The handshake runs on this connection's thread, so that a slow one does not block others.
                self.request.settimeout(600)
                self.request = proxy._tls.wrap_socket(self.request, server_side=True)
                super().setup()

            def handle(self):
                if not proxy._opened(self.connection):
                    return
                try:
                    super().handle()
                except (OSError, ValueError):
                    pass  # cut by the proxy or by the client
                finally:
                    proxy._closed(self.connection)
                    self.connection.close()

            def log_message(self, *_):
                pass

            def do_GET(self):
                seen = proxy._note(self.command, self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fate = (proxy.rule(seen) if proxy.rule else None) or Fate.PASS
                if fate is Fate.LOSE:
                    return self._hang_up()
                if isinstance(fate, Refusal):
                    return self._refuse(seen, fate)
                self._pass_on(seen, body, fate)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

            def _hang_up(self):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

            def _refuse(self, seen: Seen, refusal: Refusal):
                body = json.dumps(
                    {
                        "kind": "Status",
                        "apiVersion": "v1",
                        "status": "Failure",
                        "code": refusal.status,
                    }
                ).encode()
                seen.status = refusal.status
                self.send_response(refusal.status)
                if refusal.retry_after is not None:
                    self.send_header("Retry-After", str(refusal.retry_after))
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _pass_on(self, seen: Seen, body: bytes, fate: Fate | Torn | Slow):
                host, port, context = proxy._upstream
                server = http.client.HTTPSConnection(host, port, timeout=600, context=context)
                try:
                    headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
                    server.request(self.command, self.path, body or None, headers)
                    response = server.getresponse()
                    if fate is Fate.LOSE_ANSWER:
                        response.read()
                        return self._hang_up()
                    seen.status = response.status
                    self._answer(response, fate)
                except (OSError, http.client.HTTPException):
                    self._hang_up()  # the API server is down, so the proxy appears down, too
                finally:
                    server.close()

            def _answer(self, response: http.client.HTTPResponse, fate: Fate | Torn | Slow):
                self.send_response(response.status)
                for name, value in response.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                left = fate.after_bytes if isinstance(fate, Torn) else None
                piece_max = fate.piece_bytes if isinstance(fate, Slow) else 65536
                while piece := response.read1(piece_max):
                    if fate is Fate.MUTE:
                        continue
                    if left is not None:
                        piece, left = piece[:left], left - len(piece)
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    if left is not None and left <= 0:
                        return self._hang_up()
                    if isinstance(fate, Slow):
                        time.sleep(fate.pause)
                self.wfile.write(b"0\r\n\r\n")

        return Handler
