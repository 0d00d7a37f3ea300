# SPDX-License-Identifier: Apache-2.0
"""The mechanical part of docs/contributing/writing.md: phrases to avoid, and the length of lines."""

import re

import markdown

LENGTH_MAX = 100
# Where people read: pages, and the comments and messages of the code.
READ = ("agent/", "common/", "crds/", "docs/", "helm/", "images/", "operator/", "release/",
        "README.md", "CONTRIBUTING.md", "SECURITY.md")
# The page of the rules quotes what they are against; the changelog's entries are history.
EXEMPT = ("docs/contributing/writing.md", "docs/CHANGELOG.md")

# What, and what to write instead. Case does not matter; a line break is a space.
PHRASES = [
    (r"mend(s|ed|ing)?", "fix"),
    (r"how (they|it|he|she) fares?", "their health"),
    (r"fares?|fared", "do, or name what is measured"),
    (r"(is|are) to have (a|an|no)", "no node is eligible; set"),
    (r"(that|which|who) (says|said|say) nothing", "does not report, does not answer"),
    (r"who wants? no", "if you do not use"),
    (r"(is|was|were|be) asked for", "is requested"),
    (r"too much waits", "the queue is full"),
    (r"what is there today|what is not yet", "project status, not yet available"),
    (r"says in its status", "reports in its status"),
    (r"told so|tells? of|told of", "report, configure"),
    (r"nobody may|who(ever)? may [\w ]{1,30} and not", "someone who can … but cannot"),
    (r"(he|his|him) own|of his|hers? own", "their own"),
    (r"cannot be opened now", "cannot open"),
    (r"(goes|go|going|went) on (with|without|by)", "continues"),
    (r"(does|do|did|is|are) not [^.]{1,40} any more", "no longer"),
    (r"anew", "again, or regenerate"),
    (r"looks? after (it|them)", "check it, maintain it"),
    (r"lest|whence|thence|thereof|whereof|hereby|whereby|heretofore", "use a word of today"),
    (r"in order to", "to"),
    (r"will be", "use the present tense"),
    (r"simply|of course|obviously|basically", "leave it out"),
    (r"needless to say|it should be noted|please note", "leave it out"),
    (r"from now on", "leave it out: history belongs in the changelog"),
    (r"seamless(ly)?(?! upgrades)|blazing(ly)?|effortless(ly)?|robust", "leave praise out"),
    (r"utili[sz]es?|leverages?", "use"),
    (r"as well as", "and"),
    (r"(is|are) able to", "can"),
    (r"due to the fact that", "because"),
    (r"(at|in) this point in time|at the present time", "now"),
    (r"a large number of", "many, or the number"),
]
PATTERN = re.compile("|".join(rf"(?P<p{number}>\b(?:{phrase.replace(' ', chr(92) + 's+')})\b)"
                              for number, (phrase, _) in enumerate(PHRASES)), re.IGNORECASE)
# Of text that is no Markdown: how comments begin, so that a phrase may go over their line breaks.
COMMENT_START = re.compile(r"^(\s*)(#|//|/\*|\*)", re.MULTILINE)
LINK_TARGET = re.compile(r"\]\([^)]*\)|\bhttps?://\S+")
LONG_CODE = re.compile(r"`[^`]{70,}`")  # no line break helps it
# What a program writes into a page is one paragraph for each line.
GENERATED = re.compile(r"<!-- bench:(\w+) begin -->.*?<!-- bench:\1 end -->", re.DOTALL)


def is_read(path):
    is_page = path.startswith("tests/") and path.endswith("README.md")
    return (is_page or path.startswith(READ)) and path not in EXEMPT


def shown(path, text):
    """The text that people read in it, with unchanged line numbers."""
    if path.endswith(".md"):
        return LINK_TARGET.sub("]", markdown.prose_of(text))
    return COMMENT_START.sub(r"\1", text)


def check_prose(tree):
    findings = []
    for path, text in tree.items():
        if not is_read(path):
            continue
        prose = shown(path, text)
        for match in PATTERN.finditer(prose):
            line = prose.count("\n", 0, match.start()) + 1
            _, advice = PHRASES[int(match.lastgroup[1:])]
            words = " ".join(match.group().split())
            findings.append(f"{path}:{line}: \"{words}\": {advice} (docs/contributing/writing.md)")
    return findings


def check_line_length(tree):
    """Checks the prose of pages; table rows, code blocks and links may be longer."""
    findings = []
    for path, text in tree.items():
        if not path.endswith(".md") or not is_read(path):
            continue
        by_hand = markdown.blanked(GENERATED, text)
        for number, line in enumerate(markdown.without_fences(by_hand), 1):
            length = len(LONG_CODE.sub("", LINK_TARGET.sub("]()", line)))
            if length > LENGTH_MAX and not line.lstrip().startswith(("|", "<")):
                findings.append(f"{path}:{number}: {length} characters, at most {LENGTH_MAX}")
    return findings
