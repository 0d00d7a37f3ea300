# SPDX-License-Identifier: Apache-2.0
"""Third-party servers that verify that a trace keeps its meaning on its way through dualtrace."""

import http.server
import socket
import threading
import urllib.request
from pathlib import Path
from urllib.parse import quote

from google.protobuf import json_format
from harness.http import answers, fetch_json
from harness.otlp import attributes_of
from harness.processes import wait_until
from opentelemetry.proto.trace.v1.trace_pb2 import Span


def free_port() -> int:
    """For servers that do not report the port that they chose."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Phoenix:
    """Arize Phoenix: accepts OTLP over gRPC, as Arize does."""

    def __init__(self, stage, environment: Path):
        self.port = free_port()
        self.grpc_port = free_port()
        folder = stage.folder / "phoenix-data"
        folder.mkdir()
        self.process = stage.process(
            "phoenix",
            [environment / "bin" / "phoenix", "serve"],
            {
                "PHOENIX_WORKING_DIR": str(folder),
                "PHOENIX_HOST": "127.0.0.1",
                "PHOENIX_PORT": str(self.port),
                "PHOENIX_GRPC_PORT": str(self.grpc_port),
                "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
                "PHOENIX_TELEMETRY_ENABLED": "false",
            },
        )

    def wait_ready(self) -> None:
        url = f"http://127.0.0.1:{self.port}/readyz"
        wait_until(lambda: answers(url), "Phoenix is ready", timeout=180, process=self.process)

    def spans(self, project: str) -> list[dict]:
        url = f"http://127.0.0.1:{self.port}/v1/projects/{quote(project)}/spans/otlpv1?limit=1000"
        try:
            data = fetch_json(url)["data"]
        except AssertionError:  # the first span creates the project
            return []
        return [_phoenix_span(span) for span in data]


def _phoenix_span(span: dict) -> dict:
    return {
        "trace_id": span["trace_id"],
        "span_id": span["span_id"],
        "parent_span_id": span.get("parent_span_id") or "",
        "name": span["name"],
        "attributes": {pair["key"]: _json_value(pair["value"]) for pair in span["attributes"]},
    }


def _json_value(value: dict):
    """An OTLP/JSON value, with member names in either spelling."""
    (kind, content), *_ = [(key, item) for key, item in value.items() if item is not None]
    kind = kind.replace("_", "").lower()
    if kind == "arrayvalue":
        return [_json_value(item) for item in content["values"]]
    return int(content) if kind == "intvalue" else content


class Mlflow:
    """MLflow: accepts OTLP over HTTP. It requires a header that none of our exporters sends, so a
    proxy in front adds it and changes nothing else."""

    def __init__(self, stage, environment: Path):
        self.port = free_port()
        folder = stage.folder / "mlflow-data"
        folder.mkdir()
        self.process = stage.process(
            "mlflow",
            [environment / "bin" / "mlflow", "server", "--host", "127.0.0.1", "--port", self.port]
            + ["--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
            + ["--default-artifact-root", folder],
            {
                "PATH": f"{environment}/bin:/usr/bin:/bin",
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            },
        )
        self.proxy = HeaderProxy(self.port, {"x-mlflow-experiment-id": "0"})

    def wait_ready(self) -> None:
        url = f"http://127.0.0.1:{self.port}/health"
        wait_until(lambda: answers(url), "MLflow is ready", timeout=180, process=self.process)

    def trace(self, trace_id: str) -> dict | None:
        """{"spans": […], "tags": {…}} after the trace has arrived."""
        url = f"http://127.0.0.1:{self.port}/api/3.0/mlflow/traces/get"
        try:
            trace = fetch_json(f"{url}?trace_id=tr-{trace_id}&allow_partial=true")["trace"]
        except AssertionError:  # not stored yet
            return None
        spans = [_mlflow_span(span) for span in trace.get("spans", [])]
        return {"spans": spans, "tags": trace["trace_info"].get("tags", {})}


def _mlflow_span(span: dict) -> dict:
    decoded = json_format.ParseDict(span, Span(), ignore_unknown_fields=True)
    return {
        "trace_id": decoded.trace_id.hex(),
        "span_id": decoded.span_id.hex(),
        "parent_span_id": decoded.parent_span_id.hex(),
        "name": decoded.name,
        "attributes": attributes_of(decoded.attributes),
    }


class HeaderProxy:
    """An HTTP proxy for POST that adds headers."""

    def __init__(self, target_port: int, headers: dict):
        class Relay(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept = {name: self.headers[name] for name in ("Content-Type", "Content-Encoding")}
                request = urllib.request.Request(
                    f"http://127.0.0.1:{target_port}{self.path}",
                    body,
                    {**{name: value for name, value in kept.items() if value}, **headers},
                )
                try:
                    with urllib.request.urlopen(request) as answer:
                        self.relay(answer)
                except urllib.error.HTTPError as answer:
                    self.relay(answer)

            def relay(self, answer):
                body = answer.read()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *unused):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Relay)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
