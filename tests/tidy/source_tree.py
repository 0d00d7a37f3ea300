# SPDX-License-Identifier: Apache-2.0
"""The text files of the repository, as a map from path to content."""

import os

SUFFIXES = (".h", ".cc", ".py", ".cmake", ".txt", ".md", ".go", ".js", ".mjs", ".proto", ".sh",
            ".sql", ".yaml", ".yml", ".json", ".toml", ".tpl")
NAMES = ("dev", "run", "Dockerfile", ".clang-format", ".clang-tidy")
# Built, fetched or generated files, and data from others.
SKIPPED = ("build", ".git", ".cache", "node_modules", "__pycache__", ".pytest_cache", ".venv")
SKIPPED_PATHS = ("tests/data",)


def read_tree(root):
    tree = {}
    for folder, folders, files in os.walk(root):
        relative = os.path.relpath(folder, root)
        folders[:] = sorted(name for name in folders if name not in SKIPPED and
                            os.path.normpath(os.path.join(relative, name)) not in SKIPPED_PATHS)
        for name in sorted(files):
            if name.endswith(SUFFIXES) or name in NAMES:
                path = os.path.normpath(os.path.join(relative, name))
                with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
                    tree[path] = file.read()
    return tree


def is_cpp(path):
    return path.endswith((".h", ".cc"))


def is_test(path):
    return path.startswith("tests/")
