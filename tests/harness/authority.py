"""Certificates for the tests of TLS, and the receiver's configuration with one."""

import subprocess


class Authority:
    """A CA in a folder, by openssl."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
        self.certificate = folder / "ca.pem"

    def _openssl(self, *arguments):
        common = ["-nodes", "-days", "2", "-subj", "/CN=test authority"]
        common += ["-keyout", "ca.key", "-out", "ca.pem"]
        self._run(*arguments, *common)

    def _run(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def issue(self, name: str):
        """The files of a certificate for localhost, and of its key."""
        self._run(
            *["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
            *["-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr"],
        )
        (self.folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self._run(
            *["x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key"],
            *["-CAcreateserial", "-days", "2", "-extfile", "names", "-out", f"{name}.pem"],
        )
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


def receiver_tls(authority, client_ca=None) -> dict:
    certificate, key = authority.issue("server")
    tls = {"certificateFile": str(certificate), "keyFile": str(key)}
    if client_ca:
        tls["clientCAFile"] = str(client_ca)
    return {"receiver": {"tls": tls}}
