# SPDX-License-Identifier: Apache-2.0
"""A short slice of the fault harness, with fixed seeds; `./dev faults` plays the long scenarios."""

import pytest
from faults import small_disk
from faults.fairness import Fairness
from faults.play import play
from faults.saturation import Saturation
from faults.scenario import Scale
from faults.scenarios import SCENARIOS

# Scenarios that the other files of this folder do not cover. The rates are what a sandbox with
# sanitizers can store on a busy machine, even if everything is sent twice. Latencies mean nothing
# on such a machine; `./dev faults` compares them.
SLICE = {
    "kill": Scale(rounds=10, seconds=0, rate=300, seed=1),
    "terminate": Scale(rounds=12, seconds=0, rate=300, seed=2),
    "upgrade": Scale(rounds=16, seconds=0, rate=300, seed=3),
    "take-over": Scale(rounds=10, seconds=0, rate=300, seed=14),
    "arize-blackholed": Scale(rounds=0, seconds=8, rate=1000, seed=4),
    "arize-refusing": Scale(rounds=0, seconds=16, rate=1000, seed=5),
    "arize-unavailable": Scale(rounds=0, seconds=16, rate=1000, seed=6),
    "databricks-blackholed": Scale(rounds=0, seconds=8, rate=1000, seed=7),
    "databricks-refusing": Scale(rounds=0, seconds=16, rate=1000, seed=8),
    "databricks-unavailable": Scale(rounds=0, seconds=16, rate=1000, seed=9),
    "both-down": Scale(rounds=0, seconds=4, rate=1000, seed=10),
    "slow": Scale(rounds=0, seconds=8, rate=1000, seed=11),
    "disk-full": Scale(rounds=0, seconds=4, rate=1000, seed=12),
    "poisoned": Scale(rounds=0, seconds=8, rate=1000, seed=17),
    "everything-refused": Scale(rounds=0, seconds=8, rate=300, seed=18),
    "failing-at-random": Scale(rounds=0, seconds=4, rate=300, seed=19),
    "allergic-unavailable": Scale(rounds=0, seconds=4, rate=600, seed=20),
    "allergic-forbidden": Scale(rounds=0, seconds=4, rate=600, seed=21),
    "chaos": Scale(rounds=6, seconds=0, rate=300, seed=13),
}


@pytest.mark.parametrize(("name", "scale"), SLICE.items(), ids=SLICE.keys())
def test_it_holds(stage, name, scale):
    scenario = SCENARIOS[name](scale)
    if scenario.disk_bytes and (reason := small_disk.why_impossible()):
        pytest.skip(reason)
    report = play(stage, scenario, scale)
    print(*report.lines, sep="\n")
    assert not report.findings, "\n".join(report.findings)


def test_fairness(stage):
    """No quiet client is rejected. How long they wait is checked by `./dev faults fairness` on the
    release build: with sanitizers, one noisy peer uses up the processor."""
    report = Fairness(stage, Scale(rounds=0, seconds=5, rate=0, seed=16), peers=40).play()
    print(*report.lines, sep="\n")
    assert not report.findings, "\n".join(report.findings)


def test_saturation(stage):
    report = Saturation(stage, Scale(rounds=4, seconds=0, rate=0, seed=15)).play()
    print(*report.lines, sep="\n")
    assert not report.findings, "\n".join(report.findings)
