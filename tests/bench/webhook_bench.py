# SPDX-License-Identifier: Apache-2.0
"""`./dev bench webhook`: the cost of the webhook's answer to one pod with many exports.

Prints Markdown; --write-docs puts it into docs/benchmarks.md. Only compare figures of the same run.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import machine
import report

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench webhook", description=__doc__)
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--write-docs", action="store_true")
    options = parser.parse_args()
    program = options.build.resolve() / "tests" / "bench" / "dualtrace-reviews"
    table = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        around = machine.describe(ROOT, Path(folder))
    text = f"{around['date']}, commit {around['commit']}, {around['machine']}.\n\n{table.strip()}"
    print(text)
    if options.write_docs:
        report.publish(ROOT / "docs", "webhook", text)


if __name__ == "__main__":
    main()
