# SPDX-License-Identifier: Apache-2.0
"""A forward proxy that knows where hosts are: with it, an agent calls real host names, and reaches
programs on this machine."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness.relay import pump


class ConnectProxy:
    """`routes` is the local port by host:port. A CONNECT to anything else is refused."""

    def __init__(self, routes: dict[str, int]):
        self.asked: set[str] = set()
        proxy = self

        class Tunnel(BaseHTTPRequestHandler):
            def do_CONNECT(self):
                proxy.asked.add(self.path)
                if self.path not in routes:
                    return self.send_error(403)
                with socket.create_connection(("127.0.0.1", routes[self.path])) as target:
                    self.send_response(200)
                    self.end_headers()
                    back = threading.Thread(target=pump, args=(target, self.connection), daemon=True)
                    back.start()
                    pump(self.connection, target)
                    back.join()
                self.close_connection = True

            def log_message(self, *unused):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Tunnel)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> "ConnectProxy":
        return self

    def __exit__(self, *unused) -> None:
        self._server.shutdown()
        self._server.server_close()
