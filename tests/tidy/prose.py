# SPDX-License-Identifier: Apache-2.0
"""The mechanical part of docs/contributing/writing.md: phrases to avoid, and line length."""

import re

import markdown

LENGTH_MAX = 100
# The texts that people read: pages, and the comments and messages of the code.
READ = ("agent/", "common/", "crds/", "docs/", "helm/", "images/", "operator/", "release/",
        "tests/", "dev", "README.md", "CONTRIBUTING.md", "SECURITY.md")
# The page of the rules and this check with its tests quote the phrases; the changelog is history.
EXEMPT = ("docs/contributing/writing.md", "docs/CHANGELOG.md", "tests/tidy/")

# The phrase, and what to write instead. Case does not matter; a line break counts as a space.
PHRASES = [
    (r"mend(s|ed|ing)?", "fix"),
    (r"how (they|it|he|she) fares?", "their health"),
    (r"fares?|fared", "do, or name what is measured"),
    (r"(is|are) to have (a|an|no)", "no node is eligible; set"),
    (r"(that|which|who) (says|said|say) nothing", "does not report, does not answer"),
    (r"who wants? no", "if you do not use"),
    (r"(is|was|were|be) asked for", "is requested"),
    (r"too much waits", "the queue is full"),
    (r"what is there( today)?|what is not yet", "what exists, project status, not yet available"),
    (r"says in its status", "reports in its status"),
    (r"told so|tells? of|told of", "report, configure"),
    (r"nobody may|who(ever)? may [\w ]{1,30} and not", "someone who can … but cannot"),
    (r"(he|his|him) own|of his|hers? own", "their own"),
    (r"cannot be opened now", "cannot open"),
    (r"(goes|go|going|went) on (with|without|by)", "continues"),
    (r"(does|do|did|is|are) not [^.]{1,40} any more", "no longer"),
    (r"of before(?! and)", "earlier, previous"),
    (r"now and then", "periodically, sometimes"),
    (r"by and by", "gradually, later"),
    (r"stands? still", "stops, advances only if"),
    (r"(is|are) away(?! from)", "is down, is missing"),
    (r"(is|are|was|were|be) let go|lets? go of", "is released"),
    (r"(hears?|heard) of", "knows, is notified"),
    (r"made up (his|its|their) mind", "decided"),
    (r"puts? (it |them )?right", "fix, repair"),
    (r"is no (failure|fault|news|page)", "is not a"),
    (r"a (line|page|request|row|span|thread) a (column|lane|line|node|page|request|span|thread)",
     "one … per …"),
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
# For files other than Markdown: the start of a comment line, so that a phrase may span lines.
COMMENT_START = re.compile(r"^(\s*)(#|//|/\*|\*)", re.MULTILINE)
LINK_TARGET = re.compile(r"\]\([^)]*\)|\bhttps?://\S+")
LONG_CODE = re.compile(r"`[^`]{70,}`")  # it cannot be wrapped
# A program writes each paragraph of a page as one line.
GENERATED = re.compile(r"<!-- bench:(\w+) begin -->.*?<!-- bench:\1 end -->", re.DOTALL)
# A message that begins with a capital letter, unless it is an abbreviation; or that ends in a period.
LOG = re.compile(
    r'\blog_(?:debug|info|warn|error)\(\s*"(?:(?P<start>A\b|[A-Z][a-z]\w*)|[^"]*\."[,)])')
NAMES = ("Arize", "Databricks", "Kubernetes")


def is_read(path):
    return path.startswith(READ) and not path.startswith(EXEMPT)


def is_spelled(path):
    """Tests misspell names on purpose."""
    return is_read(path) and (path.endswith(".md") or not path.startswith("tests/"))


def shown(path, text):
    """The prose in it, with unchanged line numbers."""
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
        if path.endswith(".cc"):
            findings += check_logs(path, text)
    return findings


def check_logs(path, text):
    return [f"{path}:{text.count(chr(10), 0, match.start()) + 1}: begin a log message in lower case, "
            "and end it without a period" for match in LOG.finditer(text)
            if match["start"] not in NAMES]


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
