"""Stored means stored: kill -9 loses nothing that was answered OK."""

import functools

from harness.load import Load
from harness.processes import wait_until

ROUNDS = 20


def test_kill_nine_under_load_loses_no_promised_span(stage, sandbox):
    agent = stage.agent(sandbox.agent_config())
    load = Load(agent)
    try:
        for round_number in range(ROUNDS):
            # Now soon after the start, now later: 20 to 720 spans on.
            goal = load.count + 20 + 100 * (round_number % 8)
            reached = functools.partial(lambda goal: load.count > goal, goal)
            wait_until(reached, "the load goes on", process=agent.process)
            agent.kill()
            agent.start()
    finally:
        promised = load.stop()
    sandbox.wait_for(promised, timeout=60)
    # What was resent came byte for byte as before.
    assert sandbox.query("SELECT 1 FROM spans WHERE copy = 'different'") == []

    wait_until(lambda: agent.caught_up(), "nothing is left in the journal", process=agent.process)
    agent.assert_books_balance()
    for run in agent.runs[:-1]:
        assert run.exit_code == -9, "it died before it was killed"


def test_a_backlog_survives_the_death_of_the_agent(stage, sandbox):
    for destination in ("arize", "databricks"):
        sandbox.fault(destination, "refuse")
    agent = stage.agent(sandbox.agent_config())
    load = Load(agent)
    wait_until(lambda: load.count > 500, "a backlog", process=agent.process)
    agent.kill()
    promised = load.stop()
    for destination in ("arize", "databricks"):
        sandbox.fault(destination, "none")
    agent.start()
    sandbox.wait_for(promised)
    agent.assert_books_balance()
