# SPDX-License-Identifier: Apache-2.0
"""The data that describes a scenario. steps.py has the steps, play.py runs them."""

from dataclasses import dataclass, field

from harness.load import Shape


LONG = 900  # seconds; only stops a hanging test, never decides a result

# Segments are created and recycled all the time.
SMALL_SEGMENTS = {
    "receiver": {"limits": {"requestBytes": "1Mi"}},
    "delivery": {"segmentBytes": "2Mi"},
}


@dataclass(frozen=True)
class Scale:
    """Duration and intensity: the long runs and the short ones are the same scenarios."""

    rounds: int  # of the repeated steps
    seconds: float  # length of an outage
    rate: float  # spans per second
    seed: int
    rss_growth: int | None = None  # bytes that a fault may cost the agent; None: not checked
    # The maximum distance in time between a crash and a request that is sent again. A lane syncs
    # its cursor a quarter of a second after it settles something; the rest is for a slow
    # destination and a busy disk.
    resend_window: float = 20.0
    # The percentiles that must not change; none if the machine is also used otherwise.
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
    floor: float = 0.050  # seconds; differences below it are ignored


@dataclass(frozen=True)
class Scenario:
    name: str
    tells: str  # the guarantee, in one sentence
    steps: tuple  # played under load
    before_load: tuple = ()  # more steps
    shape: Shape = Shape()
    config: dict = field(default_factory=dict)  # merged into the tests' configuration
    arize_protocol: str = "GRPC"
    relayed: bool = False  # destinations are reached through relays that can lose packets
    disk_bytes: int = 0  # size of a small disk for the journal; 0: the machine's own disk
    # Journals come and go with crashed agents, so no single ledger has all spans.
    books_are_partial: bool = False
    may_refuse: bool = False  # whether the agent may refuse spans
    odd_refused_by: tuple[str, ...] = ()  # destinations that always refuse the load's odd spans …
    odd_reason: str = ""  # … and the reason on their dead letters
    rejected_by: tuple[str, ...] = ()  # destinations that reject spans of requests that they accept
    comparisons: tuple[Comparison, ...] = ()
    rss_growth: int | None = None  # growth in bytes from the first phase to the peak
