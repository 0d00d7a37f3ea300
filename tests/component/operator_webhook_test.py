# SPDX-License-Identifier: Apache-2.0
"""The webhook on a real API server: the operator issues, shares, repairs and rotates its
certificates, and whatever happens to it, pods start."""

import signal
import socket
import ssl
import threading
import time

import pytest
from harness.authority import Authority
from harness.exports import EXAMPLES, exports_path, read_export
from harness.http import answers, fetch
from harness.installation import ALONE
from harness.managed_fields import applied_by
from harness.processes import wait_until
from harness.webhook import (
    CONFIGURATIONS,
    EXPORTS,
    NAMESPACES,
    PODS,
    SECRET,
    reviews,
    shown_certificate,
)

ASKS = {"dualtrace.dev/inject": "true"}
# The API server's default. Our webhook sets two seconds, and a busy machine adds to that.
DEFAULT_TIMEOUT_SECONDS = 10
QUICK = ["--webhook-certificate-life=30s", "--webhook-authority-life=10m"]  # checks every second


@pytest.fixture(autouse=True)
def uninstalled(webhook):
    yield
    webhook.uninstall()


@pytest.fixture(scope="module")
def space(control_plane, installation):
    return control_plane.new_namespace("pods")


@pytest.fixture(scope="module")
def labelled(control_plane, installation):
    name = control_plane.new_namespace("labelled")
    control_plane.kubectl("label", "namespace", name, "dualtrace.dev/inject=true")
    return name


@pytest.fixture
def launch(installation, webhook):
    """Starts a replica and stops it at the end of the test, because the next one needs its port."""
    launched = []

    def launched_one(*options: str, replica: int = 0):
        operator = installation.operator(*ALONE, *webhook.options(replica), *options).launch()
        launched.append(operator)
        operator.wait_until_listening()
        return operator

    yield launched_one
    for operator in launched:
        assert operator.process.ended or operator.stop() == 0


@pytest.fixture
def start(launch):
    """Starts a replica and returns when it is ready."""

    def started(*options: str, replica: int = 0):
        operator = launch(*options, replica=replica)
        wait_until_ready(operator)
        return operator

    return started


def wait_until_ready(operator) -> None:
    wait_until(lambda: answers(operator.url("/readyz")), "it is ready", process=operator.process)


def create_pod(plane, namespace: str, annotations: dict | None = None) -> dict:
    """Returns it as it was stored."""
    pod = {
        "metadata": {"generateName": "pod-", "annotations": annotations or {}},
        "spec": {"containers": [{"name": "app", "image": "registry.example/app:1"}]},
    }
    status, answer = plane.api.post(f"/api/v1/namespaces/{namespace}/pods", pod)
    assert status == 201, answer
    return answer


def test_it_is_asked_for_what_asks_and_for_nothing_else(
    control_plane, webhook, start, space, labelled
):
    webhook.install()
    operator = start()
    assert len(set(webhook.bundles().values())) == 1
    create_pod(control_plane, space)
    create_pod(control_plane, space, {"dualtrace.dev/inject": "false"})
    create_pod(control_plane, labelled, {"dualtrace.dev/inject": "false"})
    create_pod(control_plane, "kube-system", ASKS)
    assert reviews(operator) == 0
    create_pod(control_plane, space, ASKS)
    assert reviews(operator) == 1
    create_pod(control_plane, labelled)
    assert reviews(operator) == 2
    asked = read_export(EXAMPLES / "minimal.yaml", "asked")
    status, answer = control_plane.api.post(exports_path(space), asked)
    assert status == 201, answer
    assert reviews(operator, "/validate-exports") == 1
    # There is no export; the pod's annotation reports that.
    assert operator.metric("dualtrace_operator_webhook_requests_total", result="skipped") == 2
    assert operator.metric("dualtrace_operator_webhook_trusted") == 1
    days = operator.metric("dualtrace_operator_webhook_certificate_end_timestamp_seconds")
    assert 6.9 < (days - time.time()) / 86400 < 7.1


def test_it_writes_the_bundle_and_nothing_else(control_plane, webhook, start):
    webhook.install()
    before = webhook.entries()
    start()
    after = webhook.entries()
    for name in (PODS, NAMESPACES, EXPORTS):
        assert after[name]["clientConfig"].pop("caBundle")
    assert after == before
    _, configuration = control_plane.api.get(CONFIGURATIONS[0])
    bundle = configuration["webhooks"][0]["clientConfig"]["caBundle"]
    assert applied_by("dualtrace-operator/cabundle", configuration) == {
        "webhooks": [
            {"name": name, "clientConfig": {"caBundle": bundle}} for name in (PODS, NAMESPACES)
        ]
    }


def test_without_a_configuration_it_is_not_ready_and_says_so(
    control_plane, webhook, launch, space
):
    operator = launch()
    def says() -> str:
        status, body = fetch(operator.url("/readyz"))
        return "" if status == 200 else body.decode()

    wait_until(lambda: "there is no configuration of that name" in says(), "it reports this")
    webhook.install()
    wait_until(lambda: says() == "", "it is ready", process=operator.process)
    create_pod(control_plane, space, ASKS)
    assert reviews(operator) == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["dead", "stopped"])
