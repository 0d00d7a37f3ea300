# SPDX-License-Identifier: Apache-2.0
"""Compares what was sent, what is stored and what the agent's ledger reports. Pure: world.py
gathers the data."""

from collections import Counter
from dataclasses import dataclass, field

from harness.load import Outcome, Sent

# The sandbox's faults that leave the sender uncertain about what was stored.
ANSWER_LOST = {"cut", "slow"}


@dataclass(frozen=True)
class Incident:
    """An incident that loses responses in flight from these destinations."""

    at: float
    what: str
    destinations: tuple[str, ...]
    lasts: float = 1.0


@dataclass(frozen=True)
class Resend:
    """A request at a destination, some of whose spans arrived again later."""

    arrived: float
    fault: str
    spans: int


@dataclass(frozen=True)
class Stored:
    """The data at one destination."""

    spans: dict[str, int]  # distinct spans by trace id
    different_copies: int = 0  # copies that differ from the first one in any byte
    resends: tuple[Resend, ...] = ()
    rejected: int = 0  # by partial success, according to the destination
    dead_letters: Counter = field(default_factory=Counter)  # by (trace id, span id, reason)


@dataclass(frozen=True)
class Expected:
    spans: int  # per request
    trace_id: object  # request number → its trace id
    is_odd: object  # request number → whether its first span is odd
    odd_is_refused: bool = False
    odd_reason: str = ""
    some_are_rejected: bool = False
    letters_may_repeat: bool = False  # a crashed agent may write one again

    def stored_of(self, number: int) -> int:
        return self.spans - (1 if self.odd_is_refused and self.is_odd(number) else 0)


ODD_SPAN_ID = f"{1:016x}"


def judge_stored(sent: list[Sent], stored: Stored, expected: Expected) -> list[str]:
    """Whether the destination has exactly what was promised to the clients."""
    findings = []
    known = set()
    missing = 0
    for one in sent:
        trace_id, wanted = expected.trace_id(one.number), expected.stored_of(one.number)
        there = stored.spans.get(trace_id, 0)
        known.add(trace_id)
        if one.outcome is Outcome.OK or (one.outcome is Outcome.UNKNOWN and there):
            missing += wanted - there
            if there < wanted and not expected.some_are_rejected:
                findings.append(f"{trace_id} ({one.outcome.value}): {there} of {wanted} spans")
            if there > wanted:
                findings.append(f"{trace_id}: {there} spans, but at most {wanted} are expected")
        if one.outcome is Outcome.REFUSED and there:
            findings.append(f"{trace_id} was refused, but {there} of its spans are stored")
    if expected.some_are_rejected and missing != stored.rejected:
        findings.append(f"{missing} spans are missing, {stored.rejected} were rejected")
    if foreign := set(stored.spans) - known:
        findings.append(f"{len(foreign)} traces that nobody sent")
    if stored.different_copies:
        findings.append(f"{stored.different_copies} copies differ from the first one")
    return findings + _judge_dead_letters(sent, stored, expected)


def _judge_dead_letters(sent: list[Sent], stored: Stored, expected: Expected) -> list[str]:
    wanted: Counter = Counter()
    for one in sent:
        trace_id = expected.trace_id(one.number)
        custody = one.outcome is Outcome.OK or trace_id in stored.spans
        if expected.odd_is_refused and custody and expected.is_odd(one.number):
            wanted[trace_id, ODD_SPAN_ID, expected.odd_reason] += 1
    there = stored.dead_letters
    if expected.letters_may_repeat:
        there = Counter(set(there))
    if wanted == there:
        return []
    lost, surplus = wanted - there, there - wanted
    return [f"dead letters: {len(lost)} missing, {len(surplus)} too many: {[*lost, *surplus][:3]}"]


def judge_books(spans: dict[str, int], stored: Stored, past: int) -> list[str]:
    """Whether a lane's ledger, with nothing left in the backlog, agrees with the destination.
    `past` spans were delivered from journals that are gone, together with their ledgers."""
    words = Counter(spans)
    words["delivered"] += past
    words["accepted"] += past
    wanted = Counter(
        delivered=sum(stored.spans.values()),
        rejected=stored.rejected,
        dead_lettered=len(stored.dead_letters),  # once per span, however often it was written
    )
    wanted["accepted"] = wanted.total()
    return [
        f"the ledger has {words[word]} {word}, the destination {wanted[word]}"
        for word in sorted(set(words) | set(wanted))
        if words[word] != wanted[word]
    ]


def judge_resends(
    stored: Stored, incidents: list[Incident], window: float
) -> tuple[list[str], Counter]:
    """Every duplicate must have a reason: its response was lost, or could have been, in one of the
    destination's incidents, at most `window` seconds away. Also returns the number of duplicates
    for each."""
    reasons: Counter = Counter()
    for resend in stored.resends:
        reasons[_reason(resend, incidents, window)] += resend.spans
    unexplained = reasons.pop(None, 0)
    findings = [f"{unexplained} spans arrived twice without a cause"] if unexplained else []
    return findings, reasons


def _reason(resend: Resend, incidents: list[Incident], window: float) -> str | None:
    if lost := ANSWER_LOST & set(resend.fault.split(",")):
        return "/".join(sorted(lost))
    for incident in incidents:
        # A slow destination may read a request after its sender has died.
        last = incident.at + max(incident.lasts, window)
        if incident.at - window <= resend.arrived <= last:
            return incident.what
    return None


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[int(share * (len(ordered) - 1))] if ordered else float("nan")


def judge_ratio(
    what: str,
    before: list[float],
    during: list[float],
    shares: tuple[float, ...],
    ratio: float,
    floor: float,
) -> list[str]:
    """Whether a distribution is unchanged at these percentiles."""
    if not before or not during:
        return [f"{what}: {len(before)} values before, {len(during)} during"]
    findings = []
    for share in shares:
        old, new = percentile(before, share), percentile(during, share)
        if new > ratio * max(old, floor):
            findings.append(f"{what}: p{share * 100:.0f} {old * 1e3:.1f} → {new * 1e3:.1f} ms")
    return findings
