# SPDX-License-Identifier: Apache-2.0
"""Continuously creates pods that request an export, as dry runs: for tests of a webhook that must
not have an outage."""

import json
import threading

from harness.kubectl import Kubectl

_POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"generateName": "asking-", "annotations": {"dualtrace.dev/inject": "true"}},
    "spec": {"containers": [{"name": "app", "image": "localhost/app:1"}]},
}


def is_injected(kubectl: Kubectl, namespace: str) -> bool:
    """Whether a pod that is created there now gets the export that it requests."""
    creation = ("create", f"--namespace={namespace}", "--dry-run=server", "--output=json")
    answered = json.loads(kubectl(*creation, "--filename=-", stdin=json.dumps(_POD)))
    return "dualtrace.dev/injected" in answered["metadata"]["annotations"]


class AskingPods:
    """Creates one pod after another until stop()."""

    def __init__(self, kubectl: Kubectl, namespace: str):
        self._kubectl = kubectl
        self._namespace = namespace
        self._over = threading.Event()
        self._answers: list[bool] = []
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> list[bool]:
        """Returns for each pod whether it was injected."""
        self._over.set()
        self._thread.join()
        if self._error:
            raise self._error
        return self._answers

    def _run(self) -> None:
        try:
            while not self._over.wait(0.2):
                self._answers.append(is_injected(self._kubectl, self._namespace))
        except Exception as error:
            self._error = error
