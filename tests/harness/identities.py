# SPDX-License-Identifier: Apache-2.0
"""The identities that may write to a sandbox's Databricks: service principals, and an issuer of
projected tokens."""

import base64
import hashlib
import json
import subprocess
import time
from pathlib import Path

from harness.sandbox import Sandbox, write_secret

CLIENT = "6f1c2f6e-1111-4e1a-9d3c-0123456789ab"
AUDIENCE = "0d26daa6-5e44-4c97-a497-ef015f91254a"
SUBJECT = "system:serviceaccount:observability:agents"
ISSUER = "https://oidc.example/cluster"


def fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:8]


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Signs tokens as an API server does for a ServiceAccount."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self._key = folder / "issuer.pem"
        self._openssl("genrsa", "-out", self._key, "2048")
        modulus = self._openssl("rsa", "-in", self._key, "-noout", "-modulus").decode()
        number = bytes.fromhex(modulus.strip().removeprefix("Modulus="))
        self.jwks = {
            "keys": [
                {
                    "kty": "RSA",
                    "alg": "RS256",
                    "use": "sig",
                    "kid": "1",
                    "n": _base64url(number),
                    "e": _base64url(b"\x01\x00\x01"),
                }
            ]
        }

    @staticmethod
    def _openssl(*arguments, data: bytes = b"") -> bytes:
        return subprocess.run(
            ["openssl", *map(str, arguments)], input=data, capture_output=True, check=True
        ).stdout

    def token(self, seconds: float = 3600, subject: str = SUBJECT) -> str:
        now = time.time()
        claims = {
            "iss": ISSUER,
            "sub": subject,
            "aud": [AUDIENCE],
            "iat": int(now),
            "exp": int(now + seconds),
            "jti": str(time.monotonic_ns()),
        }
        parts = [{"alg": "RS256", "typ": "JWT", "kid": "1"}, claims]
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in parts)
        signature = self._openssl("dgst", "-sha256", "-sign", self._key, data=signed.encode())
        return signed + "." + _base64url(signature)

    def policy(self) -> dict:
        return {
            "issuer": ISSUER,
            "audiences": [AUDIENCE],
            "subject": SUBJECT,
            "client_id": CLIENT,
            "jwks": self.jwks,
        }


class Identity:
    """One way for an agent to authenticate, and whether the sandbox accepts it. The test names the
    secrets: any text will do."""

    def __init__(self, kind: str, sandbox: Sandbox, ingest: str = "Workspace"):
        self.kind = kind
        self.sandbox = sandbox
        self.ingest = ingest
        self.destination = "zerobus" if ingest == "Zerobus" else "databricks"
        self.lane = "databricks"
        self.file = sandbox.folder / "identity"
        if kind == "workloadIdentity":
            self.issuer = Issuer(sandbox.folder / "issuer")
        if kind == "apiKey":
            self.file = sandbox.api_key_file
            self.destination = self.lane = "arize"

    def allow(self, *secrets: str, **more) -> None:
        """Makes these secrets, and no others, valid."""
        if self.kind == "apiKey":
            access = {"arize_api_keys": list(secrets)}
        elif self.kind == "token":
            access = {"databricks_tokens": list(secrets)}
        elif self.kind == "oauth":
            access = {"service_principals": {CLIENT: {"secrets": list(secrets)}}}
        else:
            access = {"service_principals": {CLIENT: {}}, "federation_policies": [self.issuer.policy()]}
        self.sandbox.admin("/credentials", access | more)

    def use(self, secret: str) -> None:
        """Simulates a changed Secret, or the kubelet."""
        write_secret(self.file, secret)

    def config(self) -> dict:
        config = self.sandbox.agent_config()
        if self.kind == "apiKey":
            return config
        databricks = config["databricks"]
        if self.kind == "token":
            databricks["auth"] = {"token": {"file": str(self.file)}}
        elif self.kind == "oauth":
            client = write_secret(self.sandbox.folder / "client-id", CLIENT)
            databricks["auth"] = {
                "oauth": {"clientIDFile": str(client), "clientSecretFile": str(self.file)}
            }
        else:
            databricks["auth"] = {
                "workloadIdentity": {"tokenFile": str(self.file), "clientID": CLIENT}
            }
        if self.ingest == "Zerobus":
            databricks["ingest"] = "Zerobus"
            databricks["zerobus"] = {"endpoint": self.sandbox.url("zerobus")}
        return config

    def uses(self, secret: str) -> dict:
        """How often the sandbox has accepted and rejected it."""
        stats = self.sandbox.stats()
        found = stats[self.destination]["credentials"].get(fingerprint(secret), {})
        return {"accepted": 0, "refused": 0} | found
