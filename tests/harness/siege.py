# SPDX-License-Identifier: Apache-2.0
"""An agent under abuse, and the promise that other clients are not affected: a good client sends
throughout, and the agent's memory stays within its budget plus some margin."""

import contextlib
import functools

from harness.agent import Agent
from harness.load import Load, Shape
from harness.processes import wait_until

# A small quarantine, so that AddressSanitizer's memory does not hide the agent's own.
ENVIRONMENT = {"ASAN_OPTIONS": "quarantine_size_mb=4"}
# Margin above the budget: allocator and AddressSanitizer overhead, and the good client's traffic.
ROOM_BYTES = 64 * 1024 * 1024


class Siege:
    def __init__(self, agent: Agent, memory_budget_bytes: int):
        self.agent = agent
        self._growth_max = memory_budget_bytes + ROOM_BYTES
        # One thread per protocol, and few spans: it detects outages and must not fill the journal.
        self._bystander = Load(lambda: agent, Shape(spans=1, threads=2, rate=100), seed=1)

    @contextlib.contextmanager
    def attack(self):
        """Wraps each attack: checks what must hold during and after it."""
        agent, bystander = self.agent, self._bystander
        before = agent.process.forget_peak_memory()
        yield
        more = functools.partial(lambda accepted: bystander.accepted > accepted, bystander.accepted)
        wait_until(more, "the good client is served", process=agent.process)
        assert bystander.failures == []
        growth = agent.process.peak_memory() - before
        assert growth <= self._growth_max, f"{growth >> 20} MiB more than before"

    def end(self) -> None:
        """Stops the good client, and checks that none of its spans were lost."""
        self._bystander.stop()
        agent = self.agent
        wait_until(agent.caught_up, "nothing is left in the journal", process=agent.process)
        agent.assert_books_balance()
        for lane in agent.status()["lanes"]:
            assert lane["spans"]["delivered"] >= self._bystander.accepted
