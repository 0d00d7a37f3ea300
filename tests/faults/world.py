# SPDX-License-Identifier: Apache-2.0
"""The environment of a scenario: a sandbox, agents, a load, and what was recorded about them."""

import random
import time
from collections import Counter
from contextlib import ExitStack

from faults.scenario import LONG, Scenario
from faults.small_disk import small_disk
from faults.verdict import Incident, Resend, Stored
from faults.watch import Watch
from harness.agent import Agent, merged
from harness.load import Load, Outcome
from harness.processes import wait_until
from harness.relay import Relay
from harness.sandbox import DESTINATIONS
from harness.stage import Stage

ARRIVALS = """
SELECT r.arrived_unix_nano - s.start_time_unix_nano AS took
FROM spans s JOIN requests r ON r.id = s.request_id
WHERE s.destination = ? AND s.copy = 'first' AND s.span_id = printf('%016x', 2)
  AND s.start_time_unix_nano BETWEEN ? AND ?"""

# All copies but the last of each duplicated span, by the request that contained them, in the order
# of arrival: a slow request may be stored after the one that was sent in its place.
RESENDS = """
WITH again AS (
  SELECT DISTINCT trace_id, span_id FROM spans WHERE destination = ?1 AND copy <> 'first'),
copies AS (
  SELECT s.id, s.request_id, r.arrived_unix_nano AS arrived, r.fault,
    ROW_NUMBER() OVER (
      PARTITION BY s.trace_id, s.span_id ORDER BY r.arrived_unix_nano DESC, s.id DESC) AS place
  FROM again JOIN spans s ON s.destination = ?1 AND s.trace_id = again.trace_id
    AND s.span_id = again.span_id
  JOIN requests r ON r.id = s.request_id)
SELECT arrived, fault, COUNT(*) AS spans FROM copies WHERE place > 1 GROUP BY request_id"""


