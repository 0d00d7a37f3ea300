# SPDX-License-Identifier: Apache-2.0
"""Exactly one of two operators leads, whatever happens to the other; with the real durations of the
lease."""

import signal
from datetime import datetime

import pytest
from harness.children import APIS
from harness.http import answers
from harness.installation import user_of
from harness.lease_history import LeaseHistory
from harness.processes import wait_until
from harness.tenant import Tenant

LEASE_SECONDS = 15
EXPORT = "watched"
NAMES = ("first", "second")


@pytest.fixture(scope="module")
def history(installation, control_plane):
    return LeaseHistory(control_plane)


@pytest.fixture(scope="module")
def operators(installation, history):
    """Each has its own ServiceAccount, so that the audit log distinguishes them."""
    return {
        name: installation.operator(kubeconfig=installation.account(name)).start() for name in NAMES
    }


@pytest.fixture(scope="module")
def tenant(control_plane, operators):
    made = Tenant(control_plane, "led")
    made.create(EXPORT)
    made.wait_until_settled(EXPORT)
    return made


@pytest.fixture(autouse=True)
def never_two(history, tenant):
    """After each test: no operator wrote anything while the other held the lease."""
    yield
    assert not history.strays()
    assert_no_overlap(history.terms())


def seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def assert_no_overlap(terms) -> None:
    """No operator takes the lease from a holder that may still count on it, and only its holder
    releases it."""
    for before, after in zip(terms, terms[1:]):
        if not after.holder:
            assert after.user == before.user, (before, after)
        elif before.holder and before.holder != after.holder:
            assert seconds_between(before.time, after.time) >= LEASE_SECONDS, (before, after)


def leader_of(operators) -> tuple[str, str]:
    """Its name, and that of the other operator."""

    def leaders() -> list[str]:
        return [name for name in NAMES if is_master(operators[name])]

    (leader,) = wait_until(leaders, "there is a leader")
    return leader, NAMES[1 - NAMES.index(leader)]


def is_master(operator) -> bool:
    return not operator.process.ended and operator.metric("leader_election_master_status") == 1


def keep_busy(tenant, name: str) -> None:
    """Creates work for the leader."""
    tenant.create(name)
    tenant.delete_child("services", EXPORT)


def wait_for_term(history, name: str, since: int):
    """This operator's first write of the lease after the given number of writes."""

    def term():
        return next((one for one in history.terms()[since:] if one.user == user_of(name)), None)

    return wait_until(term, f"{name} holds the lease", timeout=90, every=0.2)


def looks(history, name: str, after: str = "", until: str = "~") -> list[str]:
    """The times at which this operator read the lease. Where a busy machine would break a limit in
    seconds, tests count these reads instead."""
    return [
        one.time
        for one in history.entries()
        if one.user == user_of(name)
        and (one.resource, one.verb) == ("leases", "get")
        and after < one.time < until
    ]


def assert_serves(tenant, *exports: str) -> None:
    for name in exports:
        tenant.wait_until_settled(name)
    assert len(tenant.children()) == len(APIS) * len(tenant_exports(tenant))


def tenant_exports(tenant) -> list[str]:
    items = tenant.api.get(tenant.exports)[1]["items"]
    return [one["metadata"]["name"] for one in items]


def test_one_leads_and_the_other_waits(operators, history, tenant):
    leader, other = leader_of(operators)
    before = len(looks(history, other))
    wait_until(lambda: len(looks(history, other)) >= before + 2, f"{other} looks again", every=0.2)
    assert not is_master(operators[other])
    assert answers(operators[other].url("/readyz"))  # its cache is already filled
    assert {term.user for term in history.terms()} == {user_of(leader)}


def test_killed_its_lease_runs_out_and_the_other_takes_over(operators, history, tenant):
    leader, other = leader_of(operators)
    since = len(history.terms())
    operators[leader].kill()
    keep_busy(tenant, "after-the-kill")
    last = history.terms()[-1]
    term = wait_for_term(history, other, since)
    print(f"taken over {seconds_between(last.time, term.time):.1f} s after the last renewal")
    # The first read saw the last renewal. The one that found the lease expired was the last read
    # or, on a busy machine, the one before.
    seen = looks(history, other, last.time, term.time)
    assert seconds_between(seen[0], seen[-3]) < LEASE_SECONDS
    assert_serves(tenant, EXPORT, "after-the-kill")
    operators[leader].start()


def test_terminated_it_hands_over(operators, history, tenant):
    leader, other = leader_of(operators)
    since = len(history.terms())
    assert operators[leader].stop() == 0
    (given_back,) = [term for term in history.terms()[since:] if not term.holder]
    term = wait_for_term(history, other, since)
    print(f"handed over in {seconds_between(given_back.time, term.time):.1f} s")
    assert len(looks(history, other, given_back.time, term.time)) <= 2
    keep_busy(tenant, "after-the-term")
    assert_serves(tenant, EXPORT, "after-the-term")
    operators[leader].start()


def test_stopped_for_longer_than_its_lease_it_wakes_up_and_writes_nothing(
    operators, history, tenant
):
    leader, other = leader_of(operators)
    since = len(history.terms())
    operators[leader].process.signal(signal.SIGSTOP)
    keep_busy(tenant, "after-the-stop")  # also for the paused one when it resumes
    wait_for_term(history, other, since)
    operators[leader].process.signal(signal.SIGCONT)
    assert operators[leader].process.wait(60) == 1
    assert operators[leader].logged("leadership was lost")
    assert_serves(tenant, EXPORT, "after-the-stop")
    operators[leader].start()
