# SPDX-License-Identifier: Apache-2.0
"""kill -9 while the agent is saturated: groups of many requests are being written to disk, and
the lanes lag behind."""

import random
import time
from dataclasses import dataclass

from faults.numbered import Numbered
from faults.play import Report
from faults.scenario import SMALL_SEGMENTS, Scale
from harness.processes import wait_until
from harness.sandbox import DESTINATIONS
from harness.stage import Stage
from measure import LoadOptions
from systems import free_port

SECONDS_A_ROUND = 1.5


@dataclass
class Saturation:
    stage: Stage
    scale: Scale

    def play(self) -> Report:
        # The generator cannot change its port, so the agent keeps it across crashes.
        listen = {"receiver": {"listen": [f"127.0.0.1:{free_port()}"]}}
        spans = Numbered(self.stage, SMALL_SEGMENTS, listen)
        agent, some = spans.agent, random.Random(self.scale.seed)
        agent.start()
        options = LoadOptions(
            spans=some.choice([10, 100]),
            connections=32,
            in_flight=4,
            protocol="grpc",
            seed=self.scale.seed,
        )
        failed = 0
        for _ in range(self.scale.rounds):
            with spans.load(options, SECONDS_A_ROUND) as run:
                moment = time.monotonic() + some.uniform(0, SECONDS_A_ROUND)
                wait_until(
                    lambda: time.monotonic() >= moment, "the moment", process=agent.process
                )
                agent.kill()
                agent.start()
            failed += run["requests_failed"]
        for name in DESTINATIONS:
            spans.wait_for(name)
        spans.collect()
        lines = [f"{self.scale.rounds} crashes, {failed:,} requests without an answer"]
        return Report(findings=spans.judge(), lines=[*lines, *spans.lines()])
