# SPDX-License-Identifier: Apache-2.0
"""Checks that each page is in exactly one section of the site."""

import re

SITE = "tests/docs/mkdocs.yml"
SECTIONS = ["Start", "Guides", "Reference", "Operate", "Understand", "Contribute"]
SECTION = re.compile(r"^  - (\w+):$", re.MULTILINE)
PAGE = re.compile(r"^ +- (\S+\.md)$", re.MULTILINE)


def is_page(path):
    """The navigation lists decisions by their folder."""
    if path.startswith("docs/"):
        return path.endswith(".md") and not path.startswith("docs/decisions/")
    return path in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "helm/dualtrace/README.md") or (
        path.startswith("tests/") and path.endswith("/README.md"))


def check_navigation(tree):
    _, _, rest = tree.get(SITE, "").partition("\nnav:\n")
    navigation = re.split(r"^(?=\S)", rest, maxsplit=1, flags=re.MULTILINE)[0]
    findings = []
    if SECTION.findall(navigation) != SECTIONS:
        findings.append(f"{SITE}: the sections are {', '.join(SECTIONS)}")
    listed = PAGE.findall(navigation)
    pages = {path.removeprefix("docs/") for path in tree if is_page(path)}
    findings += [f"{SITE}: there is no page {page}" for page in sorted(set(listed) - pages)]
    for page in sorted(pages):
        if listed.count(page) != 1:
            findings.append(f"{SITE}: {page} is there {listed.count(page)} times, not once")
    return findings
