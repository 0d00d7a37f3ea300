# SPDX-License-Identifier: Apache-2.0
"""Sends one request in each of OTLP's protocols, with curl, which permits any header and body, and
reads the response: the HTTP status or gRPC code, and its google.rpc.Status."""

import base64
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from google.protobuf import json_format
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
TRACES = "/v1/traces"
PROTOBUF, JSON = "application/x-protobuf", "application/json"
VERSIONS = {"HTTP/1.1": "--http1.1", "HTTP/2": "--http2-prior-knowledge"}


@dataclass
class Answer:
    http_status: int
    headers: dict[str, str]  # and trailers; names in lower case
    body: bytes

    @property
    def grpc_code(self) -> int:
        return int(self.headers["grpc-status"])

    def status(self) -> Status:
        """The google.rpc.Status of a rejection, in whichever format it was sent."""
        if "grpc-status" in self.headers:
            details = self.headers.get("grpc-status-details-bin")
            if details:
                return Status.FromString(base64.b64decode(details + "=" * (-len(details) % 4)))
            message = unquote(self.headers["grpc-message"])
            return Status(code=self.grpc_code, message=message)
        if self.headers["content-type"] == JSON:
            return json_format.Parse(self.body, Status())
        assert self.headers["content-type"] == PROTOBUF, self.headers
        return Status.FromString(self.body)

    def retry_seconds(self) -> float | None:
        """The delay in RetryInfo."""
        for detail in self.status().details:
            info = RetryInfo()
            if detail.Unpack(info):
                return info.retry_delay.seconds + info.retry_delay.nanos / 1e9
        return None


def parse_head(text: str) -> tuple[int, dict[str, str]]:
    """The status and headers of a response head, or of several blocks (trailers are another block);
    the last status counts."""
    status, headers = 0, {}
    for line in text.replace("\r", "").split("\n"):
        name, colon, value = line.partition(":")
        if line.startswith("HTTP/"):
            status, headers = int(line.split()[1]), {}
        elif colon:
            headers[name.strip().lower()] = value.strip()
    return status, headers


def parse_answer(data: bytes) -> Answer:
    """The first response in HTTP/1.1 bytes."""
    head, _, rest = data.partition(b"\r\n\r\n")
    status, headers = parse_head(head.decode("latin-1"))
    return Answer(status, headers, rest[: int(headers.get("content-length", 0))])


def request(
    folder: Path,
    endpoint: str,
    body: bytes,
    content_type: str | None = PROTOBUF,
    headers: dict[str, str] | None = None,
    path: str = TRACES,
    method: str = "POST",
    version: str = "HTTP/1.1",
) -> Answer:
    head_file, body_file = folder / "answer.head", folder / "answer.body"
    for old in (head_file, body_file):
        old.unlink(missing_ok=True)
    # curl omits a header without a value.
    fields = {"Content-Type": content_type or "", "Expect": "", **(headers or {})}
    lines = [f"{name}: {value}".strip() for name, value in fields.items()]
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "60", VERSIONS[version]]
        + ["--request", method, "--data-binary", "@-", "--dump-header", head_file]
        + ["--output", body_file, *[option for line in lines for option in ("--header", line)]]
        + [f"http://{endpoint}{path}"],
        input=body,
        capture_output=True,
    )
    status, answered = parse_head(head_file.read_text()) if head_file.exists() else (0, {})
    # curl may fail to send a whole body that is refused early, although there is an answer.
    assert status, f"no answer: {done.stderr.decode()}"
    return Answer(status, answered, body_file.read_bytes() if body_file.exists() else b"")
