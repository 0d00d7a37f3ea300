# SPDX-License-Identifier: Apache-2.0
"""The metrics in the code and in docs/metrics.md are the same."""

import re

from source_tree import is_cpp, is_test

DOCUMENT = "docs/metrics.md"
# Our own prefix, and those of metrics that other operators have under the same names.
FAMILIES = "dualtrace|controller_runtime|leader_election|rest_client|workqueue"
IN_CODE = re.compile(rf'"((?:{FAMILIES})_[a-z0-9_]+)"')
IN_DOCUMENT = re.compile(rf"`((?:{FAMILIES})_[a-z0-9_]+)(?:\{{[^`]*\}})?`")


def check_metrics(tree):
    documented = set(IN_DOCUMENT.findall(tree.get(DOCUMENT, "")))
    findings = []
    used = set()
    for path, text in tree.items():
        if is_cpp(path) and not is_test(path):
            for name in IN_CODE.findall(text):
                used.add(name)
                if name not in documented:
                    findings.append(f"{path}: {name} is not in {DOCUMENT}")
    findings += [f"{DOCUMENT}: no code has {name}" for name in sorted(documented - used)]
    return findings
