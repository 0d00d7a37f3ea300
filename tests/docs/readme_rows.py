# SPDX-License-Identifier: Apache-2.0
"""Copies four rows of docs/benchmarks.md into README.md; run by `./dev docs`, checked by a test."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "README.md"
BENCHMARKS = ROOT / "docs" / "benchmarks.md"
MARKER = re.compile(r"(<!-- benchmark rows: \./dev docs -->\n).*?(<!-- end -->)", re.DOTALL)
PART = re.compile(r"<!-- bench:cost begin -->\n(.*?)<!-- bench:cost end -->", re.DOTALL)
LOAD = "20k/s, gzip"
SYSTEMS = (
    "dualtrace (Disk)",
    "Collector (memory)",
    "Collector (file_storage)",
    "rotel (memory, **one** destination)",
)
COLUMNS = ("system", "CPU µs/span", "RSS avg/max MiB", "accept p50/p99 ms", "lost", "duplicates")


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def read_rows(text: str) -> dict[str, dict[str, str]]:
    """System → the cells of the load, by column."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    head = next(number for number, line in enumerate(lines) if cells_of(line)[:1] == ["load"])
    columns, load, found = cells_of(lines[head]), "", {}
    for line in lines[head + 2 :]:
        row = dict(zip(columns, cells_of(line), strict=True))
        load = row["load"] or load
        if load == LOAD:
            found[row["system"]] = row
    return found


def table() -> str:
    part = PART.search(BENCHMARKS.read_text())[1]
    rows = read_rows(part)
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for system in SYSTEMS:
        lines.append(f"| {' | '.join(rows[system][column] for column in COLUMNS)} |")
    return "\n".join(lines) + "\n"


def render(page: str) -> str:
    made, count = MARKER.subn(lambda match: match[1] + table() + match[2], page)
    assert count == 1, "README.md has one place for them"
    return made


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text()))
