# SPDX-License-Identifier: Apache-2.0
"""What became of a load: what its clients were told."""

from dataclasses import dataclass


def set_of(numbers: list[int]) -> int:
    """As as_set() makes it: bit n for number n. They are near each other."""
    least = min(numbers, default=0)
    return sum(1 << number - least for number in numbers) << least


@dataclass
class LoadResult:
    """Of all nodes together, probes included."""

    accepted: int  # the set of spans that were answered OK
    loads: list[dict]  # what each dualtrace-load printed
    probes: list[dict]  # what each probe wrote

    def total(self, name: str) -> float:
        return sum(load[name] for load in self.loads)

    @property
    def unanswered(self) -> int:
        """Spans that were due and not answered OK."""
        failed = sum(probe["tries"] - len(probe["ok"]) for probe in self.probes)
        return int(self.total("spans_due") - self.total("spans_accepted")) + failed

    @property
    def longest_outage(self) -> float | None:
        """Of the probes: from the first try that failed to the next OK, or a late answer's."""
        waits = [max(probe["longest_outage"], probe["slowest"]) for probe in self.probes]
        return max(waits) if waits else None