class World:
    def __init__(self, stage: Stage, scenario: Scenario, seed: int):
        self.scenario = scenario
        self.random = random.Random(seed)
        self._incidents: list[Incident] = []
        self.phases: dict[str, tuple[float, float]] = {}
        self._stage = stage
        self._ends = ExitStack()
        # Spans in the ledgers of journals that are gone. This agent's ledger still includes those
        # that it adopted itself, but not earlier ones.
        self._adopted = 0
        self._past = 0
        self.sandbox = stage.sandbox(bodies=False)
        self._config = [self.sandbox.agent_config(scenario.arize_protocol), scenario.config]
        self.relays: dict[str, Relay] = {}
        if scenario.relayed:
            self._config.append(self._relay())
        if scenario.disk_bytes:
            folder = self._ends.enter_context(
                small_disk(stage.folder / "disk", scenario.disk_bytes)
            )
            self._config.append({"delivery": {"folder": str(folder)}})
        self.agent = stage.agent(*self._config)
        self._journals = self.agent.config["delivery"]["folder"]
        self.watch = Watch(lambda: self.agent)
        self.load: Load | None = None

    def end(self) -> None:
        if self.load:
            self.load.stop()
        self.watch.stop()
        for agent in self._stage.agents:
            if not agent.process.ended:  # stop it before its disk is unmounted
                agent.stop(timeout=60)
        self._ends.close()

    def _relay(self) -> dict:
        """Puts a relay in front of each destination; returns the configuration that leads there."""
        config = {}
        for name, port, key in (
            ("arize", "arize_grpc", "endpoint"),
            ("databricks", "databricks", "workspaceURL"),
        ):
            self.relays[name] = Relay(self.sandbox.url(port).removeprefix("http://"))
            self._ends.callback(self.relays[name].close)
            config[name] = {key: f"http://{self.relays[name].endpoint}"}
        return config

    # --- for the steps ---

    def start_load(self) -> None:
        self.load = Load(lambda: self.agent, self.scenario.shape, self.random.getrandbits(64))

    def start_agent(self) -> None:
        """Starts another agent on the same journals, to which the load then goes."""
        self._forget_adopted()
        self.agent = self._stage.agent(*self._config, {"delivery": {"folder": self._journals}})

    def start_again(self) -> None:
        self._forget_adopted()
        self.agent.start()

    def _forget_adopted(self) -> None:
        self._past += self._adopted
        self._adopted = 0

    def reload(self, changes: dict) -> None:
        """Waits until the agent uses them. Requests without a response by then may arrive again."""
        self._config.append(changes)
        self.note_incident("reloaded")
        self.agent.write_config(merged(self.agent.config, changes))
        self.agent.wait_until_configured(LONG)
        self.note_incident("reloaded")

    def run(self, seconds: float, phase: str = "") -> None:
        begin = time.time()
        wait_until(
            lambda: time.time() >= begin + seconds,
            f"{seconds} s are over",
            timeout=seconds + 60,
            process=self.agent.process,
        )
        if phase:
            self.phases[phase] = (begin, time.time())

    def note_incident(
        self, what: str, destinations: tuple[str, ...] = DESTINATIONS, lasts: float = 1.0
    ) -> None:
        self._incidents.append(Incident(time.time(), what, destinations, lasts))

    def expect_clean_stop(self, agent: Agent) -> None:
        code = agent.stop(timeout=60)
        self.note_incident("terminated")
        assert code == 0, f"{agent.process.name} ended with {code}\n{agent.process.output()}"

    def expect_progress(self) -> None:
        before = self.load.accepted
        wait_until(
            lambda: self.load.accepted > before,
            "a request is accepted",
            timeout=LONG,
            process=self.agent.process,
        )

    def wait_for_adoption(self) -> None:
        """Waits until the agent has drained and removed the journal of its predecessor."""
        wait_until(
            lambda: "drained and removed" in self.agent.process.output(),
            "the other journal is drained",
            timeout=LONG,
            process=self.agent.process,
        )
        with self.load.paused():
            own = self.agent.status()["journals"][0]["spans"]
            self._adopted = self._lane_accepted(own) - own

    def _lane_accepted(self, at_least: int) -> int:
        """The lanes' ledgers, once they have at least this many spans."""

        def seen():
            counts = {lane["spans"]["accepted"] for lane in self.agent.status()["lanes"]}
            return counts if min(counts) >= at_least and len(counts) == 1 else None

        (count,) = wait_until(seen, "both ledgers agree")
        return count

    def wait_until_stored(self, destinations: tuple[str, ...], timeout: float) -> None:
        """Waits, under load, until everything acknowledged so far is stored there."""
        now, promised = time.time(), self.load.accepted

        def stored():
            lanes = [lane for lane in self.agent.status()["lanes"] if lane["name"] in destinations]
            ages = [lane["oldestUndeliveredSeconds"] or 0 for lane in lanes]
            return max(ages) < time.time() - now and self._have(lanes, promised)

        what = f"what was accepted is at {' and '.join(destinations)}"
        wait_until(stored, what, timeout, process=self.agent.process)

    def wait_until_drained(self, timeout: float) -> None:
        """Waits until the backlog is empty; the load must have stopped."""
        promised = self.load.accepted

        def drained():
            lanes = self.agent.status()["lanes"]
            return self._have(lanes, promised) and not any(
                lane["spans"]["backlog"] for lane in lanes
            )

        wait_until(
            drained, "nothing is left in the journals", timeout, process=self.agent.process
        )

    def _have(self, lanes: list[dict], promised: int) -> bool:
        """Whether the lanes' ledgers have this many spans: a lane learns of a record a moment after
        the client does, and its backlog before that is out of date."""
        return all(self._past + lane["spans"]["accepted"] >= promised for lane in lanes)

    def check_books(self) -> None:
        """Each lane's outcomes add up to at least what was promised and at most what was sent."""
        promised = self.load.accepted
        wait_until(
            lambda: self._have(self.agent.status()["lanes"], promised),
            f"the books have the {promised} spans that were promised",
            process=self.agent.process,
        )
        self.agent.assert_books_balance()
        for lane in self.agent.status()["lanes"]:
            accepted = self._past + lane["spans"]["accepted"]
            offered = self.load.offered
            assert accepted <= offered, f"{accepted} spans in the books, {offered} were sent"

    # --- the recorded data ---

    @property
    def past(self) -> int:
        return self._past

    def incidents_at(self, destination: str) -> list[Incident]:
        """The incidents of this destination. A dropped connection also loses the responses to other
        requests."""
        cut = "SELECT arrived_unix_nano FROM requests WHERE destination = ? AND fault LIKE '%cut%'"
        return [one for one in self._incidents if destination in one.destinations] + [
            Incident(row["arrived_unix_nano"] / 1e9, "connections cut", (destination,))
            for row in self.sandbox.query(cut, destination)
        ]

    @property
    def an_agent_ended(self) -> bool:
        return any(one.what in ("killed", "terminated") for one in self._incidents)

    def refusals(self) -> int:
        return sum(1 for one in self.load.sent if one.outcome is Outcome.REFUSED)

    def last_request(self, destination: str) -> int:
        sql = "SELECT MAX(id) AS id FROM requests WHERE destination = ?"
        return self.sandbox.query(sql, destination)[0]["id"] or 0

    def stored(self, destination: str) -> Stored:
        by_trace = (
            "SELECT trace_id, COUNT(DISTINCT span_id) AS spans FROM spans"
            " WHERE destination = ? GROUP BY trace_id"
        )
        different = "SELECT COUNT(*) AS n FROM spans WHERE destination = ? AND copy = 'different'"
        rows = self.sandbox.query(by_trace, destination)
        return Stored(
            spans={row["trace_id"]: row["spans"] for row in rows},
            different_copies=self.sandbox.query(different, destination)[0]["n"],
            resends=tuple(
                Resend(row["arrived"] / 1e9, row["fault"], row["spans"])
                for row in self.sandbox.query(RESENDS, destination)
            ),
            rejected=self.sandbox.stats()[destination]["rejected"],
            dead_letters=self._dead_letters(destination),
        )

    def _dead_letters(self, destination: str) -> Counter:
        letters: Counter = Counter()
        for letter in self.agent.dead_letters(destination):
            letters[letter["trace_id"], letter["span_id"], letter["reason"]] += letter["spans"]
        return letters

    def delays(self, destination: str, phase: str) -> list[float]:
        """Seconds from sending to arrival at the destination, for what was sent in that phase."""
        begin, end = (int(at * 1e9) for at in self.phases[phase])
        rows = self.sandbox.query(ARRIVALS, destination, begin, end)
        return [row["took"] / 1e9 for row in rows]

    def accept_times(self, phase: str) -> list[float]:
        begin, end = self.phases[phase]
        return [
            one.took
            for one in self.load.sent
            if one.outcome is Outcome.OK and begin <= one.at <= end
        ]
