# SPDX-License-Identifier: Apache-2.0
"""How the operator lists objects: as a stream if the API server supports it, otherwise in pages of
the current state; and what it does if both fail."""

from urllib.parse import parse_qs, urlsplit

import pytest
from harness.api_proxy import Fate, Refusal, Seen, Torn
from harness.children import INFORMERS
from harness.installation import ALONE
from harness.many_pods import plant_pods
from harness.sanitizers import skip_with_sanitizers
from harness.tenant import Tenant
from harness.webhook import Webhook

PAGE = 500


@pytest.fixture(scope="module")
def proxy(installation):
    return installation.proxy()


@pytest.fixture(autouse=True)
def healed(proxy):
    yield
    proxy.rule = None


@pytest.fixture
def operator(installation, proxy):
    """Not started yet."""
    kubeconfig = proxy.kubeconfig(installation.account())
    made = installation.operator(*ALONE, kubeconfig=kubeconfig)
    yield made
    if made.runs and not made.process.ended:
        assert made.stop() == 0


def query(seen: Seen) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(seen.path).query).items()}


def lists(proxy, since: int) -> list[dict[str, str]]:
    read = [one for one in proxy.seen(since) if one.method == "GET"]
    return [query(one) for one in read if "limit" in query(one)]


def streams(proxy, since: int) -> list[dict[str, str]]:
    return [query(one) for one in proxy.seen(since) if "sendInitialEvents" in query(one)]


def test_each_kind_is_asked_for_in_a_stream_and_nothing_is_listed_from_a_cache(operator, proxy):
    since = proxy.count()
    operator.start()
    asked = streams(proxy, since)
    assert len(asked) == INFORMERS
    for one in asked:
        assert one["resourceVersionMatch"] == "NotOlderThan"
        assert one["allowWatchBookmarks"] == "true"
        assert "resourceVersion" not in one
    for one in lists(proxy, since):  # if this API server's etcd does not support streams
        assert int(one["limit"]) <= PAGE and "resourceVersion" not in one
    assert {line["level"] for line in operator.log()} == {"info"}, "this is not an error"


def test_an_api_server_that_refuses_streams_is_asked_for_pages(operator, proxy):
    proxy.rule = lambda seen: Refusal(422) if "sendInitialEvents" in seen.path else None
    since = proxy.count()
    operator.start()
    assert len(streams(proxy, since)) == INFORMERS, "each asks once"
    assert len(lists(proxy, since)) == INFORMERS
    assert operator.metric("dualtrace_informer_ends_total", reason="NoStreams") > 0


@pytest.mark.parametrize(
    "trouble", [Refusal(503), Torn(100), Fate.MUTE], ids=["503", "torn", "mute"]
)
def test_a_stream_that_goes_wrong_is_followed_by_pages(operator, proxy, trouble):
    proxy.rule = lambda seen: trouble if "sendInitialEvents" in seen.path else None
    since = proxy.count()
    operator.start()
    assert len(streams(proxy, since)) == INFORMERS, "streaming is not tried again"
    assert len(lists(proxy, since)) == INFORMERS


def test_pages_that_expire_are_begun_anew(control_plane, installation, operator, proxy):
    tenant = Tenant(control_plane, "many")
    owned = {"app.kubernetes.io/managed-by": "dualtrace-operator"}
    control_plane.plant(
        {
            f"configmaps/{tenant.namespace}/left-{number}": {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {
                    "name": f"left-{number}",
                    "namespace": tenant.namespace,
                    "uid": f"00000000-0000-4000-8000-{number:012d}",
                    "creationTimestamp": "2026-11-01T08:00:00Z",
                    "labels": owned,
                },
            }
            for number in range(PAGE + 50)
        }
    )
    expired = 0

    def rule(seen: Seen) -> Refusal | None:
        nonlocal expired
        if "sendInitialEvents" in seen.path:
            return Refusal(422)
        if "continue" in query(seen) and expired < 2:
            expired += 1
            return Refusal(410)
        return None

    proxy.rule = rule
    operator.start()
    assert expired == 2
    assert operator.metric("dualtrace_informer_objects", resource="configmaps") >= PAGE + 50


def test_many_pods_take_little_memory(control_plane, installation, proxy):
    """12,000 objects of 4 kB each, 48 MiB of text, of which only a small part is kept in memory."""
    skip_with_sanitizers(installation.operator().binary)
    installation.allow_everywhere()
    webhook = Webhook(control_plane)
    webhook.install()
    kubeconfig = proxy.kubeconfig(installation.account())
    operator = installation.operator(*ALONE, *webhook.options(), kubeconfig=kubeconfig)
    try:
        operator.start()
        few = operator.process.peak_memory()
        assert operator.stop() == 0
        control_plane.stop_controller_manager()
        tenant = Tenant(control_plane, "crowd", secrets=False)
        plant_pods(control_plane, tenant.namespace, 12_000)
        operator.start(timeout=180)
        assert operator.metric("dualtrace_informer_objects", resource="pods") >= 12_000
        more = operator.process.peak_memory() - few
        assert more < 40 * 2**20, f"{more / 2**20:.0f} MiB for 12,000 pods"
        assert operator.stop() == 0
    finally:
        control_plane.start_controller_manager()
        webhook.uninstall()
        webhook.close()
