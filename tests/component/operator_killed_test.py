# SPDX-License-Identifier: Apache-2.0
"""At whatever point of a reconcile the operator dies, and whichever of its writes are lost, the
next run ends in the same state."""

import signal

import pytest
from harness.api_proxy import Fate, Seen
from harness.children import APIS
from harness.installation import ALONE
from harness.processes import wait_until
from harness.reference import assert_ends_well, assert_quiet, reference_plans
from harness.tenant import BOTH, Tenant

EXPORT = "steady"
WRITES_MAX = 25
FATES = pytest.mark.parametrize("fate", [Fate.LOSE, Fate.LOSE_ANSWER], ids=["lost", "unanswered"])


@pytest.fixture(scope="module")
def proxy(installation):
    return installation.proxy()


@pytest.fixture(scope="module")
def kubeconfig(installation, proxy):
    return proxy.kubeconfig(installation.account())


@pytest.fixture(scope="module")
def plan(installation):
    return reference_plans(installation, {EXPORT: BOTH})[EXPORT]


def of(tenant: Tenant) -> list[str]:
    return [*ALONE, f"--watch-namespaces={tenant.namespace}"]


def dies_at(number: int, fate: Fate, operator):
    """A rule: kill the operator while its write with this number is in flight."""
    writes = 0

    def rule(seen: Seen) -> Fate | None:
        nonlocal writes
        if not seen.is_write:
            return None
        writes += 1
        if writes != number:
            return None
        operator.process.signal(signal.SIGKILL)
        return fate

    return rule


@FATES
def test_killed_at_any_write_it_ends_in_the_same_state(
    installation, control_plane, proxy, kubeconfig, plan, fate
):
    """Kills it at each write in turn: to the children, the status and the events."""
    for number in range(1, WRITES_MAX):
        tenant = Tenant(control_plane, "killed")
        tenant.create(EXPORT)
        operator = installation.operator(*of(tenant), kubeconfig=kubeconfig)
        proxy.rule = dies_at(number, fate, operator)
        operator.launch()
        wait_until(lambda: operator.process.ended or tenant.is_settled(EXPORT), "it has ended")
        if not operator.process.ended:
            assert_quiet(control_plane)
        died = operator.process.ended
        proxy.rule = None
        operator.kill()
        operator.start()
        assert_ends_well(tenant, EXPORT, plan)
        assert operator.stop() == 0
        if not died:
            break
    print(f"killed at {number - 1} writes")
    assert len(APIS) < number - 1 < WRITES_MAX - 1


@FATES
def test_every_third_write_is_lost_and_it_lives_on(
    installation, control_plane, proxy, kubeconfig, plan, fate
):
    tenant = Tenant(control_plane, "lossy")
    tenant.create(EXPORT)
    writes = 0

    def rule(seen: Seen) -> Fate | None:
        nonlocal writes
        writes += seen.is_write
        return fate if seen.is_write and writes % 3 == 0 else None

    proxy.rule = rule
    operator = installation.operator(*of(tenant), kubeconfig=kubeconfig).start()
    tenant.wait_for_plan(EXPORT, plan)
    proxy.rule = None
    assert_ends_well(tenant, EXPORT, plan)
    assert operator.stop() == 0
