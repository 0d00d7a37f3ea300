"""One dead destination costs the other nothing."""

import pytest
from harness.load import Load
from harness.processes import wait_until

OTHER = {"arize": "databricks", "databricks": "arize"}


@pytest.mark.parametrize(
    "fault",
    [{"kind": "refuse"}, {"kind": "blackhole"}, {"kind": "status", "status": 503}],
    ids=["refusing", "blackholed", "unavailable"],
)
@pytest.mark.parametrize("dead", ["arize", "databricks"])
def test_the_other_lane_does_not_notice(stage, sandbox, dead, fault):
    alive = OTHER[dead]
    agent = stage.agent(sandbox.agent_config(), {"delivery": {"requestTimeout": "2s"}})
    sandbox.admin(f"/faults/{dead}", fault)
    load = Load(agent, threads=2, spans=20)
    try:
        wait_until(lambda: load.count > 10_000, "spans are accepted", process=agent.process)
    finally:
        promised = load.stop()
    sandbox.wait_for(promised, [alive], timeout=10)  # as soon as if both were alive
    # Not one span more than once, and nothing at the dead one.
    assert len(sandbox.ids(alive)) == len(promised)
    assert sandbox.ids(dead) == []
    assert agent.spans(dead)["backlog"] == len(promised)

    sandbox.fault(dead, "none")
    sandbox.wait_for(promised, [dead])
    wait_until(agent.caught_up, "nothing is left in the journal", process=agent.process)
    assert len(sandbox.ids(alive)) == len(promised)
    agent.assert_books_balance()


def test_a_slow_destination_slows_only_itself(stage, sandbox):
    agent = stage.agent(sandbox.agent_config(), {"delivery": {"requestsInFlight": 1}})
    sandbox.fault("databricks", "slow", ms=300)
    load = Load(agent, threads=2)
    wait_until(lambda: load.count > 2000, "spans are accepted", process=agent.process)
    promised = load.stop()
    sandbox.wait_for(promised, ["arize"], timeout=10)
    sandbox.fault("databricks", "none")
    sandbox.wait_for(promised, ["databricks"])
    assert len(sandbox.ids("arize")) == len(sandbox.ids("databricks")) == len(promised)
