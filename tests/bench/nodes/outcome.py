# SPDX-License-Identifier: Apache-2.0
"""The outcome of a load: the responses that its clients got."""

from dataclasses import dataclass


def set_of(numbers: list[int]) -> int:
    """In the format of as_set(): bit n for number n. The numbers are close to each other."""
    least = min(numbers, default=0)
    return sum(1 << number - least for number in numbers) << least


@dataclass
class LoadResult:
    """The outcome for all nodes together, including the probes."""

    accepted: int  # the set of spans that were answered OK
    loads: list[dict]  # the output of each dualtrace-load
    probes: list[dict]  # the output of each probe

    def total(self, name: str) -> float:
        return sum(load[name] for load in self.loads)

    @property
    def unanswered(self) -> int:
        """Spans that were due but not acknowledged."""
        failed = sum(probe["tries"] - len(probe["ok"]) for probe in self.probes)
        return int(self.total("spans_due") - self.total("spans_accepted")) + failed

    @property
    def longest_outage(self) -> float | None:
        """In the probes: from the first failed attempt to the next success, or to a late one."""
        waits = [max(probe["longest_outage"], probe["slowest"]) for probe in self.probes]
        return max(waits) if waits else None
