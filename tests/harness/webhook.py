# SPDX-License-Identifier: Apache-2.0
"""The operator's webhook as in a cluster: the manifests, except that the API server reaches the
operators of a test by loopback instead of a Service."""

import base64
import hashlib
import socket
import ssl

import yaml

from harness.control_plane import ControlPlane
from harness.installation import manifest
from harness.operator import NAMESPACE, Operator
from harness.own_cluster import ReservedPort

NAME = "dualtrace-operator"
SERVICE = "dualtrace-operator-webhook"
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/{SERVICE}"
REGISTRATION = "/apis/admissionregistration.k8s.io/v1"
CONFIGURATIONS = [
    f"{REGISTRATION}/mutatingwebhookconfigurations/{NAME}",
    f"{REGISTRATION}/validatingwebhookconfigurations/{NAME}",
]
# The Kubernetes maximum, because a busy machine exceeds the two seconds of the manifest.
PATIENT_SECONDS = 30
PODS, NAMESPACES, EXPORTS = "pods.dualtrace.dev", "namespaces.dualtrace.dev", "exports.dualtrace.dev"


class Webhook:
    """Up to two replicas: each entry of the configurations points to one of two ports. Used from
    one thread."""

    def __init__(self, plane: ControlPlane):
        self.plane = plane
        self._ports = [ReservedPort(), ReservedPort()]
        self.ports = [port.number for port in self._ports]
        plane.kubectl("apply", "--filename", "-", stdin=yaml.safe_dump_all(manifest("rbac-webhook.yaml")))

    def close(self) -> None:
        for port in self._ports:
            port.close()

    def options(self, replica: int = 0) -> list[str]:
        return [
            f"--webhook-service={NAMESPACE}/{SERVICE}",
            f"--webhook-listen=127.0.0.1:{self.ports[replica]}",
        ]

    def install(self, second: str = "", timeout_seconds: int | None = PATIENT_SECONDS) -> None:
        """The manifest; entry `second` points to the second replica. None: with its own timeout."""
        for one in manifest("webhook.yaml"):
            for entry in one.get("webhooks", []):
                entry["timeoutSeconds"] = timeout_seconds or entry["timeoutSeconds"]
                path = entry["clientConfig"].pop("service")["path"]
                port = self.ports[entry["name"] == second]
                entry["clientConfig"]["url"] = f"https://127.0.0.1:{port}{path}"
            self.plane.kubectl(
                "apply", "--server-side", "--filename", "-", stdin=yaml.safe_dump(one)
            )

    def uninstall(self) -> None:
        for path in [*CONFIGURATIONS, SECRET]:
            status, answer = self.plane.api.delete(path)
            assert status in (200, 404), answer

    # --- queries ---

    def entries(self) -> dict[str, dict]:
        found = {}
        for path in CONFIGURATIONS:
            status, configuration = self.plane.api.get(path)
            assert status == 200, configuration
            found |= {entry["name"]: entry for entry in configuration["webhooks"]}
        return found

    def bundles(self) -> dict[str, str]:
        """The CA bundle of each entry, as PEM."""
        return {
            name: base64.b64decode(entry["clientConfig"].get("caBundle", "")).decode()
            for name, entry in self.entries().items()
        }

    def authority(self) -> str:
        """The PEM of the signing CA; "" if the Secret has none that can be read."""
        status, secret = self.plane.api.get(SECRET)
        coded = (secret.get("data") or {}).get("ca.crt", "") if status == 200 else ""
        text = base64.b64decode(coded).decode()
        try:
            ssl.create_default_context(cadata=text)
        except ssl.SSLError:
            return ""
        return text

    def put(self, data: dict[str, str]) -> None:
        """Overwrites the Secret as a third party would."""
        coded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        status, answer = self.plane.api.patch(SECRET, {"data": coded})
        assert status == 200, answer

    def forget_bundles(self) -> None:
        """Removes the CA bundles, as a third party could."""
        for path in CONFIGURATIONS:
            _, configuration = self.plane.api.get(path)
            for entry in configuration["webhooks"]:
                entry["clientConfig"].pop("caBundle", None)
            assert self.plane.api.put(path, configuration)[0] == 200


def reviews(operator: Operator, path: str = "/mutate-pods") -> int:
    """The number of reviews that it has answered."""
    return int(operator.metric("dualtrace_operator_webhook_requests_total", path=path))


def shown_certificate(port: int, trusted: str) -> str:
    """The fingerprint of the webhook's certificate; ssl.SSLError if a client that trusts `trusted`
    rejects it."""
    context = ssl.create_default_context(cadata=trusted)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        name = f"{SERVICE}.{NAMESPACE}.svc"
        with context.wrap_socket(plain, server_hostname=name) as secure:
            return hashlib.sha256(secure.getpeercert(binary_form=True)).hexdigest()
