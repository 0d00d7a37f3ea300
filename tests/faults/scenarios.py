# SPDX-License-Identifier: Apache-2.0
"""The table of scenarios. Each takes a scale, so that the short run matches the long one."""

import functools
from collections.abc import Callable

from faults.chaos import chaos
from faults.scenario import SMALL_SEGMENTS, Comparison, Scale, Scenario
from faults.steps import (
    Access,
    Clear,
    Fault,
    Freeze,
    Heal,
    Kill,
    LosePackets,
    Restart,
    Rounds,
    Run,
    Secret,
    TakeOver,
    Throttle,
    UntilAccepted,
    UntilRefused,
    UntilState,
    UntilStored,
    Upgrade,
)
from harness.agent import merged
from harness.load import Shape
from harness.sandbox import API_KEY, DESTINATIONS, TOKEN

OTHER = {"arize": "databricks", "databricks": "arize"}


def kill(scale: Scale) -> Scenario:
    return Scenario(
        name="kill",
        tells="kill -9 at random moments under load loses nothing that was answered OK",
        steps=(Rounds(scale.rounds, Kill(), longest_pause=1.0), Run(0.5)),
        shape=Shape(rate=scale.rate, text_bytes=1000),
        config=SMALL_SEGMENTS,
    )


def terminate(scale: Scale) -> Scenario:
    return Scenario(
        name="terminate",
        tells="an agent that is terminated under load exits cleanly and loses nothing",
        steps=(Rounds(max(1, scale.rounds // 4), Restart(), longest_pause=1.0), Run(0.5)),
        shape=Shape(rate=scale.rate, text_bytes=1000),
        config=SMALL_SEGMENTS,
    )


def upgrade(scale: Scale) -> Scenario:
    return Scenario(
        name="upgrade",
        tells="a new agent that starts before the old one ends takes over, and nothing is lost",
        steps=(Rounds(max(1, scale.rounds // 8), Upgrade(), longest_pause=1.0), Run(0.5)),
        shape=Shape(rate=scale.rate, text_bytes=1000),
        config=SMALL_SEGMENTS,
    )


def take_over(scale: Scale) -> Scenario:
    slow = {"ms": 150, "store": "before"}
    return Scenario(
        name="take-over",
        tells="agents that die while they drain the journals of dead ones lose nothing",
        steps=(
            *(Fault(name, "slow", slow) for name in DESTINATIONS),
            Rounds(max(1, scale.rounds // 10), TakeOver(longest_pause=0.5), longest_pause=0.5),
            *(Clear(name) for name in DESTINATIONS),
            Run(0.5),
        ),
        shape=Shape(rate=scale.rate),
        # Batches of one request, so that there is always something left to drain.
        config=merged(SMALL_SEGMENTS, {"delivery": {"requestsInFlight": 1, "batchBytes": "4Ki"}}),
        books_are_partial=True,
    )


def frozen(scale: Scale) -> Scenario:
    return Scenario(
        name="frozen",
        tells="an agent that is suspended for a while resumes and loses nothing",
        steps=(
            *(step for seconds in (0.5, 3, 8) for step in (Run(1), Freeze(seconds))),
            Run(1),
            UntilStored(),
        ),
        shape=Shape(rate=scale.rate),
        # The destinations answered in time, but the suspended agent could not read the answers.
        config={"delivery": {"requestTimeout": "5s"}},
    )


# How a destination can fail: a fault of the sandbox, and its share of the scale's time.
DEATHS = {
    "blackholed": ("blackhole", {}, 1.0),
    "refusing": ("refuse", {}, 0.25),
    "unavailable": ("status", {"status": 503}, 0.25),
}


def dead(destination: str, how: str, scale: Scale) -> Scenario:
    other = OTHER[destination]
    kind, members, share = DEATHS[how]
    seconds = scale.seconds * share
    return Scenario(
        name=f"{destination}-{how}",
        tells=f"while {destination} is {how}, neither {other} nor the clients notice",
        steps=(
            Run(seconds / 4, "before"),
            Fault(destination, kind, members),
            Run(seconds, "during"),
            Clear(destination),
            Run(seconds / 4, "after"),
            UntilStored((other,)),
        ),
        shape=Shape(rate=scale.rate, spans=50),
        config={"delivery": {"requestTimeout": "5s"}},
        comparisons=(Comparison("before", "during", (other,), scale.shares),),
        rss_growth=scale.rss_growth,
    )


def partitioned(destination: str, scale: Scale) -> Scenario:
    other = OTHER[destination]
    return Scenario(
        name=f"{destination}-partitioned",
        tells=f"while no packet reaches {destination}, neither {other} nor the clients notice",
        steps=(
            Run(scale.seconds / 4, "before"),
            LosePackets(destination),
            Run(scale.seconds, "during"),
            Heal(destination),
            Run(scale.seconds / 4, "after"),
            UntilStored(),
        ),
        relayed=True,
        shape=Shape(rate=scale.rate / 2, spans=50),
        comparisons=(Comparison("before", "during", (other,), scale.shares),),
        rss_growth=scale.rss_growth,
    )


def both_down(scale: Scale) -> Scenario:
    return Scenario(
        name="both-down",
        tells="with both destinations dead, everything is kept, even across a kill -9, and delivered"
        " afterwards",
        steps=(
            Run(scale.seconds / 8, "before"),
            Fault("arize", "refuse"),
            Fault("databricks", "blackhole"),
            Run(scale.seconds / 2, "during"),
            Kill(),
            Clear("arize"),
            Clear("databricks"),
            Run(scale.seconds / 8),
            UntilStored(),
        ),
        shape=Shape(rate=scale.rate, spans=50),
        config={"delivery": {"requestTimeout": "5s"}},
        comparisons=(Comparison("before", "during", (), scale.shares),),
        rss_growth=scale.rss_growth,
    )


def credential(scale: Scale) -> Scenario:
    return Scenario(
        name="credential",
        tells="refused credentials pause their lane until they are fixed, and nothing is lost",
        steps=(
            Run(1),
            Access({"databricks_tokens": ["dapi-rotated"], "arize_api_keys": ["ak-rotated"]}),
            UntilState("databricks", "Paused"),
            UntilState("arize", "Paused"),
            Run(scale.seconds / 4),
            Secret("token_file", "dapi-rotated"),
            UntilStored(("databricks",)),
            Secret("api_key_file", "ak-rotated"),
            UntilStored(),
            Access({"databricks_tokens": [TOKEN], "arize_api_keys": [API_KEY]}),
            UntilState("databricks", "Paused"),
            Access({"databricks_tokens": None, "arize_api_keys": None}),
            UntilStored(),
        ),
        shape=Shape(rate=scale.rate),
    )


LIMIT = 256 * 1024


def too_large(scale: Scale) -> Scenario:
    limits = tuple(Fault(name, "limit", {"bytes": LIMIT}) for name in DESTINATIONS)
    return Scenario(
        name="too-large",
        tells="if a destination rejects large requests, all spans arrive that are not too large alone",
        before_load=limits,
        steps=(Run(scale.seconds / 4), UntilStored()),
        shape=Shape(rate=scale.rate, odd_every=50, odd_bytes=LIMIT + 1024),
        config={
            "receiver": {"limits": {"requestBytes": "1Mi"}},
            "delivery": {"maxDeadLetters": "1Gi"},  # each letter contains the whole span
        },
        odd_refused_by=DESTINATIONS,
        odd_reason="TooLarge",
    )


def poisoned(scale: Scale) -> Scenario:
    poison = tuple(Fault(name, "poison", {"match": "poison"}) for name in DESTINATIONS)
    return Scenario(
        name="poisoned",
        tells="a span that a destination always refuses is set aside alone, with its reason, even if"
        " agents are killed meanwhile",
        before_load=poison,
        steps=(
            Run(scale.seconds / 4),
            Rounds(scale.rounds // 10, Kill(), longest_pause=1.0),
            UntilStored(),
        ),
        shape=Shape(rate=scale.rate / 4, odd_every=10, odd_name="poison"),
        odd_refused_by=DESTINATIONS,
        odd_reason="InvalidData",
    )


# Answers to all requests that do not depend on the data, whatever they claim.
REFUSALS = {
    "refusal": {"status": 400, "code": 3, "message": "not for this workspace"},
    "gateway": {
        "status": 400,
        "code": 9,
        "content_type": "text/html",
        "body": "<html><body>The plain HTTP request was sent to HTTPS port</body></html>",
    },
    "conflict": {"status": 409, "code": 6, "body": "", "content_type": "text/plain"},
}


def everything_refused(scale: Scale) -> Scenario:
    steps: list = [Run(1)]
    for refusal in REFUSALS.values():
        steps += [Fault(name, "status", refusal) for name in DESTINATIONS]
        steps += [UntilState(name, "Paused") for name in DESTINATIONS]
        steps += [Run(scale.seconds / 8), *(Clear(name) for name in DESTINATIONS), UntilStored()]
    return Scenario(
        name="everything-refused",
        tells="a destination that refuses everything pauses its lane and costs no span",
        steps=tuple(steps),
        shape=Shape(rate=scale.rate),
    )


def failing_at_random(scale: Scale) -> Scenario:
    most = {"status": 500, "code": 13, "percent": 80}
    return Scenario(
        name="failing-at-random",
        tells="a destination that fails four times in five receives everything eventually",
        steps=(
            Run(1),
            *(Fault(name, "status", most) for name in DESTINATIONS),
            Run(scale.seconds),
            *(Clear(name) for name in DESTINATIONS),
            Run(0.5),
            UntilStored(),
        ),
        shape=Shape(rate=scale.rate),
    )


# Answers that a destination, or a proxy in front of it, may give to certain data only.
ALLERGIES = {
    "unavailable": {"status": 503, "code": 14},
    "forbidden": {"status": 403, "code": 7, "content_type": "text/html", "body": "<html/>"},
}


def allergic(how: str, scale: Scale) -> Scenario:
    answer = {"match": "poison", **ALLERGIES[how]}
    return Scenario(
        name=f"allergic-{how}",
        tells="batches that always get such an answer wait alone, and do not delay the others",
        steps=(
            Run(scale.seconds / 4, "before"),
            *(Fault(name, "poison", answer) for name in DESTINATIONS),
            Run(scale.seconds, "during"),
            *(Clear(name) for name in DESTINATIONS),
            UntilStored(),
        ),
        # One odd request every few seconds; a batch has a few hundred spans.
        shape=Shape(rate=scale.rate, odd_every=100, odd_name="poison"),
        config={"delivery": {"retryBase": "200ms", "retryMax": "2s", "pauseProbe": "2s"}},
        comparisons=(Comparison("before", "during", DESTINATIONS, (0.5,)),),
    )


def rejected(scale: Scale) -> Scenario:
    partial = {"rejected_spans": 3, "message": "three are too old", "count": 20}
    return Scenario(
        name="rejected",
        tells="spans that are rejected by partial success are counted and not sent again",
        steps=(
            Run(1),
            Fault("databricks", "partial", partial),
            Fault("arize", "partial", partial),
            Run(scale.seconds / 4),
            UntilStored(),
        ),
        shape=Shape(rate=scale.rate),
        rejected_by=DESTINATIONS,
    )


def throttled(_: Scale) -> Scenario:
    too_many = {"status": 429, "code": 8}
    unavailable = {"status": 503, "code": 14}
    return Scenario(
        name="throttled",
        tells="a destination that requests a pause gets it, and everything afterwards",
        steps=(
            Throttle("databricks", too_many, "retry_after", 3),
            Throttle("databricks", unavailable, "retry_after", 3),
            Throttle("databricks", too_many, "date", 3),
            Throttle("databricks", unavailable, "date", 3),
            Throttle("arize", too_many, "retry_info", 3),
            Throttle("arize", unavailable, "retry_info", 3),
            UntilStored(),
        ),
        shape=Shape(rate=400),
        config={"delivery": {"requestsInFlight": 1}},
    )


def cut(scale: Scale) -> Scenario:
    steps: list = []
    for store in ("before", "never"):
        for destination in DESTINATIONS:
            steps += [Fault(destination, "cut", {"store": store, "count": 10}), Run(1)]
    return Scenario(
        name="cut",
        tells="connections that are cut instead of answered cost a resend of the same bytes",
        steps=(Run(1), *steps, Run(scale.seconds / 8), UntilStored()),
        shape=Shape(rate=scale.rate),
    )


def slow(scale: Scale) -> Scenario:
    return Scenario(
        name="slow",
        tells="a slow destination slows only itself",
        steps=(
            Run(scale.seconds / 8, "before"),
            Fault("databricks", "slow", {"ms": 700, "store": "after"}),
            Run(scale.seconds / 4, "during"),
            UntilStored(("arize",)),
            Clear("databricks"),
            UntilStored(),
        ),
        shape=Shape(rate=scale.rate, spans=50),
        config={"delivery": {"requestsInFlight": 1}},
        comparisons=(Comparison("before", "during", ("arize",), scale.shares),),
        rss_growth=scale.rss_growth,
    )


def disk_full(scale: Scale) -> Scenario:
    return Scenario(
        name="disk-full",
        tells="an agent with a full disk refuses spans with a delay, drains, and accepts spans again",
        disk_bytes=24 << 20,
        steps=(
            Run(1),
            Fault("databricks", "refuse"),
            UntilRefused(),
            UntilStored(("arize",)),
            Kill(may_refuse=True),
            Run(2),
            Clear("databricks"),
            UntilStored(),
            UntilAccepted(),
            Run(scale.seconds / 8),
            UntilStored(),
        ),
        shape=Shape(text_bytes=4000),
        # Use the disk to the last byte; tests/component/min_free_disk_test.py tests the reserve.
        config=SMALL_SEGMENTS,
        may_refuse=True,
    )


SCENARIOS: dict[str, Callable[[Scale], Scenario]] = {
    "kill": kill,
    "terminate": terminate,
    "upgrade": upgrade,
    **{
        f"{destination}-{how}": functools.partial(dead, destination, how)
        for destination in DESTINATIONS
        for how in DEATHS
    },
    **{
        f"{destination}-partitioned": functools.partial(partitioned, destination)
        for destination in DESTINATIONS
    },
    "take-over": take_over,
    "frozen": frozen,
    "both-down": both_down,
    "credential": credential,
    "too-large": too_large,
    "poisoned": poisoned,
    "everything-refused": everything_refused,
    "failing-at-random": failing_at_random,
    **{f"allergic-{how}": functools.partial(allergic, how) for how in ALLERGIES},
    "rejected": rejected,
    "throttled": throttled,
    "cut": cut,
    "slow": slow,
    "disk-full": disk_full,
    "chaos": chaos,
}
