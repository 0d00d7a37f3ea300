# SPDX-License-Identifier: Apache-2.0
"""The data that describes a scenario. steps.py has the steps, world.py plays them."""

from dataclasses import dataclass, field

from harness.load import Shape


LONG = 900  # seconds; ends what would hang, decides nothing

# So that segments are begun and recycled all the time.
SMALL_SEGMENTS = {
    "receiver": {"limits": {"requestBytes": "1Mi"}},
    "delivery": {"segmentBytes": "2Mi"},
}


@dataclass(frozen=True)
class Scale:
    """Duration and intensity: the long runs and the short ones are the same scenarios."""

    rounds: int  # of the steps that are repeated
    seconds: float  # that a destination is away
    rate: float  # spans a second
    seed: int
    rss_growth: int | None = None  # bytes that a fault may cost the agent; None: not looked at
    # How far from a death something may have arrived that is sent again. A lane makes its cursor
    # durable a quarter of a second after something settled; the rest is for a destination that
    # takes its time to answer, and for a disk that others keep busy.
    resend_window: float = 20.0
    # Which percentiles may not move: none where the machine does other things as well.
    shares: tuple[float, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Two phases that must look the same to the clients and at these destinations. The bound is
    generous: two cores that are shared with everything else permit no better one."""

    before: str
    during: str
    destinations: tuple[str, ...]
    shares: tuple[float, ...]
    ratio: float = 5.0
    floor: float = 0.050  # seconds; what is below is not told apart


@dataclass(frozen=True)
class Scenario:
    name: str
    tells: str  # what must hold, in one sentence
    steps: tuple  # played under load
    before_load: tuple = ()  # steps too
    shape: Shape = Shape()
    config: dict = field(default_factory=dict)  # laid over the tests' configuration
    arize_protocol: str = "GRPC"
    relayed: bool = False  # destinations are reached through relays that can lose packets
    disk_bytes: int = 0  # of a small disk for the journal; 0: the machine's own
    # Journals come and go with agents that die: no books have all spans.
    books_are_partial: bool = False
    may_refuse: bool = False  # whether the agent may say "not stored"
    odd_refused_by: tuple[str, ...] = ()  # destinations that never take the load's odd spans …
    odd_reason: str = ""  # … and the reason on their dead letters
    rejected_by: tuple[str, ...] = ()  # destinations that reject spans of requests they take
    comparisons: tuple[Comparison, ...] = ()
    rss_growth: int | None = None  # bytes from the first phase to the largest ever
