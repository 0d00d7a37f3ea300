# SPDX-License-Identifier: Apache-2.0
"""`./dev faults`: plays scenarios on the release build and reports the findings."""

import argparse
import dataclasses
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from faults import small_disk
from faults.backlog import Backlog, Size
from faults.fairness import Fairness
from faults.play import Report, play
from faults.scenario import Scale
from faults.saturation import Saturation
from faults.scenarios import SCENARIOS
from harness.stage import Stage


BACKLOG, FAIRNESS, SATURATION = "backlog", "fairness", "saturation"


def arguments():
    parser = argparse.ArgumentParser(prog="./dev faults", description=__doc__)
    parser.add_argument("--binaries", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument(
        "scenarios",
        nargs="*",
        metavar="SCENARIO",
        help=f"{', '.join([SATURATION, FAIRNESS, *SCENARIOS])}; all of these by default."
        f" {BACKLOG} must be named explicitly",
    )
    parser.add_argument("--seed", type=int, help="repeats the run with this seed; default: new")
    parser.add_argument("--rounds", type=int, default=100, help="number of kills; default: 100")
    parser.add_argument(
        "--seconds", type=float, default=150, help="length of an outage; default: 150"
    )
    parser.add_argument("--rate", type=float, default=5000, help="spans per second; default: 5000")
    parser.add_argument("--gigabytes", type=float, default=20, help=f"for {BACKLOG}; default: 20")
    parser.add_argument("--keep", action="store_true", help="keep the folders of passed scenarios")
    options = parser.parse_args()
    if unknown := set(options.scenarios) - {*SCENARIOS, SATURATION, FAIRNESS, BACKLOG}:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    return options


@dataclass(frozen=True)
class Play:
    title: str
    why_impossible: str | None
    on: Callable[[Stage], Report]


def backlog_play(options, folder: Path) -> Play:
    size = Size(int(options.gigabytes * 1e9))
    return Play(
        title=f"{options.gigabytes:g} GB wait for one destination, and neither a restart, the"
        " memory nor the other destination feels it",
        why_impossible=size.why_impossible(folder),
        on=lambda stage: Backlog(stage, size).play(),
    )


def scale_of(options) -> Scale:
    return Scale(
        rounds=options.rounds,
        seconds=options.seconds,
        rate=options.rate,
        seed=secrets.randbelow(10**9) if options.seed is None else options.seed,
        rss_growth=96 << 20,
        resend_window=5.0,
        shares=(0.5, 0.95),
    )


def saturation_play(options) -> Play:
    scale = scale_of(options)
    return Play(
        title="kill -9 while the agent takes all it can loses nothing that was answered OK"
        f" (seed {scale.seed})",
        why_impossible=None,
        on=lambda stage: Saturation(stage, scale).play(),
    )


def fairness_play(options) -> Play:
    scale = dataclasses.replace(scale_of(options), seconds=options.seconds / 5)
    return Play(
        title="one noisy peer and 200 quiet ones: these are served as if it were elsewhere"
        f" (seed {scale.seed})",
        why_impossible=None,
        on=lambda stage: Fairness(stage, scale).play(),
    )


def scenario_play(name: str, options) -> Play:
    scale = scale_of(options)
    scenario = SCENARIOS[name](scale)
    return Play(
        title=f"{scenario.tells} (seed {scale.seed})",
        why_impossible=small_disk.why_impossible() if scenario.disk_bytes else None,
        on=lambda stage: play(stage, scenario, scale),
    )


def play_of(name: str, options, folder: Path) -> Play:
    if name == BACKLOG:
        return backlog_play(options, folder)
    if name == FAIRNESS:
        return fairness_play(options)
    return saturation_play(options) if name == SATURATION else scenario_play(name, options)


def run(name: str, options, folder: Path) -> bool:
    """Whether the scenario passed."""
    folder.mkdir()
    chosen = play_of(name, options, folder)
    print(f"== {name}: {chosen.title}", flush=True)
    if chosen.why_impossible:
        print(f"   skipped: {chosen.why_impossible}")
        folder.rmdir()
        return True
    stage = Stage(options.binaries.resolve(), folder)
    begun = time.monotonic()
    try:
        report = chosen.on(stage)
    except AssertionError as error:
        report = Report([str(error)])
    finally:
        ending = stage.end()
    report.findings += ending
    for line in report.lines:
        print(f"   {line}")
    for finding in report.findings:
        print(f"   FOUND: {finding}")
    verdict = "failed" if report.findings else "passed"
    print(f"   {verdict} after {time.monotonic() - begun:.0f} s", flush=True)
    if report.findings or options.keep:
        print(f"   logs: {folder}", flush=True)
    else:
        shutil.rmtree(folder)
    return not report.findings


def main() -> int:
    options = arguments()
    folder = Path(tempfile.mkdtemp(prefix="dualtrace-faults-"))
    names = options.scenarios or [SATURATION, FAIRNESS, *SCENARIOS]
    failed = [
        name
        for number, name in enumerate(names)
        if not run(name, options, folder / f"{number}-{name}")
    ]
    if failed:
        print(f"== {len(failed)} of {len(names)} failed: {', '.join(failed)}")
    elif not options.keep:
        folder.rmdir()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
