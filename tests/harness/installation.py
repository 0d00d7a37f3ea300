# SPDX-License-Identifier: Apache-2.0
"""The operator as installed in a cluster: the CRD, its ServiceAccount, and exactly the permissions
in operator/manifests. It runs on the stage of a test, which stops what is started here."""

import ssl
from pathlib import Path

import yaml

from harness.api_proxy import ApiProxy
from harness.control_plane import ControlPlane
from harness.exports import install_exports
from harness.operator import ACCOUNT, MANIFESTS, NAMESPACE, Operator, install_account
from harness.stage import Stage

# Short, but long enough that a busy machine does not lose a lease.
SHORT_LEASE = ["--lease-duration=6s", "--renew-deadline=4s", "--retry-period=1s"]
ALONE = ["--leader-elect=false"]


def manifest(name: str) -> list[dict]:
    return list(yaml.safe_load_all((MANIFESTS / name).read_text()))


def user_of(account: str) -> str:
    """The user name in the audit log."""
    return f"system:serviceaccount:{NAMESPACE}:{account}"


class Installation:
    """Used from one thread."""

    def __init__(self, plane: ControlPlane, stage: Stage):
        """The ServiceAccount exists, but has no permissions yet."""
        plane.require_controllers()
        self.plane = plane
        self.stage = stage
        self._proxies: list[ApiProxy] = []
        install_exports(plane)
        install_account(plane)

    def allow_everywhere(self) -> "Installation":
        self.plane.kubectl("apply", "--filename", MANIFESTS / "rbac.yaml")
        return self

    def allow_in(self, namespace: str, *names: str) -> None:
        """Applies manifests for any namespace to this one."""
        for name in names:
            self.plane.kubectl("apply", "--namespace", namespace, "--filename", MANIFESTS / name)

    def account(self, name: str = ACCOUNT) -> Path:
        """A kubeconfig with a token of this account, which gets the operator's permissions: the
        audit log distinguishes accounts."""
        kubeconfig = self.plane.kubeconfig_for(NAMESPACE, name)
        if name != ACCOUNT:
            for binding in [*manifest("account.yaml"), *manifest("rbac.yaml")]:
                if not binding["kind"].endswith("Binding"):
                    continue
                binding["metadata"]["name"] += f"-of-{name}"
                binding["subjects"][0]["name"] = name
                self.plane.kubectl("apply", "--filename", "-", stdin=yaml.safe_dump(binding))
        return kubeconfig

    def proxy(self) -> ApiProxy:
        # Each client of the proxy brings its own token.
        trust = ssl.create_default_context(cadata=self.plane.authority())
        folder = self.stage.folder / f"proxy-{len(self._proxies) + 1}"
        self._proxies.append(ApiProxy(folder, self.plane.server, trust))
        return self._proxies[-1]

    def operator(self, *options: str, kubeconfig: Path | None = None) -> Operator:
        """Not started yet; by default with a token of the operator's own account."""
        return self.stage.operator(kubeconfig or self.account(), *options, start=False)

    def end(self) -> None:
        """Call it after the operators have stopped."""
        for proxy in self._proxies:
            proxy.close()