def test_without_it_pods_start_within_its_timeout(control_plane, webhook, start, space, how):
    webhook.install(timeout_seconds=None)
    operator = start()
    operator.process.signal(how)
    try:
        begun = time.monotonic()
        create_pod(control_plane, space, ASKS)
        took = time.monotonic() - begun
        print(f"a pod in {took:.2f} s")
        assert took < DEFAULT_TIMEOUT_SECONDS
    finally:
        if how == signal.SIGSTOP:
            operator.process.signal(signal.SIGCONT)
        else:
            operator.kill()


@pytest.mark.parametrize(
    "damage",
    [
        lambda webhook: webhook.plane.api.delete(SECRET),
        lambda webhook: webhook.put({"ca.key": "no key"}),
        lambda webhook: webhook.put({"ca.crt": "no certificate", "next.crt": "x" * 100_000}),
        lambda webhook: webhook.put({"previous.crt": "-----BEGIN CERTIFICATE-----\nx"}),
        lambda webhook: webhook.forget_bundles(),
    ],
    ids=["deleted", "key", "certificates", "previous", "bundles"],
)
def test_what_is_damaged_is_mended(control_plane, webhook, start, space, damage):
    webhook.install()
    operator = start(*QUICK)
    damage(webhook)

    def repaired() -> bool:
        authority = webhook.authority()
        return bool(authority) and all(authority in one for one in webhook.bundles().values())

    wait_until(repaired, "it is repaired", process=operator.process)
    before = reviews(operator)
    create_pod(control_plane, space, ASKS)
    assert reviews(operator) == before + 1


def test_two_replicas_agree(control_plane, webhook, launch, space, labelled):
    webhook.install(second=NAMESPACES)
    replicas = [launch(replica=number) for number in (0, 1)]  # both create a CA, one is kept
    for replica in replicas:
        wait_until_ready(replica)
    create_pod(control_plane, space, ASKS)
    create_pod(control_plane, labelled)
    assert [reviews(replica) for replica in replicas] == [1, 1]
    trusted = set(webhook.bundles().values())
    assert trusted == {webhook.authority()}
    for port in webhook.ports:
        shown_certificate(port, webhook.authority())


class Clients:
    """Two clients that reconnect all the time, one to each replica, and trust the published CA
    bundle."""

    def __init__(self, webhook):
        self.seen: list[set[str]] = [set(), set()]
        self.faults: list[str] = []
        self._webhook = webhook
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in (0, 1)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        while not self._end.wait(0.1):
            try:
                trusted = self._webhook.bundles()[PODS]
                self.seen[number].add(shown_certificate(self._webhook.ports[number], trusted))
            except (OSError, ssl.SSLError) as fault:
                self.faults.append(repr(fault))

    def end(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()


def test_a_rotation_loses_no_call(control_plane, webhook, start, space, labelled):
    webhook.install(second=NAMESPACES)
    lives = ["--webhook-certificate-life=12s", "--webhook-authority-life=48s"]
    replicas = [start(*lives, replica=number) for number in (0, 1)]
    first = webhook.authority()
    clients = Clients(webhook)
    created = 0

    def steps(name: str) -> float:
        metric = "dualtrace_operator_webhook_certificate_steps_total"
        return sum(replica.metric(metric, step=name) for replica in replicas)

    def rotated() -> bool:
        nonlocal created
        create_pod(control_plane, space, ASKS)
        create_pod(control_plane, labelled)
        created += 1
        return webhook.authority() != first and min(len(one) for one in clients.seen) >= 5

    try:
        wait_until(rotated, "authority and certificates were replaced", timeout=240, every=0)
    finally:
        clients.end()
    assert clients.faults == []
    assert [reviews(replica) for replica in replicas] == [created, created]
    print(f"{created} pods each, {[len(one) for one in clients.seen]} certificates")
    assert steps("replace_authorities") == 1
    assert steps("add_next") >= 1 and steps("promote_next") >= 1


def test_clients_that_say_nothing_are_in_nobodys_way(control_plane, webhook, start, space):
    webhook.install()
    operator = start()
    silent = [socket.create_connection(("127.0.0.1", webhook.ports[0])) for _ in range(100)]
    for one in silent[:50]:
        one.send(b"\x16\x03\x01\x02")  # the beginning of a ClientHello
    pods = [create_pod(control_plane, space, ASKS) for _ in range(5)]
    for one in silent:
        one.close()
    # All were answered before the API server's timeout: silent clients do not hold up the others.
    told = {"dualtrace.dev/injected", "dualtrace.dev/skipped"}
    assert all(told & pod["metadata"]["annotations"].keys() for pod in pods)
    assert reviews(operator) == 5


def test_a_certificate_of_somebody_elses_is_read_again(installation, webhook, tmp_path):
    webhook.install()
    folder = tmp_path / "certificate"
    folder.mkdir()

    def put(authority: Authority) -> None:
        names = "DNS:dualtrace-operator-webhook.dualtrace-system.svc,IP:127.0.0.1"
        for file, source in zip(("tls.crt", "tls.key"), authority.issue("w", alternatives=names)):
            (folder / file).write_bytes(source.read_bytes())

    first, second = Authority(tmp_path / "first"), Authority(tmp_path / "second")
    put(first)
    listen = f"--webhook-listen=127.0.0.1:{webhook.ports[0]}"
    options = [*ALONE, listen, f"--webhook-certificate-folder={folder}"]
    operator = installation.operator(*options).start()
    before = shown_certificate(webhook.ports[0], first.certificate.read_text())
    put(second)
    assert shown_certificate(webhook.ports[0], second.certificate.read_text()) != before
    assert set(webhook.bundles().values()) == {""}
    assert webhook.authority() == ""
    assert operator.stop() == 0
