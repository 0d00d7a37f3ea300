# SPDX-License-Identifier: Apache-2.0
"""Checks on the text of single files: length, banned words, comments, left-overs, machine paths."""

import re

from source_tree import is_cpp, is_test

LINES_MAX = 500
TEST_LINES_MAX = 800
SOURCES = (".h", ".cc", ".py", ".go", ".js", ".mjs")


def check_length(tree):
    findings = []
    for path, text in tree.items():
        if not path.endswith(SOURCES):
            continue
        limit = TEST_LINES_MAX if is_test(path) else LINES_MAX
        lines = text.count("\n")
        if lines > limit:
            findings.append(f"{path}: {lines} lines, at most {limit}")
    return findings


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def code_of(text):
    """The text without comments and string literals, with unchanged line numbers."""
    return TOKEN.sub(lambda match: "\n" * match.group().count("\n"), text)


# The pattern, where it is allowed, and what to use instead.
BANNED = [
    (r"\b(secure_)?getenv\b", ("agent/app/", "operator/app/", "tests/"),
     "the environment is read in app/ alone"),
    (r"\bsleep_(for|until)\b|\bu?sleep\s*\(|\bnanosleep\b", (), "wait on a condition"),
    (r"std::(recursive_|shared_|timed_)*mutex\b|std::condition_variable|std::(lock_guard|"
     r"unique_lock|scoped_lock|shared_lock)\b", ("common/sync/",), "use common/sync"),
    (r"\b(steady|system|high_resolution)_clock::now\b|\bclock_gettime\b|\bgettimeofday\b",
     ("common/time/",), "ask a Clock"),
    (r"\bs?rand\s*\(|std::random_device|std::mt19937", ("common/random/", "tests/"),
     "use Random"),
    (r"std::(cout|cerr|clog)\b|\bv?f?printf\s*\(|\bputs\s*\(",
     ("agent/main.cc", "agent/app/", "operator/main.cc", "operator/app/", "operator/cli/",
      "common/error/check.cc", "tests/"), "use common/log"),
    # cpprestsdk has no other way to report that a callback failed.
    (r"\bthrow\b", ("common/net/cpprest_", "tests/"), "return a Result"),
]
BANNED_HEADERS = re.compile(
    r'^\s*#\s*include\s+[<"]((?:boost|cpprest|grpcpp|grpc|nghttp2|yaml-cpp|spdlog|pplx|prometheus|'
    r'google/protobuf)/[^>"]+)', re.MULTILINE)


def check_words(tree):
    findings = []
    for path, text in tree.items():
        if not is_cpp(path):
            continue
        code = code_of(text)
        for pattern, homes, advice in BANNED:
            if path.startswith(homes):
                continue
            for match in re.finditer(pattern, code):
                line = code.count("\n", 0, match.start()) + 1
                findings.append(f"{path}:{line}: {match.group()}: {advice}")
    return findings


def included_elsewhere(path, tree):
    """Whether a header is included from outside its folder; otherwise, it is internal."""
    folder = path.rpartition("/")[0] + "/"
    return any(f'#include "{path}"' in text for other, text in tree.items()
               if is_cpp(other) and not other.startswith(folder) and not is_test(other))


def check_foreign_headers(tree):
    findings = []
    for path, text in tree.items():
        if path.endswith(".h") and not is_test(path) and included_elsewhere(path, tree):
            for foreign in BANNED_HEADERS.findall(text):
                findings.append(f"{path}: <{foreign}> belongs in a .cc file")
    return findings


IDENTIFIER = r"SPDX-License-Identifier: Apache-2\.0"
LICENCE = re.compile(rf"(#!.*\n)?(//|#|--) {IDENTIFIER}\n|\{{\{{- /\* {IDENTIFIER} \*/ -}}}}\n")
LICENSED = SOURCES + (".proto", ".sh", ".sql", ".cmake", "CMakeLists.txt", ".tpl", "Dockerfile")
# Not helm/dualtrace/files/, which the chart copies into objects of the cluster.
LICENSED_YAML = ("crds/", "helm/dualtrace/Chart.yaml", "helm/dualtrace/values.yaml",
                 "helm/dualtrace/templates/", "operator/manifests/", "tests/cluster/", "tests/docs/")


def is_licensed(path):
    yaml = path.endswith((".yaml", ".yml")) and path.startswith(LICENSED_YAML)
    return path.endswith(LICENSED) or yaml or path.endswith("templates/NOTES.txt")


def check_licence(tree):
    return [f"{path}: begin with a line `SPDX-License-Identifier: Apache-2.0`, as others do"
            for path, text in tree.items()
            if is_licensed(path) and not LICENCE.match(text)]


THREAD_RULES = re.compile(
    r"thread-safe|immutable|\bpure\b|(used|called) from [\w' ]*thread|(from|on) one thread|"
    r"thread of its own|thread rules as", re.IGNORECASE)


def opening_comment(text):
    """The // lines directly after `#pragma once`."""
    lines = []
    for line in text.splitlines()[2:]:
        if not line.startswith("//"):
            break
        lines.append(line[2:].strip())
    return " ".join(lines)


def check_headers(tree):
    findings = []
    for path, text in tree.items():
        if not path.endswith(".h"):
            continue
        if text.splitlines()[1:2] != ["#pragma once"]:
            findings.append(f"{path}: the line below the licence is not #pragma once")
            continue
        comment = opening_comment(text)
        if not comment:
            findings.append(f"{path}: no opening comment behind #pragma once")
        elif not is_test(path) and not THREAD_RULES.search(comment):
            findings.append(f"{path}: the opening comment has no thread rule (\"Thread-safe.\", "
                            "\"Used from one thread.\", \"Immutable.\", \"Pure.\")")
    return findings


LEFT_OVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.~$})-])/(work|root|home)/")


def find_lines(tree, pattern, what):
    findings = []
    for path, text in tree.items():
        if path.startswith("tests/tidy/"):
            continue  # it contains them as examples
        for number, line in enumerate(text.splitlines(), 1):
            match = pattern.search(line)
            if match:
                findings.append(f"{path}:{number}: {what} {match.group()}")
    return findings


def check_left_overs(tree):
    return find_lines(tree, LEFT_OVERS, "left over:")


def check_machine_paths(tree):
    return find_lines(tree, MACHINE_PATHS, "a path of one machine:")
