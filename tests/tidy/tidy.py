# SPDX-License-Identifier: Apache-2.0
"""Checks the tree against its rules: `tidy.py <check> <root>` prints the findings and exits with 1,
or exits with 0."""

import os
import pathlib
import shutil
import subprocess
import sys

import layers
import markdown
import mentions
import metric_names
import navigation
import prose
import source_tree
import text_checks

SKIPPED = 77  # SKIP_RETURN_CODE of the ctest
FORMATTER = "clang-format-14"
SPELLER = "codespell"
# Names in the code, and Azure's Kubernetes and container instances.
SPELLED = ("aci", "aks", "cancelled", "inforce", "judgement", "labelled")


def check_layers(tree):
    table = pathlib.Path(__file__).with_name("layers.txt").read_text(encoding="utf-8")
    return layers.check_layers(tree, table)


CHECKS = {
    "layers": check_layers,
    "length": text_checks.check_length,
    "words": text_checks.check_words,
    "foreign_headers": text_checks.check_foreign_headers,
    "headers": text_checks.check_headers,
    "licence": text_checks.check_licence,
    "left_overs": text_checks.check_left_overs,
    "machine_paths": text_checks.check_machine_paths,
    "metrics": metric_names.check_metrics,
    "navigation": navigation.check_navigation,
    "prose": prose.check_prose,
    "line_length": prose.check_line_length,
}


def check_format(root, files):
    """clang-format's complaints about the files, one line each."""
    command = [FORMATTER, "--dry-run", "--Werror", *files]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return [line for line in result.stderr.splitlines() if "error:" in line]


def check_spelling(root, files):
    """Misspelled words, and British spellings, in the files, one line each."""
    command = [SPELLER, "--builtin", "clear,rare,en-GB_to_en-US", "--ignore-words-list",
               ",".join(SPELLED), *files]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return result.stdout.splitlines() + result.stderr.splitlines()


# Checks that run another program, with the files that each applies to.
BY_PROGRAM = {
    "format": (FORMATTER, check_format, source_tree.is_cpp),
    "spelling": (SPELLER, check_spelling, prose.is_spelled),
}
# Checks that ask whether a path exists, also one that is not a text of the tree.
BY_FILES = {"links": markdown.check_links, "mentions": mentions.check_mentions}


def main():
    check, root = sys.argv[1:]
    tree = source_tree.read_tree(root)
    if check in BY_PROGRAM:
        program, run, is_for = BY_PROGRAM[check]
        if shutil.which(program) is None:
            print(f"{program} is not installed: skipped (./dev setup installs it)")
            return SKIPPED
        findings = run(root, [path for path in tree if is_for(path)])
    elif check in BY_FILES:
        findings = BY_FILES[check](tree, lambda path: os.path.exists(os.path.join(root, path)))
    else:
        findings = CHECKS[check](tree)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
