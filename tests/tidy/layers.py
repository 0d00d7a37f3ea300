# SPDX-License-Identifier: Apache-2.0
"""Which folder may include which: layers.txt contains the table, and this checks the tree against
it."""

import posixpath
import re

from source_tree import is_cpp, is_test

OURS = ("common", "agent", "operator", "tests")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def parse_table(text):
    table = {}
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if line:
            folder, _, allowed = line.partition(":")
            table[folder.strip()] = allowed.split()
    return table


def cycle_in(table):
    """A folder that reaches itself through the table, or None. A composition root ("*") does not
    count as a step."""
    done = set()

    def visit(folder, trail):
        if folder in trail:
            return folder
        if folder in done:
            return None
        done.add(folder)
        steps = [step for step in table.get(folder, []) if step != "*"]
        return next(filter(None, (visit(step, trail + [folder]) for step in steps)), None)

    return next(filter(None, (visit(folder, []) for folder in table)), None)


def check_layers(tree, table_text):
    table = parse_table(table_text)
    findings = []
    circle = cycle_in(table)
    if circle:
        findings.append(f"layers.txt: {circle} reaches itself")
    for path, text in tree.items():
        if not is_cpp(path) or is_test(path):
            continue
        folder = posixpath.dirname(path)
        if folder not in table:
            findings.append(f"{path}: layers.txt has no line for {folder}")
            continue
        for include in INCLUDE.findall(text):
            target = posixpath.dirname(include)
            if target == folder:
                continue
            if "/" not in include or include.startswith("."):
                findings.append(f'{path}: "{include}" does not start at the repository root')
            elif include.split("/")[0] not in OURS:
                continue  # generated
            elif is_test(include) or (target not in table[folder] and "*" not in table[folder]):
                findings.append(f'{path}: {folder} must not include "{include}"')
    return findings
