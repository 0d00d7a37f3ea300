# SPDX-License-Identifier: Apache-2.0
"""Kubeconfigs for ServiceAccounts, with the files that a pod would have: a token and the server's
CA."""

import base64
import json
import subprocess
import time
from pathlib import Path

from cluster.identities import kubeconfig

from harness.kubernetes_api import KubernetesApi

ISSUER = "https://kubernetes.default.svc.cluster.local"
# TokenRequest rejects shorter lifetimes.
REQUESTED_SECONDS_MIN = 600
# The API server accepts a token for this long after its expiry: go-jose's leeway for clock skew.
LEEWAY_SECONDS = 60


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed_token(key: Path, account: dict, lifetime: float) -> str:
    """A token like that of a TokenRequest, but rejected after `lifetime`, however short: for tests
    of expired tokens. The API server caches a success for 10 s longer."""
    meta = account["metadata"]
    now = time.time()
    claims = {
        "iss": ISSUER,
        "sub": f"system:serviceaccount:{meta['namespace']}:{meta['name']}",
        "aud": [ISSUER],
        "iat": int(now) - 3600,
        "nbf": int(now) - 3600,
        "exp": int(now + lifetime - LEEWAY_SECONDS),
        "kubernetes.io": {
            "namespace": meta["namespace"],
            "serviceaccount": {"name": meta["name"], "uid": meta["uid"]},
        },
    }
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
    signed = ".".join(_base64url(part) for part in parts)
    signature = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", key],
        input=signed.encode(),
        capture_output=True,
        check=True,
    ).stdout
    return f"{signed}.{_base64url(signature)}"


class ServiceAccountKubeconfig:
    """The kubeconfig at `path` refers to the files `token` and `ca.crt` next to it, so that a test
    can renew either, as the kubelet does in a pod."""

    def __init__(self, api: KubernetesApi, folder: Path, namespace: str, name: str):
        self._api = api
        self._folder = folder
        self._accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        self._name = name
        self.path = folder / "kubeconfig"
        folder.mkdir(parents=True, exist_ok=True)
        self._account = self._created()

    def _created(self) -> dict:
        status, account = self._api.get(f"{self._accounts}/{self._name}")
        if status == 404:
            meta = {"metadata": {"name": self._name}}
            status, account = self._api.post(self._accounts, meta)
        assert status in (200, 201), account
        return account

    def write(self, server: str, authority: str, namespace: str) -> Path:
        self.renew_authority(authority)
        trust = {"certificate-authority": str(self._folder / "ca.crt")}
        user = {"tokenFile": str(self._folder / "token")}
        self.path.write_text(kubeconfig(server, trust, user, namespace))
        return self.path

    def renew_token(self, lifetime: float, key: Path | None) -> None:
        """Requested from the API server, or signed with `key` if the lifetime is too short for a
        request."""
        if key is not None:
            self._replace("token", signed_token(key, self._account, lifetime))
            return
        wish = {"spec": {"expirationSeconds": int(lifetime)}}
        status, answer = self._api.post(f"{self._accounts}/{self._name}/token", wish)
        assert status == 201, answer
        self._replace("token", answer["status"]["token"])

    def renew_authority(self, authority: str) -> None:
        self._replace("ca.crt", authority)

    def _replace(self, name: str, content: str) -> None:
        """Replaces the file atomically: a reader finds the old or the new content."""
        new = self._folder / f".{name}"
        new.touch(0o600)
        new.write_text(content)
        new.replace(self._folder / name)
