# SPDX-License-Identifier: Apache-2.0
"""Checks that what pages name in `code` exists: paths, tests, commands of ./dev, and quoted code."""

import fnmatch
import posixpath
import re

import markdown
from source_tree import is_cpp

HISTORY = ("docs/CHANGELOG.md",)
EXAMPLES = ("Suite.Name", "common/misc")
CODE = re.compile(r"`([^`\n]+)`")
BRACES = re.compile(r"\{([^{}]*)\}")
PATH = re.compile(r"[\w.*{},-]+(?:/[\w.*{},-]+)+/?")
GOOGLE_TEST = re.compile(r"[A-Z]\w+\.[A-Z]\w+")
DEFINED = re.compile(r"\bTEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\s*\)|\badd_test\(NAME (\S+)")
TEST_FILE = re.compile(r"\w+_test\.(?:py|cc)")
FUNCTION = re.compile(r"test_\w+")
COMMAND = re.compile(r"(?<![\w/.])\./dev ([a-z0-9]+)")
COMMANDS = re.compile(r"^  ([\w |]+)\) \"word_\$word\"", re.MULTILINE)
QUOTED = re.compile(r"```cpp\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
COMPONENT = "tests/component/"
MAP = "tests/README.md"


def is_page(path):
    return path.endswith(".md") and path not in HISTORY


def expanded(path):
    """`a.{h,cc}` is `a.h` and `a.cc`."""
    match = BRACES.search(path)
    if not match:
        return [path]
    return [one for choice in match[1].split(",")
            for one in expanded(path[:match.start()] + choice + path[match.end():])]


class Named:
    """What exists in the tree, by the kinds of names that pages use."""

    def __init__(self, tree, exists):
        self.exists = exists
        self.paths = set(tree)
        self.top = {path.partition("/")[0] for path in tree if "/" in path}
        self.files = {posixpath.basename(path) for path in tree}
        self.tests = set()
        self.functions = set()
        self.code = set()
        for path, text in tree.items():
            if path.startswith("tests/"):
                self.tests |= {found[2] or f"{found[0]}.{found[1]}"
                               for found in DEFINED.findall(text)}
                self.functions |= set(re.findall(r"def (test_\w+)", text))
            if is_cpp(path):
                self.code |= {line.strip() for line in text.splitlines()}
        self.commands = set()
        for names in COMMANDS.findall(tree.get("dev", "")):
            self.commands |= set(names.split(" | "))

    def has_path(self, path, page):
        """From the root, or from the page's folder. A file may lack its suffix; of a pattern, the
        folder is enough, because the tree lacks the files of tests/data."""
        folder = posixpath.dirname(page)
        fixed = path.partition("*")[0].rpartition("/")[0] if "*" in path else path.rstrip("/")
        for one in (fixed, posixpath.normpath(posixpath.join(folder, fixed))):
            if self.exists(one) or any(file.startswith(f"{one}.") for file in self.paths):
                return True
        return False

    def is_missing(self, word, page):
        if word in EXAMPLES:
            return False
        if GOOGLE_TEST.fullmatch(word):
            return word not in self.tests
        if TEST_FILE.fullmatch(word):
            return word not in self.files
        if FUNCTION.fullmatch(word):
            return word not in self.functions
        if PATH.fullmatch(word) and word.partition("/")[0] in self.top:
            return not all(self.has_path(one, page) for one in expanded(word))
        return False


def check_mentions(tree, exists):
    """`exists` returns whether a path from the root is a file or folder."""
    named = Named(tree, exists)
    findings = []
    for page, text in tree.items():
        if not is_page(page):
            continue
        for number, line in enumerate(markdown.without_fences(text), 1):
            words = [word.strip(".,;:()\"'") for code in CODE.findall(line)
                     for word in code.split()]
            findings += [f"{page}:{number}: there is no {word}" for word in words
                         if named.is_missing(word, page)]
        for number, line in enumerate(text.splitlines(), 1):
            findings += [f"{page}:{number}: there is no command ./dev {word}"
                         for word in COMMAND.findall(line) if word not in named.commands]
        findings += [f"{page}: the code is quoted as \"{line.strip()}\", which is nowhere"
                     for block in QUOTED.findall(text) for line in block.splitlines()
                     if line.strip() and line.strip() not in named.code]
    return findings + check_map(tree)


def check_map(tree):
    """Each component test is in the map's table, and everything in the table is a test."""
    _, _, rest = tree.get(MAP, "").partition("### Which component test\n")
    rows = [line.split("|")[1] for line in rest.partition("\n## ")[0].splitlines()
            if line.startswith("| `")]
    patterns = [name for row in rows for name in CODE.findall(row)]
    tests = [path.removeprefix(COMPONENT).removesuffix("_test.py") for path in tree
             if path.startswith(COMPONENT) and path.endswith("_test.py")
             and "/" not in path.removeprefix(COMPONENT)]
    return [f"{MAP}: no row has the component test {test}" for test in tests
            if not any(fnmatch.fnmatch(test, pattern) for pattern in patterns)] + [
                f"{MAP}: there is no component test {pattern}" for pattern in patterns
                if not fnmatch.filter(tests, pattern)]
