# SPDX-License-Identifier: Apache-2.0
"""The operator's view of the cluster is correct again after every fault of a watch, whatever
happened in the meantime, and no fault causes a busy loop of requests."""

import pytest
from harness.api_proxy import Seen, Slow, Torn
from harness.changes import Asked, Changes
from harness.children import INFORMERS
from harness.installation import ALONE
from harness.processes import wait_until

BUSY_MAX = 600  # requests while the changes are applied; per minute, if it is a rate
TORN_MIN = 3 * INFORMERS


@pytest.fixture(scope="module")
def proxy(installation):
    return installation.proxy()


@pytest.fixture(scope="module")
def operator(installation, proxy):
    """Never exits because of a lost lease: here, it must survive everything."""
    kubeconfig = proxy.kubeconfig(installation.account())
    return installation.operator(*ALONE, kubeconfig=kubeconfig).start()


@pytest.fixture(scope="module")
def changes(control_plane, operator):
    return Changes(control_plane)


@pytest.fixture(autouse=True)
def healed(proxy):
    yield
    proxy.rule = None
    proxy.reconnect()


def test_an_api_server_that_is_away_is_not_hammered(control_plane, operator, proxy, changes):
    """It also applies changes that were made before the operator reconnected."""
    asked = Asked(operator)
    control_plane.stop_api_server()
    # Five times each, and each of those twice, because the connection itself may be stale.
    asked.slowly(2 * 5 * INFORMERS, 3, "the API server is down")
    proxy.disconnect()
    control_plane.start_api_server()
    changes.make()
    proxy.reconnect()
    changes.wait_until_acted_on(operator)


def test_an_api_server_that_is_restarted_often_loses_no_change(control_plane, operator, changes):
    for _ in range(2):
        control_plane.stop_api_server()
        control_plane.start_api_server()
        changes.make()
        changes.wait_until_acted_on(operator)


def test_what_was_compacted_is_listed_anew(control_plane, operator, proxy, changes):
    """The watches cannot resume (410), so everything is listed again, once."""
    lists = operator.metric("dualtrace_informer_lists_total")
    proxy.disconnect()
    changes.make()
    control_plane.compact()
    proxy.reconnect()
    asked = Asked(operator)
    changes.wait_until_acted_on(operator)
    assert asked.in_all("after a compaction") <= BUSY_MAX

    def listed() -> float:
        return operator.metric("dualtrace_informer_lists_total") - lists

    # Each one lists when its back-off ends; the changes needed only some of them.
    wait_until(lambda: listed() >= INFORMERS, "all have listed again", timeout=90)
    assert listed() <= INFORMERS + 2


def test_torn_streams_lose_no_change(operator, proxy, changes):
    number = 0

    def rule(seen: Seen) -> Torn | None:
        nonlocal number
        number += 1
        # In the middle of a line, at its end, before the first byte, or after many bytes.
        return Torn((137 * number) % 6000) if seen.is_watch else None

    proxy.cut()
    proxy.rule = rule
    asked = Asked(operator)
    changes.make()

    def torn() -> bool:
        for level in ("Debug", "Info"):  # cause traffic on the streams
            changes.tenant.change("changed", {"agent": {"logLevel": level}})
        return number >= TORN_MIN

    wait_until(torn, "many streams are torn", timeout=120, every=0.5)
    assert asked.in_a_minute("streams are torn") <= BUSY_MAX
    proxy.rule = None
    changes.wait_until_acted_on(operator)


def test_slow_streams_lose_no_change(operator, proxy, changes):
    since = proxy.count()
    proxy.rule = lambda seen: Slow(piece_bytes=500, pause=0.05) if seen.is_watch else None
    proxy.cut()
    asked = Asked(operator)
    wait_until(lambda: len(proxy.watched(since)) == INFORMERS, "all watch again", timeout=90)
    changes.make()
    changes.wait_until_acted_on(operator)
    assert asked.in_all("streams are slow") <= BUSY_MAX
