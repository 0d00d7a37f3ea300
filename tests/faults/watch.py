# SPDX-License-Identifier: Apache-2.0
"""Observes the agent continuously: its memory, and whether its ledger balances at every moment."""

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.agent import Agent

EVERY = 0.5


@dataclass(frozen=True)
class Sample:
    at: float
    rss: int
    backlog: dict[str, int]  # spans by lane
    oldest: dict[str, float]  # seconds by lane
    disk: int  # bytes of the journals


class Watch:
    def __init__(self, agent: Callable[[], Agent]):
        self._agent = agent
        self._stop = threading.Event()
        self.samples: list[Sample] = []
        self.unbalanced: list[dict] = []
        self.refusals: list[str] = []  # /status must always answer 200
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def within(self, begin: float, end: float) -> list[Sample]:
        return [sample for sample in self.samples if begin <= sample.at <= end]

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            try:
                agent = self._agent()
                status, rss = agent.status(), agent.process.resident_memory()
            except (OSError, http.client.HTTPException, ValueError):
                continue  # it was killed, perhaps while answering
            except AssertionError as error:
                self.refusals.append(str(error))
                continue
            lanes = status["lanes"]
            self.unbalanced += [lane for lane in lanes if not lane["balanced"]]
            self.samples.append(
                Sample(
                    at=time.time(),
                    rss=rss,
                    backlog={lane["name"]: lane["spans"]["backlog"] for lane in lanes},
                    oldest={
                        lane["name"]: lane["oldestUndeliveredSeconds"] or 0.0 for lane in lanes
                    },
                    disk=sum(journal["diskBytes"] for journal in status["journals"]),
                )
            )
