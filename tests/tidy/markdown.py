# SPDX-License-Identifier: Apache-2.0
"""Checks the links of Markdown pages: both the file and the heading exist."""

import posixpath
import re

FENCE = re.compile(r"^ *(```+|~~~+)")
INLINE_CODE = re.compile(r"(`+)(?:(?!\1).)+?\1", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|^ {0,3}\[[^\]]+\]:\s*(\S+)",
                  re.MULTILINE)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
# A page that any file of the tree mentions, by its path from the root of the repository.
MENTION = re.compile(r"(?<![\w./-])(docs/[\w./-]+\.(?:md|sql))\b")
OF_OTHERS = ("docs/specification.md",)  # in opentelemetry-proto


def without_fences(text):
    """The lines of a page, with those of code blocks emptied."""
    lines, fence = [], None
    for line in text.splitlines():
        match = FENCE.match(line)
        if fence is None and match:
            fence = match[1]
            lines.append("")
        elif fence is not None:
            if match and match[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = None
            lines.append("")
        else:
            lines.append(line)
    return lines


def blanked(pattern, text):
    """The text without the matches, with unchanged line numbers."""
    return pattern.sub(lambda match: "\n" * match.group().count("\n"), text)


def prose_of(text):
    """A page without code and comments, with unchanged line numbers."""
    return blanked(INLINE_CODE, blanked(COMMENT, "\n".join(without_fences(text))))


def slug(heading):
    """The anchor of a heading on GitHub; the site is configured to generate the same."""
    shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", shown.replace("`", "")).strip().lower())


def anchors_of(text):
    """Without anchors that occur twice: GitHub and the site number them differently."""
    slugs = [slug(match[1]) for match in map(HEADING.match, without_fences(text)) if match]
    return {one for one in slugs if slugs.count(one) == 1}


def target_of(path, link):
    """The target file of a link on a page, by its path from the root, and the anchor."""
    file, _, anchor = link.partition("#")
    if not file:
        return path, anchor
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), file)), anchor


def check_links(tree, exists):
    """`exists` returns whether a path from the root is a file or folder."""
    findings = []
    for path, text in tree.items():
        if path.startswith("tests/tidy/"):
            continue  # it contains them as examples
        for page in sorted(set(MENTION.findall(text))):
            if page not in OF_OTHERS and not exists(page):
                findings.append(f"{path}: there is no {page}")
        if not path.endswith(".md"):
            continue
        prose = prose_of(text)
        for match in LINK.finditer(prose):
            link = match[1] or match[2]
            where = f"{path}:{prose.count(chr(10), 0, match.start()) + 1}: {link}"
            if ELSEWHERE.match(link):
                continue
            target, anchor = target_of(path, link)
            if link.startswith("/") or target.startswith(".."):
                findings.append(f"{where}: not relative, or outside the repository")
            elif not exists(target):
                findings.append(f"{where}: there is no {target}")
            elif anchor and anchor not in anchors_of(tree.get(target, "")):
                findings.append(f"{where}: {target} has no such heading, or has it twice")
    return findings
