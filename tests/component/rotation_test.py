# SPDX-License-Identifier: Apache-2.0
"""A changed key is proved before the old one may be revoked: rotated, rejected and revoked under
load. No span is lost or duplicated."""

import pytest
from harness.identities import fingerprint
from harness.identity_stage import (  # noqa: F401 some are fixtures
    BAD,
    FIRST,
    ROTATED,
    SECOND,
    SHAPE,
    agent,
    identity,
    judge,
    lane,
    run_for_a_while,
    wait_for_candidate,
    wait_for_fingerprint,
)
from harness.load import Load
from harness.processes import wait_until


@pytest.mark.parametrize("identity", ROTATED, indirect=True, ids="-".join)
def test_a_good_key_takes_over_from_a_good_one(agent, identity, sandbox):
    load = Load(lambda: agent, SHAPE, seed=1)
    run_for_a_while(load)
    identity.allow(FIRST, SECOND)
    identity.use(SECOND)
    told = wait_for_fingerprint(agent, identity, SECOND)
    assert told["previous"]["fingerprint"] == fingerprint(FIRST)
    assert told["previous"]["lastUsed"] is not None
    # The old one can be revoked now, because nothing uses it.
    identity.allow(SECOND)
    run_for_a_while(load)
    assert identity.uses(FIRST)["refused"] == 0
    judge(agent, identity, load)
    assert lane(agent, identity)["lastError"] is None


@pytest.mark.parametrize("identity", ROTATED, indirect=True, ids="-".join)
def test_a_bad_key_disturbs_nothing_and_says_why(agent, identity, sandbox):
    load = Load(lambda: agent, SHAPE, seed=2)
    run_for_a_while(load)
    identity.use(BAD)
    rejected = wait_for_candidate(agent, identity, "Rejected")
    assert rejected["fingerprint"] == fingerprint(BAD)
    assert rejected["reason"] in ("AuthRejected", "PermissionDenied") and rejected["why"] != ""
    run_for_a_while(load)
    assert lane(agent, identity)["credential"]["fingerprint"] == fingerprint(FIRST)
    assert lane(agent, identity)["lastError"] is None  # the lane is not affected
    identity.allow(FIRST, SECOND)
    identity.use(SECOND)
    wait_for_fingerprint(agent, identity, SECOND)
    judge(agent, identity, load)
    assert BAD not in str(agent.status()) + agent.metrics() + agent.process.output()


@pytest.mark.parametrize("identity", ROTATED, indirect=True, ids="-".join)
def test_both_keys_revoked_pause_the_lane_until_either_is_good_again(agent, identity, sandbox):
    load = Load(lambda: agent, SHAPE, seed=3)
    run_for_a_while(load)
    identity.use(SECOND)
    wait_for_candidate(agent, identity, "Rejected")
    identity.allow()
    if identity.kind == "oauth":
        sandbox.admin("/tokens/revoke", {})
    wait_until(lambda: lane(agent, identity)["state"] == "Paused", "it pauses")
    assert lane(agent, identity)["lastError"]["reason"] in ("AuthRejected", "PermissionDenied")
    identity.allow(SECOND)
    wait_for_fingerprint(agent, identity, SECOND)
    run_for_a_while(load)
    judge(agent, identity, load)


@pytest.mark.parametrize("identity", ROTATED, indirect=True, ids="-".join)
def test_a_secret_may_go_and_come_back(agent, identity, sandbox):
    load = Load(lambda: agent, SHAPE, seed=4)
    run_for_a_while(load)
    identity.file.unlink()
    wait_until(
        lambda: "Missing" in [one["state"] for one in lane(agent, identity)["credentials"]],
        "it is missing",
    )
    run_for_a_while(load)
    identity.allow(FIRST, SECOND)
    identity.use(SECOND)
    wait_for_fingerprint(agent, identity, SECOND)
    judge(agent, identity, load)
    assert lane(agent, identity)["lastError"] is None
