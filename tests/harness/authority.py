# SPDX-License-Identifier: Apache-2.0
"""Certificates for the TLS tests and for the tests' Kubernetes, and a receiver configuration that
uses one."""

import subprocess

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Authority:
    """A CA in a folder, created with openssl."""

    def __init__(self, folder, name: str = "test authority", days: int = 2):
        self.folder = folder
        self._days = str(days)
        folder.mkdir()
        subject = ["-subj", f"/CN={name}", "-days", self._days]
        self._run("req", "-x509", *KEY, *subject, "-keyout", "ca.key", "-out", "ca.pem")
        self.certificate = folder / "ca.pem"

    def _run(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def issue(self, name: str, organization="", alternatives="DNS:localhost,IP:127.0.0.1"):
        """The files of a certificate for `name`, valid for these hosts, and its key."""
        subject = f"/O={organization}/CN={name}" if organization else f"/CN={name}"
        stem = name.replace(":", "-")
        self._run(*["req", *KEY, "-subj", subject, "-keyout", f"{stem}.key", "-out", f"{stem}.csr"])
        (self.folder / "names").write_text(f"subjectAltName={alternatives}\n")
        self._run(
            *["x509", "-req", "-in", f"{stem}.csr", "-CA", "ca.pem", "-CAkey", "ca.key"],
            *["-CAcreateserial", "-days", self._days, "-extfile", "names", "-out", f"{stem}.pem"],
        )
        return self.folder / f"{stem}.pem", self.folder / f"{stem}.key"


def receiver_tls(authority, client_ca=None) -> dict:
    certificate, key = authority.issue("server")
    tls = {"certificateFile": str(certificate), "keyFile": str(key)}
    if client_ca:
        tls["clientCAFile"] = str(client_ca)
    return {"receiver": {"tls": tls}}
