# SPDX-License-Identifier: Apache-2.0
"""A sample of the random schedules, with fixed seeds; `./dev schedules` plays 200."""

import pytest
from harness.reference import reference_plans
from operator_schedules.play import play
from operator_schedules.schedule import schedule_of
from operator_schedules.steps import VARIANTS

SEEDS = range(1, 9)


@pytest.fixture(scope="module")
def references(installation):
    return reference_plans(installation, VARIANTS)


@pytest.mark.parametrize("seed", SEEDS)
def test_it_converges(installation, references, seed):
    report = play(installation, references, seed)
    print(f"converged {report.seconds:.1f} s after the last of {len(report.steps)} steps")
    assert not report.findings, report.told()


def test_a_seed_is_a_schedule():
    assert schedule_of(17) == schedule_of(17) != schedule_of(18)
