# SPDX-License-Identifier: Apache-2.0
"""Plays one scenario to the end and reports the findings."""

from dataclasses import dataclass, field

from faults.scenario import LONG, Scale, Scenario
from faults.verdict import (
    Expected,
    judge_books,
    judge_ratio,
    judge_resends,
    judge_stored,
    percentile,
)
from faults.world import World
from harness.load import Outcome
from harness.sandbox import DESTINATIONS
from harness.stage import Stage


@dataclass
class Report:
    findings: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def play(stage: Stage, scenario: Scenario, scale: Scale) -> Report:
    """Plays the steps, waits until the journals are empty, and checks the result."""
    world = World(stage, scenario, scale.seed)
    try:
        for step in scenario.before_load:
            step.play(world)
        world.start_load()
        for step in scenario.steps:
            step.play(world)
        if scenario.odd_refused_by:
            # A span is given up only while others pass, so the last odd ones need some after them.
            world.load.end_odd()
            world.wait_until_stored(DESTINATIONS, LONG)
        world.load.stop()
        world.wait_until_drained(LONG)
        return _judge(world, scale.resend_window)
    finally:
        world.end()


def _judge(world: World, resend_window: float) -> Report:
    report = Report()
    _judge_clients(world, report)
    for destination in DESTINATIONS:
        _judge_destination(world, destination, resend_window, report)
    _judge_watch(world, report)
    for comparison in world.scenario.comparisons:
        _judge_comparison(world, comparison, report)
    _judge_memory(world, report)
    for phase in world.phases:
        report.lines.append(_phase_line(world, phase))
    return report


def _judge_clients(world: World, report: Report) -> None:
    sent = world.load.sent
    spans = world.scenario.shape.spans
    count = {outcome: 0 for outcome in Outcome}
    for one in sent:
        count[one.outcome] += spans
    report.lines.append(
        ", ".join(f"{count[outcome]:,} spans {outcome.value}" for outcome in Outcome)
    )
    if not count[Outcome.OK]:
        report.findings.append("nothing was accepted")
    refusals = [one for one in sent if one.outcome is Outcome.REFUSED]
    if refusals and not world.scenario.may_refuse:
        report.findings.append(f"{len(refusals)} requests were refused")
    if unhinted := sum(1 for one in refusals if one.hint is None):
        report.findings.append(f"{unhinted} refusals had no retry delay")
    if count[Outcome.UNKNOWN] and not world.an_agent_ended:
        report.findings.append("requests were not answered, and no agent had ended")


def _judge_destination(
    world: World, destination: str, resend_window: float, report: Report
) -> None:
    scenario = world.scenario
    stored = world.stored(destination)
    expected = Expected(
        spans=scenario.shape.spans,
        trace_id=world.load.trace_id,
        is_odd=world.load.is_odd,
        odd_is_refused=destination in scenario.odd_refused_by,
        odd_reason=scenario.odd_reason,
        some_are_rejected=destination in scenario.rejected_by,
        letters_may_repeat=world.an_agent_ended,
    )
    books = dict(world.agent.spans(destination))
    found = judge_stored(world.load.sent, stored, expected)
    past = world.past
    if scenario.books_are_partial:
        past = sum(stored.spans.values()) - books["accepted"]
    found += judge_books(books, stored, past)
    more, reasons = judge_resends(stored, world.incidents_at(destination), resend_window)
    report.findings += [f"{destination}: {finding}" for finding in (found + more)[:20]]
    again = ", ".join(f"{number:,} {reason}" for reason, number in sorted(reasons.items()))
    words = ", ".join(f"{number:,} {word}" for word, number in books.items() if number)
    report.lines.append(f"{destination}: {words}; sent again: {again or 'none'}")


def _judge_watch(world: World, report: Report) -> None:
    watch = world.watch
    report.findings += [f"the ledger did not balance: {lane}" for lane in watch.unbalanced[:5]]
    report.findings += [f"/status did not answer 200: {text}" for text in watch.refusals[:5]]
    if not watch.samples:
        report.findings.append("/status was never seen")


def _judge_comparison(world: World, comparison, report: Report) -> None:
    before, during = comparison.before, comparison.during
    bounds = (comparison.shares, comparison.ratio, comparison.floor)
    report.findings += judge_ratio(
        "accepting", world.accept_times(before), world.accept_times(during), *bounds
    )
    for destination in comparison.destinations:
        report.findings += judge_ratio(
            f"delay to {destination}",
            world.delays(destination, before),
            world.delays(destination, during),
            *bounds,
        )


def _judge_memory(world: World, report: Report) -> None:
    if world.scenario.rss_growth is None or not world.phases:
        return
    first = world.watch.within(*next(iter(world.phases.values())))
    base = max(sample.rss for sample in first)
    peak = max(sample.rss for sample in world.watch.samples)
    if peak - base > world.scenario.rss_growth:
        report.findings.append(f"memory grew from {base >> 20} to {peak >> 20} MiB")


def _phase_line(world: World, phase: str) -> str:
    def spread(values: list[float]) -> str:
        shares = (0.5, 0.95, 0.99)
        return "/".join(f"{percentile(values, share) * 1e3:.1f}" for share in shares)

    samples = world.watch.within(*world.phases[phase])
    rss = max((sample.rss for sample in samples), default=0)
    backlog = {
        destination: max((sample.backlog[destination] for sample in samples), default=0)
        for destination in DESTINATIONS
    }
    begin, end = world.phases[phase]
    delays = ", ".join(f"{name} {spread(world.delays(name, phase))}" for name in DESTINATIONS)
    return (
        f"{phase} ({end - begin:.0f} s): accept p50/p95/p99 {spread(world.accept_times(phase))} ms,"
        f" delay {delays} ms, RSS {rss / 2**20:.0f} MiB, backlog {backlog}"
    )
