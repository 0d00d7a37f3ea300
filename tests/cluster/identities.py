# SPDX-License-Identifier: Apache-2.0
"""The certificates, keys and kubeconfigs of a control plane."""

import base64
import json
import subprocess
from pathlib import Path

from harness.authority import Authority

# Long enough for a developer's cluster that stays up.
DAYS = 365


def _data(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def kubeconfig(server: str, authority: dict, user: dict, namespace: str = "default") -> str:
    """In JSON, which is also YAML; `authority` and `user` are the fields with the CA and the
    credentials."""
    parts = {
        "clusters": [{"name": "dualtrace", "cluster": {"server": server, **authority}}],
        "users": [{"name": "dualtrace", "user": user}],
        "contexts": [
            {
                "name": "dualtrace",
                "context": {"cluster": "dualtrace", "user": "dualtrace", "namespace": namespace},
            }
        ],
    }
    return json.dumps(
        {"apiVersion": "v1", "kind": "Config", **parts, "current-context": "dualtrace"}, indent=1
    )


class Identities:
    """The certificates and keys, in files. Clients trust the API server by one CA, which can be
    replaced, and it trusts them by another."""

    def __init__(self, folder: Path, hosts: list[str]):
        self.folder = folder
        folder.mkdir(mode=0o700)
        self._hosts = ",".join(
            f"{'IP' if host[0].isdigit() else 'DNS'}:{host}"
            for host in ["127.0.0.1", "localhost", "kubernetes.default.svc", *hosts]
        )
        self._clients = Authority(folder / "clients", "dualtrace clients", DAYS)
        self.client_authority = self._clients.certificate
        self.service_account_key = folder / "service-account.key"
        self._openssl("genrsa", "-out", self.service_account_key.name, "2048")
        self.server_certificate, self.server_key = folder / "server.pem", folder / "server.key"
        self._authorities = 0
        self.new_server_authority()

    def _openssl(self, *arguments) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def new_server_authority(self) -> None:
        """Replaces the CA, and the API server's certificate by one from the new CA."""
        self._authorities += 1
        name = f"server-authority-{self._authorities}"
        authority = Authority(self.folder / name, "dualtrace API server", DAYS)
        self.server_authority = authority.certificate
        certificate, key = authority.issue("kube-apiserver", alternatives=self._hosts)
        key.replace(self.server_key)
        certificate.replace(self.server_certificate)

    def client(self, user: str, group: str = "") -> tuple[Path, Path]:
        return self._clients.issue(user, group)

    def write_kubeconfig(self, path: Path, server: str, user: str, group: str = "") -> Path:
        """A self-contained kubeconfig, which can be copied."""
        certificate, key = self.client(user, group)
        path.touch(0o600)
        path.write_text(
            kubeconfig(
                server,
                {"certificate-authority-data": _data(self.server_authority)},
                {"client-certificate-data": _data(certificate), "client-key-data": _data(key)},
            )
        )
        return path
