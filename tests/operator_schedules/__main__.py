# SPDX-License-Identifier: Apache-2.0
"""`./dev schedules`: plays random schedules of changes and faults on a real control plane. After
each, every export's children must be as planned, and nothing else of ours may exist."""

import argparse
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

from harness.control_plane import ControlPlane
from harness.installation import Installation
from harness.reference import reference_plans
from harness.stage import Stage

from operator_schedules.play import play
from operator_schedules.steps import VARIANTS


def arguments():
    parser = argparse.ArgumentParser(prog="./dev schedules", description=__doc__)
    parser.add_argument("--binaries", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=200, help="number of schedules; default: 200")
    parser.add_argument("--seed", type=int, help="seed of the first one; default: a new one")
    return parser.parse_args()


def play_all(installation: Installation, seeds: range, folder: Path) -> int:
    """Returns the number of failed schedules."""
    references = reference_plans(installation, VARIANTS)
    failed = []
    for seed in seeds:
        begun = time.monotonic()
        report = play(installation, references, seed)
        took = time.monotonic() - begun
        if report.findings:
            failed.append(seed)
            log = folder / f"seed-{seed}.log"
            log.write_text(report.log)
            print(f"{report.told()}\n  the operator's log: {log}", flush=True)
        else:
            steps = len(report.steps)
            print(
                f"seed {seed}: {steps} steps, converged {report.seconds:.1f} s after the last,"
                f" {took:.0f} s in all",
                flush=True,
            )
    print(f"{len(seeds) - len(failed)} of {len(seeds)} schedules held")
    for seed in failed:
        print(f"  again: ./dev schedules --count 1 --seed {seed}")
    return len(failed)


def main() -> int:
    options = arguments()
    first = secrets.randbelow(10**9) if options.seed is None else options.seed
    folder = Path(tempfile.mkdtemp(prefix="dualtrace-schedules-"))
    (folder / "control-plane").mkdir()
    plane = ControlPlane(folder / "control-plane")
    stage = Stage(options.binaries.resolve(), folder)
    failed = 1
    try:
        plane.start()
        installation = Installation(plane, stage).allow_everywhere()
        failed = play_all(installation, range(first, first + options.count), folder)
    finally:
        stage.end()
        plane.end()
        if not failed:
            shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
