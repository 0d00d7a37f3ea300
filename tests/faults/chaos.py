# SPDX-License-Identifier: Apache-2.0
"""Chaos: a scenario generated from a seed, with overlapping faults of both destinations and crashes
of the agent, in any order. None of them may lose a span, so every fault ends eventually."""

import random

from faults.scenario import SMALL_SEGMENTS, Scale, Scenario
from faults.steps import Clear, Fault, Kill, Reload, Restart, Run, Upgrade
from harness.agent import merged
from harness.load import Shape
from harness.sandbox import DESTINATIONS

STEPS_A_ROUND = 4


def _status(some: random.Random) -> dict:
    status = some.choice([401, 403, 408, 429, 500, 502, 503, 504])
    members = {"status": status, "count": some.randint(1, 3)}
    if status in (429, 503) and some.random() < 0.5:
        members |= {"retry_after": 1, "retry_info": 1}
    return members


# Kind of fault → its members.
FAULTS = {
    "blackhole": lambda some: {"seconds": some.uniform(0.2, 3)},
    "refuse": lambda some: {"seconds": some.uniform(0.2, 2)},
    "status": _status,
    "slow": lambda some: {
        "ms": some.randint(50, 3000),
        "store": some.choice(["before", "after"]),
        "count": some.randint(1, 10),
    },
    "cut": lambda some: {"store": some.choice(["before", "never"]), "count": some.randint(1, 5)},
    "limit": lambda some: {"bytes": some.choice([20_000, 100_000]), "count": some.randint(1, 30)},
}


def _step(some: random.Random):
    draw = some.random()
    if draw < 0.15:
        return Kill()
    if draw < 0.20:
        return Restart()
    if draw < 0.25:
        return Upgrade()
    if draw < 0.32:
        return Reload()
    if draw < 0.42:
        return Clear(some.choice(DESTINATIONS))
    kind = some.choice(list(FAULTS))
    return Fault(some.choice(DESTINATIONS), kind, FAULTS[kind](some))


def _config(some: random.Random) -> dict:
    compression = [some.choice(["GZIP", "None"]) for _ in DESTINATIONS]
    changes = {
        name: {"compression": how} for name, how in zip(DESTINATIONS, compression, strict=True)
    }
    # Here, a slow response is itself a fault. A crash of the process loses nothing with either
    # durability; only a crash of the machine could.
    delivery = {"requestTimeout": "2s", "durability": some.choice(["Disk", "Memory"])}
    return merged(SMALL_SEGMENTS, {**changes, "delivery": delivery, "drainTimeout": "3s"})


def chaos(scale: Scale) -> Scenario:
    some = random.Random(scale.seed)
    steps: list = []
    for _ in range(STEPS_A_ROUND * scale.rounds):
        steps += [_step(some), Run(some.uniform(0, 1))]
    return Scenario(
        name="chaos",
        tells="any mix of faults and deaths loses nothing",
        steps=(*steps, *(Clear(name) for name in DESTINATIONS)),
        shape=Shape(rate=scale.rate, text_bytes=some.choice([200, 2000])),
        config=_config(some),
        arize_protocol=some.choice(["GRPC", "HTTP"]),
    )
