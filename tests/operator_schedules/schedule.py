# SPDX-License-Identifier: Apache-2.0
"""Generates a schedule from a seed; the same seed gives the same schedule, so that a failure can be
replayed."""

import random
from dataclasses import dataclass

from operator_schedules import steps

SPACES = 2
NAMES = ("quince", "medlar", "papaya")


@dataclass(frozen=True)
class Schedule:
    seed: int
    elected: bool  # whether the operator leads by a lease
    steps: tuple


def _target(chance: random.Random) -> dict:
    return {"space": chance.randrange(SPACES), "name": chance.choice(NAMES)}


def _variant(chance: random.Random) -> str:
    return chance.choice(list(steps.VARIANTS))


def _plural(chance: random.Random) -> str:
    return chance.choice(steps.PLURALS)


# The weight of each step, and how it is created.
CHOICES = [
    (10, lambda chance: steps.Put(**_target(chance), variant=_variant(chance))),
    (4, lambda chance: steps.Delete(**_target(chance))),
    (3, lambda chance: steps.MakeAnew(**_target(chance), variant=_variant(chance))),
    (
        6,
        lambda chance: steps.EditChild(
            **_target(chance),
            plural=_plural(chance),
            how=chance.choice(("owned", "owned", "foreign", "labels")),
        ),
    ),
    (5, lambda chance: steps.DeleteChild(**_target(chance), plural=_plural(chance))),
    (4, lambda chance: steps.LeaveOver(**_target(chance), plural=_plural(chance))),
    (4, lambda _: steps.Kill()),
    (2, lambda _: steps.Terminate()),
    (4, lambda _: steps.Start()),
    (1, lambda _: steps.Freeze()),
    (2, lambda _: steps.Thaw()),
    (3, lambda _: steps.Disconnect()),
    (3, lambda _: steps.Reconnect()),
    (
        3,
        lambda chance: steps.Disturb(seed=chance.randrange(10**6), share=chance.choice((0.1, 0.4))),
    ),
    (1, lambda chance: steps.RestartApiServer(compacted=chance.random() < 0.5)),
    (8, lambda chance: steps.Wait(seconds=round(chance.choice((0.05, 0.3, 1.0)), 2))),
]


def schedule_of(seed: int) -> Schedule:
    chance = random.Random(seed)
    weights = [weight for weight, _ in CHOICES]
    made = [
        make(chance)
        for _, make in chance.choices(CHOICES, weights=weights, k=chance.randint(15, 35))
    ]
    # Begin with exports, so that the operator has work when the random steps start.
    first = [steps.Put(**_target(chance), variant=_variant(chance)) for _ in range(2)]
    return Schedule(seed, elected=chance.random() < 0.4, steps=(*first, *made))
