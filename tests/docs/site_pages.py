# SPDX-License-Identifier: Apache-2.0
"""Converts pages for the site. They are written for GitHub: their links lead through the
repository, and a list may follow a paragraph without an empty line."""

import posixpath
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Link targets that are not pages.
FILES = ("LICENSE",)
DECISIONS = "docs/decisions"
CODE = r"^ *(?P<fence>```+).*?^ *(?P=fence)$|(?P<ticks>`+).+?(?<!`)(?P=ticks)(?!`)"
LINK = r"(?P<open>\]\()(?P<target>[^)\s#:]+)(?P<close>(?:#[^)\s]*)?\))"
CODE_OR_LINK = re.compile(f"{CODE}|{LINK}", re.DOTALL | re.MULTILINE)
ITEM = re.compile(r"^ *([-*]|\d+\.) +\S")
FENCE = re.compile(r"^( *)(```+)(\w*)")


def pages_outside() -> list[str]:
    """READMEs and other pages outside docs/, relative to the root of the repository."""
    found = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "helm/dualtrace/README.md"]
    tests = (ROOT / "tests").rglob("README.md")
    return found + sorted(str(page.relative_to(ROOT)) for page in tests if "data" not in page.parts)


def site_path(path: str) -> str:
    """The location of a repository file on the site."""
    if path == DECISIONS:
        return "decisions/index.md"
    return path.removeprefix("docs/")


def repository_path(page: str) -> str:
    return page if page in pages_outside() else f"docs/{page}"


def decisions() -> list[str]:
    return sorted(str(page.relative_to(ROOT / "docs")) for page in (ROOT / DECISIONS).glob("*.md"))


def with_decisions(nav: list) -> list:
    """The navigation with every decision in place of `decisions/*`."""
    filled = []
    for entry in nav:
        if entry == "decisions/*":
            filled += ["decisions/index.md", *decisions()]
        elif isinstance(entry, dict):
            filled.append({title: with_decisions(part) for title, part in entry.items()})
        else:
            filled.append(entry)
    return filled


def page_of_decisions() -> str:
    titles = {
        page: (ROOT / "docs" / page).read_text().partition("\n")[0].removeprefix("# ")
        for page in decisions()
    }
    items = [f"- [{title}]({posixpath.basename(page)})" for page, title in titles.items()]
    return "# Design decisions\n\n" + "\n".join(items) + "\n"


def with_site_links(text: str, page: str) -> str:
    """The page's text with links that lead through the site; `page` is its path on the site."""
    here = posixpath.dirname(repository_path(page))

    def lead(match: re.Match) -> str:
        if match["target"] is None:
            return match[0]
        target = site_path(posixpath.normpath(posixpath.join(here, match["target"])))
        target = posixpath.relpath(target, posixpath.dirname(page) or ".")
        return match["open"] + target + match["close"]

    return CODE_OR_LINK.sub(lead, text)


def with_site_blocks(text: str) -> str:
    """Inserts an empty line before each list that directly follows a paragraph or a code block, and
    reduces the info string of code blocks to the language."""
    lines: list[str] = []
    fence = None
    apart = True  # a list may begin here: after an empty line, or in a list
    for line in text.splitlines():
        found = FENCE.match(line)
        if found and fence in (None, found[2]):
            fence = None if fence else found[2]
            line = found[1] + found[2] + found[3]
            apart = False
        elif not fence:
            if ITEM.match(line):
                if not apart:
                    lines.append("")
                apart = True
            elif not line.strip():
                apart = True
            elif not lines or not lines[-1].strip():
                apart = False
        lines.append(line)
    return "\n".join(lines) + "\n"
