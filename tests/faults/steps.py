# SPDX-License-Identifier: Apache-2.0
"""The steps of a scenario. Each step is data that can play itself in a world."""

import signal
import time
from dataclasses import dataclass, field
from email.utils import formatdate

from faults.scenario import LONG
from harness.processes import wait_until
from harness.sandbox import DESTINATIONS, write_secret


@dataclass(frozen=True)
class Run:
    """Only the load, for this long. With a name, it is a phase of the report."""

    seconds: float
    phase: str = ""

    def play(self, world) -> None:
        world.run(self.seconds, self.phase)


@dataclass(frozen=True)
class Fault:
    """One of the sandbox's faults; tests/sandbox/README.md lists the kinds and their members."""

    destination: str
    kind: str
    members: dict = field(default_factory=dict)

    def play(self, world) -> None:
        world.sandbox.fault(self.destination, self.kind, **self.members)
        if self.kind == "refuse":  # answers in flight are lost with the connections
            world.note_incident("connections closed", (self.destination,))


@dataclass(frozen=True)
class Clear:
    destination: str

    def play(self, world) -> None:
        world.sandbox.fault(self.destination, "none")
        world.note_incident("connections closed", (self.destination,))


@dataclass(frozen=True)
class LosePackets:
    """From this step on, every packet to the destination is lost. What the kernel retransmits long
    afterwards may still arrive, in addition to the agent's own retries."""

    destination: str

    def play(self, world) -> None:
        world.relays[self.destination].lose_all()
        world.note_incident("packets lost", (self.destination,), lasts=LONG)


@dataclass(frozen=True)
class Heal:
    destination: str

    def play(self, world) -> None:
        world.relays[self.destination].heal()


@dataclass(frozen=True)
class Access:
    """The credentials that the destinations accept from this step on."""

    members: dict

    def play(self, world) -> None:
        world.sandbox.admin("/credentials", self.members)


@dataclass(frozen=True)
class Secret:
    """Changes the content of a credential file: arize_api_key_file, databricks token_file."""

    file: str
    content: str

    def play(self, world) -> None:
        write_secret(getattr(world.sandbox, self.file), self.content)


@dataclass(frozen=True)
class Kill:
    """kill -9 and a restart under load; the ledger must balance afterwards. Sometimes the agent is
    killed again while it starts."""

    may_refuse: bool = False  # whether it may refuse spans until the next step

    def play(self, world) -> None:
        world.agent.kill()
        world.note_incident("killed")
        while world.random.random() < 0.3:
            world.agent.launch()
            world.run(world.random.uniform(0, 0.1))
            world.agent.kill()
            world.note_incident("killed")
        world.start_again()
        if not self.may_refuse:
            world.expect_progress()
        world.check_books()


@dataclass(frozen=True)
class Freeze:
    """Suspends the agent for this long, as in a debugger or on a node without free CPU."""

    seconds: float

    def play(self, world) -> None:
        world.agent.process.signal(signal.SIGSTOP)
        world.run(self.seconds)
        world.agent.process.signal(signal.SIGCONT)
        world.note_incident("frozen")
        world.expect_progress()


@dataclass(frozen=True)
class Restart:
    """SIGTERM and a restart, under load."""

    def play(self, world) -> None:
        world.expect_clean_stop(world.agent)
        world.start_again()
        world.expect_progress()
        world.check_books()


@dataclass(frozen=True)
class Reload:
    """The configuration changes under load, and with it both lanes."""

    def play(self, world) -> None:
        world.reload({"delivery": {"linger": f"{world.random.randint(5, 50)}ms"}})
        world.expect_progress()
        world.check_books()


@dataclass(frozen=True)
class Upgrade:
    """A new agent starts on the same volume before the old one stops, and adopts its journal."""

    def play(self, world) -> None:
        old = world.agent
        world.start_agent()
        world.run(0.5)  # both take requests
        world.expect_clean_stop(old)
        world.wait_for_adoption()
        world.expect_progress()
        world.check_books()


@dataclass(frozen=True)
class TakeOver:
    """A new agent starts on the same volume, the old one is killed, and the new one is killed, too,
    while it drains the adopted journal; then it is started again."""

    longest_pause: float

    def play(self, world) -> None:
        old = world.agent
        world.start_agent()
        world.expect_progress()
        old.kill()
        world.note_incident("killed")
        # The agent looks for journals of dead agents every five seconds.
        wait_until(
            lambda: world.agent.adopted_journals() > 0,
            "the dead agent's journal is adopted",
            process=world.agent.process,
        )
        world.run(world.random.uniform(0, self.longest_pause))
        world.agent.kill()
        world.note_incident("killed")
        world.start_again()
        world.expect_progress()
        world.agent.assert_books_balance()


@dataclass(frozen=True)
class Rounds:
    """Repeats a step at random times."""

    count: int
    step: Kill | Restart | Upgrade | TakeOver
    longest_pause: float

    def play(self, world) -> None:
        for _ in range(self.count):
            world.run(world.random.uniform(0, self.longest_pause))
            self.step.play(world)


@dataclass(frozen=True)
class UntilState:
    destination: str
    state: str

    def play(self, world) -> None:
        wait_until(
            lambda: world.agent.lane(self.destination)["state"] == self.state,
            f"{self.destination} is {self.state}",
            process=world.agent.process,
        )


@dataclass(frozen=True)
class UntilStored:
    """Waits, under load, until everything acknowledged before this step is stored at these
    destinations."""

    destinations: tuple[str, ...] = DESTINATIONS

    def play(self, world) -> None:
        world.wait_until_stored(self.destinations, LONG)


@dataclass(frozen=True)
class UntilRefused:
    """Waits until the agent reports that it can no longer store spans."""

    def play(self, world) -> None:
        before = world.refusals()
        wait_until(
            lambda: world.refusals() > before + 10,
            "the agent refuses",
            timeout=LONG,
            process=world.agent.process,
        )


@dataclass(frozen=True)
class UntilAccepted:
    """Waits until the agent stores spans again."""

    def play(self, world) -> None:
        world.expect_progress()


@dataclass(frozen=True)
class Throttle:
    """One response with a retry delay: no request may arrive before it has passed. Requires one
    request in flight at a time."""

    destination: str
    members: dict  # of the fault, except the hint
    hint: str  # retry_after, retry_info, or date (Retry-After with a date)
    seconds: int

    def play(self, world) -> None:
        before = world.last_request(self.destination)
        earliest = float(int(time.time()) + 1 + self.seconds)
        if self.hint == "date":
            hint = {"retry_after": formatdate(earliest, usegmt=True)}
        else:
            hint = {self.hint: self.seconds}
        fault = {**self.members, **hint, "count": 1}
        world.sandbox.fault(self.destination, "status", **fault)
        refused = self._next_request(world, before, "status")
        again = self._next_request(world, refused["id"], "")
        if self.hint != "date":
            earliest = refused["arrived_unix_nano"] / 1e9 + self.seconds
        early = earliest - again["arrived_unix_nano"] / 1e9
        assert early <= 0, f"{self.destination} got a request {early:.3f} s too early"

    def _next_request(self, world, last_id: int, fault: str):
        sql = (
            "SELECT * FROM requests WHERE destination = ? AND id > ? AND fault = ?"
            " ORDER BY id LIMIT 1"
        )
        (row,) = wait_until(
            lambda: world.sandbox.query(sql, self.destination, last_id, fault),
            f"a request comes to {self.destination}",
            process=world.agent.process,
        )
        return row
