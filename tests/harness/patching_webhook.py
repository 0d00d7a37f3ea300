# SPDX-License-Identifier: Apache-2.0
"""Third-party webhooks: each patches the pods that the API server sends it, in one way."""

import base64
import contextlib
import http.server
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

Patch = list[dict]


def say_skipped(pod: dict) -> Patch:
    """Patches as an operator does that has no exports."""
    note = {"dualtrace.dev/skipped": "NoExport: there is none"}
    annotations = {**pod["metadata"]["annotations"], **note}
    return [{"op": "add", "path": "/metadata/annotations", "value": annotations}]


def add_sidecar(_pod: dict) -> Patch:
    """Patches as a service mesh does."""
    sidecar = {"name": "mesh-proxy", "image": "registry.example/mesh-proxy:1"}
    return [{"op": "add", "path": "/spec/containers/-", "value": sidecar}]


@contextlib.contextmanager
def patching_webhook(
    certificate: Path, key: Path, make_patch: Callable[[dict], Patch]
) -> Iterator[int]:
    """The port of a running webhook, on 127.0.0.1 and on its own thread."""

    class Patching(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            patch = make_patch(review["request"]["object"])
            response = {
                "uid": review["request"]["uid"],
                "allowed": True,
                "patchType": "JSONPatch",
                "patch": base64.b64encode(json.dumps(patch).encode()).decode(),
            }
            body = json.dumps({**review, "request": None, "response": response}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Logs nothing: the test's output is for failures."""

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Patching)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
