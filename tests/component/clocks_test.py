# SPDX-License-Identifier: Apache-2.0
"""An agent whose clock is ten minutes off: the lifetimes of tokens and certificates follow the
clocks of their issuers."""

import pytest
from harness import shifted_clock
from harness.identity_stage import (  # noqa: F401 some are fixtures
    SHAPE,
    WAYS,
    identity,
    judge,
    lane,
    run_for_a_while,
)
from harness.load import Load
from harness.processes import wait_until

TEN_MINUTES = 600


@pytest.fixture(params=[TEN_MINUTES, -TEN_MINUTES], ids=["ahead", "behind"])
def agent(request, stage, identity):
    library = shifted_clock.build(stage.folder)
    off = shifted_clock.environment(library, request.param)
    return stage.agent(identity.config(), environment=off)


@pytest.mark.parametrize("identity", WAYS[1:], indirect=True, ids="-".join)
def test_tokens_are_fetched_once_and_replaced_in_time(agent, identity, sandbox):
    if identity.kind == "workloadIdentity":
        # The shortest token that a kubelet projects. A clock that is ahead considers it expired.
        identity.use(identity.issuer.token(seconds=TEN_MINUTES - 1))
    load = Load(lambda: agent, SHAPE, seed=9)
    run_for_a_while(load)
    assert sandbox.stats()["token"]["granted"] == 1
    sandbox.admin("/credentials", {"token_seconds": 10})
    sandbox.admin("/tokens/expire", {})
    wait_until(lambda: sandbox.stats()["token"]["granted"] >= 4, "several tokens have expired")
    run_for_a_while(load)
    judge(agent, identity, load)
    assert lane(agent, identity)["state"] in ("Delivering", "Idle")
