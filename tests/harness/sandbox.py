# SPDX-License-Identifier: Apache-2.0
"""Runs dualtrace-sandbox, which simulates both destinations, and queries what it received."""

import json
import os
from pathlib import Path

from harness.http import fetch_json
from harness.processes import PATIENCE_SECONDS, Process, wait_until
from harness.span_store import SpanStore

API_KEY = "ak-sandbox-0123456789"
SPACE_ID = "U3BhY2U6MTpkZW1v"
TOKEN = "dapi-sandbox-0123456789"
CLIENT_ID = "7c1f0e52-0000-4000-8000-1f2e3d4c5b6a"
CLIENT_SECRET = "dose-sandbox-0123456789"
ACCESS = {"service_principals": {CLIENT_ID: {"secrets": [CLIENT_SECRET]}}}
TABLE = "main.traces.agents_otel_spans"
DESTINATIONS = ("arize", "databricks")
PROJECT = "sandbox"
# The project that an agent with agent_config() adds to a resource without one.
ADDED_PROJECT = {"openinference.project.name": PROJECT, "model_id": PROJECT}


def write_secret(file: Path, secret: str) -> Path:
    """A file that only its owner can read; replaced as a whole, as a mounted Secret is."""
    new = file.with_name(file.name + ".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(secret)
    new.rename(file)
    return file


class Sandbox(SpanStore):
    def __init__(
        self,
        binary: Path,
        folder: Path,
        tls: bool = False,
        table: str = TABLE,
        bodies: bool = True,
        names: tuple[str, ...] = (),
    ):
        self.binary = binary
        self.folder = folder
        self.tls = tls
        self.table = table
        self.bodies = bodies  # whether requests() may be called
        self.names = names  # in its certificate, in addition to the defaults
        folder.mkdir(parents=True, exist_ok=True)
        self.api_key_file = write_secret(folder / "arize-api-key", API_KEY)
        self.space_id_file = write_secret(folder / "arize-space-id", SPACE_ID)
        self.token_file = write_secret(folder / "databricks-token", TOKEN)
        self.client_id_file = write_secret(folder / "databricks-client-id", CLIENT_ID)
        self.client_secret_file = write_secret(folder / "databricks-client-secret", CLIENT_SECRET)
        self.access_file = write_secret(folder / "access.json", json.dumps(ACCESS))
        self.data = folder / "data"
        super().__init__(self.data / "spans.db")
        self.ca_file = self.data / "ca.pem"

    def start(self) -> "Sandbox":
        arguments = [self.binary, "--folder", self.data, "--listen", "127.0.0.1"]
        arguments += ["--arize-api-key-file", self.api_key_file, "--arize-space", SPACE_ID]
        arguments += ["--databricks-token-file", self.token_file]
        arguments += ["--databricks-table", f"{self.table}=v2", "--access-file", self.access_file]
        if self.tls:
            arguments.append("--tls")
        arguments += [f"--dns-name={name}" for name in self.names]
        if not self.bodies:
            arguments.append("--no-bodies")
        self.process = Process("sandbox", arguments, self.folder)
        ports = self.data / "ports.json"
        wait_until(ports.exists, "the sandbox is ready", timeout=60, process=self.process)
        self.ports = json.loads(ports.read_text())
        return self

    def url(self, port: str, path: str = "") -> str:
        scheme = "https" if self.tls and port != "admin" else "http"
        # An address, not a name: a bare container may not know localhost.
        return f"{scheme}://127.0.0.1:{self.ports[port]}{path}"

    def agent_config(self, arize_protocol: str = "GRPC", project: str | None = PROJECT) -> dict:
        """The destinations' part of an agent's configuration."""
        port = "arize_grpc" if arize_protocol == "GRPC" else "arize_http"
        path = "" if arize_protocol == "GRPC" else "/v1/traces"
        config = {
            "arize": {
                "endpoint": self.url(port, path),
                "protocol": arize_protocol,
                "credentials": {
                    "apiKeyFile": str(self.api_key_file),
                    "spaceIDFile": str(self.space_id_file),
                },
            },
            "databricks": {
                "workspaceURL": self.url("databricks"),
                "table": self.table,
                "auth": {"tokenFile": str(self.token_file)},
            },
        }
        if project is not None:
            config["arize"]["project"] = project
        if self.tls:
            for destination in DESTINATIONS:
                config[destination]["caFile"] = str(self.ca_file)
        return config

    def oauth(self) -> dict:
        """The value of databricks.auth in an agent's configuration."""
        files = {
            "clientIDFile": str(self.client_id_file),
            "clientSecretFile": str(self.client_secret_file),
        }
        return {"oauth": files}

    # --- the admin endpoint ---

    def admin(self, path: str, body: dict | None = None):
        method = "GET" if body is None else "POST"
        return fetch_json(self.url("admin", path), body, method)

    def stats(self) -> dict:
        return self.admin("/stats")

    def allow(self, **access) -> None:
        """Sets the permissions: the fields of POST /credentials."""
        self.admin("/credentials", access)

    def fault(self, destination: str, kind: str, **members) -> None:
        self.admin(f"/faults/{destination}", {"kind": kind, **members})

    def wait_for(self, ids, destinations=DESTINATIONS, timeout: float = PATIENCE_SECONDS) -> None:
        """Waits until each destination has stored all these spans."""
        wanted = set(ids)
        for destination in destinations:
            wait_until(
                lambda: wanted <= set(self.ids(destination)),
                f"{len(wanted)} spans are at {destination}",
                timeout,
                process=self.process,
            )

    def stop(self) -> int:
        return self.process.stop()
