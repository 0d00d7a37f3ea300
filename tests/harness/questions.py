# SPDX-License-Identifier: Apache-2.0
"""Reads a file of SQL questions: each is a comment with the question, followed by the statement
that answers it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Statement:
    question: str  # empty: a statement that prepares for the others
    sql: str


def read(file: Path) -> list[Statement]:
    """The file's paragraphs; one without a statement is the introduction."""
    statements = []
    for paragraph in file.read_text().split("\n\n"):
        lines = paragraph.strip().splitlines()
        comment = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
        sql = "\n".join(line for line in lines if not line.startswith("--"))
        if sql:
            statements.append(Statement(" ".join(comment), sql.rstrip(";")))
    return statements
