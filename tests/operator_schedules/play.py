# SPDX-License-Identifier: Apache-2.0
"""Plays one schedule to the end and reports the findings."""

from dataclasses import dataclass, field

from harness.children import Plan
from harness.installation import Installation

from operator_schedules.schedule import schedule_of
from operator_schedules.world import World


@dataclass
class Report:
    seed: int
    steps: tuple
    findings: list[str] = field(default_factory=list)
    seconds: float = 0  # from the last step until everything converged
    log: str = ""

    def told(self) -> str:
        listed = "\n".join(f"  {step}" for step in self.steps)
        return f"seed {self.seed}:\n{listed}\n" + "\n".join(self.findings)


def play(installation: Installation, references: dict[str, Plan], seed: int) -> Report:
    schedule = schedule_of(seed)
    report = Report(seed, schedule.steps)
    world = World(installation, references, schedule)
    try:
        for step in schedule.steps:
            step.play(world)
        world.heal()
        report.findings = world.judge()
        report.seconds = getattr(world, "seconds", 0)
    finally:
        report.findings += world.end()
        report.log = world.log()
    return report
