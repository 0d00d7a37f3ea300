# SPDX-License-Identifier: Apache-2.0
"""An API server that rejects the operator: it is overloaded, or the token has expired, or its CA is
unknown. The operator backs off, recovers without a restart, and has lost nothing."""

import pytest
from harness.api_proxy import Refusal
from harness.changes import Asked, Changes
from harness.children import INFORMERS
from harness.installation import ALONE
from harness.operator import ACCOUNT, NAMESPACE
from harness.processes import wait_until

ROUNDS = 5  # each takes longer than the one before
ROUNDS_SECONDS_MIN = 3


@pytest.fixture(scope="module")
def proxy(installation):
    return installation.proxy()


@pytest.fixture(scope="module")
def operator(installation, proxy):
    kubeconfig = proxy.kubeconfig(installation.account())
    return installation.operator(*ALONE, kubeconfig=kubeconfig).start()


@pytest.fixture(scope="module")
def changes(control_plane, operator):
    return Changes(control_plane)


@pytest.mark.parametrize("refusal", [Refusal(429, retry_after=3), Refusal(500)], ids=["429", "500"])
def test_a_server_that_refuses_everything_is_given_time(operator, proxy, changes, refusal):
    proxy.rule = lambda _: refusal
    proxy.cut()
    changes.make()
    asked = Asked(operator)
    during = f"everything is refused with {refusal.status}"
    asked.slowly(ROUNDS * INFORMERS, ROUNDS_SECONDS_MIN, during)
    proxy.rule = None
    changes.wait_until_acted_on(operator)


def test_an_expired_token_is_read_again(control_plane, installation, operator, proxy, changes):
    if not operator.process.ended:
        assert operator.stop() == 0
    kubeconfig = control_plane.kubeconfig_for(NAMESPACE, ACCOUNT, lifetime=8)
    short = installation.operator(*ALONE, kubeconfig=proxy.kubeconfig(kubeconfig)).start()

    def refused() -> float:
        return short.metric("rest_client_requests_total", code="401")

    def has_expired() -> bool:
        proxy.cut()  # an open connection stays authenticated
        return refused() > 0

    wait_until(has_expired, "the token has expired", timeout=60, every=2)
    proxy.cut()
    asked = Asked(short)
    changes.make()
    asked.slowly(ROUNDS * INFORMERS, ROUNDS_SECONDS_MIN, "the token has expired")
    wait_until(lambda: refused() >= INFORMERS, "every watch was refused")
    control_plane.renew_token(kubeconfig)
    changes.wait_until_acted_on(short)
    assert short.stop() == 0


def test_a_rotated_authority_is_read_again(control_plane, installation, operator, changes):
    """Without the proxy, which has its own CA."""
    if not operator.process.ended:
        assert operator.stop() == 0
    kubeconfig = installation.account()
    straight = installation.operator(*ALONE, kubeconfig=kubeconfig).start()
    control_plane.rotate_serving_certificate()
    control_plane.stop_api_server()  # open connections would stay trusted
    control_plane.start_api_server()
    changes.make()
    asked = Asked(straight)
    # A failed handshake looks like a stale connection, so each request is tried twice.
    asked.slowly(2 * ROUNDS * INFORMERS, ROUNDS_SECONDS_MIN, "the API server cannot be trusted")
    control_plane.renew_authority(kubeconfig)
    changes.wait_until_acted_on(straight)
    assert straight.stop() == 0
