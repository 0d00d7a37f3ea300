# SPDX-License-Identifier: Apache-2.0
"""Silent watches. This test has its own file because it mostly waits for the two and a half
minutes after which the operator gives one up; other files run in the meantime."""

import pytest
from harness.api_proxy import Fate
from harness.changes import Asked, Changes
from harness.children import INFORMERS
from harness.installation import ALONE
from harness.processes import wait_until

ASKED_MAX = 600  # requests a minute


@pytest.fixture
def proxy(installation):
    return installation.proxy()


def test_streams_that_fell_silent_are_given_up_and_lose_no_change(
    control_plane, installation, proxy
):
    """As on a connection that a firewall has dropped: nothing arrives, and nothing closes it."""
    kubeconfig = proxy.kubeconfig(installation.account())
    operator = installation.operator(*ALONE, kubeconfig=kubeconfig).start()
    changes = Changes(control_plane)
    proxy.rule = lambda seen: Fate.MUTE if seen.is_watch else None
    since = proxy.count()
    proxy.cut()
    wait_until(lambda: len(proxy.watched(since)) == INFORMERS, "all watch again", timeout=90)
    proxy.rule = None
    changes.make()
    given_up = operator.metric("dualtrace_informer_ends_total", reason="Silent")
    asked = Asked(operator)
    changes.wait_until_acted_on(operator, timeout=240)
    assert operator.metric("dualtrace_informer_ends_total", reason="Silent") > given_up
    assert asked.in_a_minute("streams are silent") <= ASKED_MAX
