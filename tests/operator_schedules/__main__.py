"""`./dev schedules`: random schedules of changes and faults on a real control plane; each must end
with every export's children as planned and nothing else of ours."""

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

# Kubernetes' own controllers wait longer after each restart of their API server, up to minutes.
PER_CONTROL_PLANE = 20


def arguments():
    parser = argparse.ArgumentParser(prog="./dev schedules", description=__doc__)
    parser.add_argument("--binaries", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=200, help="of schedules; default: 200")
    parser.add_argument("--seed", type=int, help="of the first one; else a new one")
    return parser.parse_args()


def play_all(installation: Installation, seeds: range, folder: Path) -> list[int]:
    """Those that did not hold."""
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
    return failed


def play_on_new_control_plane(binaries: Path, seeds: range, folder: Path) -> list[int]:
    """Those that did not hold."""
    (folder / "control-plane").mkdir(parents=True)
    plane = ControlPlane(folder / "control-plane")
    stage = Stage(binaries, folder)
    try:
        plane.start()
        return play_all(Installation(plane, stage).allow_everywhere(), seeds, folder)
    finally:
        stage.end()
        plane.end()


def main() -> int:
    options = arguments()
    first = secrets.randbelow(10**9) if options.seed is None else options.seed
    seeds = range(first, first + options.count)
    folder = Path(tempfile.mkdtemp(prefix="dualtrace-schedules-"))
    failed = []
    for begin in range(0, len(seeds), PER_CONTROL_PLANE):
        some = seeds[begin : begin + PER_CONTROL_PLANE]
        place = folder / f"from-{some.start}"
        failed += play_on_new_control_plane(options.binaries.resolve(), some, place)
    if not failed:
        shutil.rmtree(folder)
    print(f"{len(seeds) - len(failed)} of {len(seeds)} schedules held")
    for seed in failed:
        print(f"  again: ./dev schedules --count 1 --seed {seed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
