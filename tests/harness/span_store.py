# SPDX-License-Identifier: Apache-2.0
"""Reads what a dualtrace-sandbox has stored, from its file."""

import sqlite3
from contextlib import closing
from pathlib import Path


class SpanStore:
    """It can be read while the sandbox writes."""

    def __init__(self, file: Path):
        self.file = file

    def query(self, sql: str, *values) -> list[sqlite3.Row]:
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return database.execute(sql, values).fetchall()

    def rows(self, destination: str, trace_id: str) -> list[sqlite3.Row]:
        return self.query(
            "SELECT * FROM spans WHERE destination = ? AND trace_id = ?"
            " ORDER BY start_time_unix_nano, id",
            destination,
            trace_id,
        )

    def ids(self, destination: str) -> list[str]:
        """trace_id/span_id of every stored span; a duplicate appears twice."""
        sql = "SELECT trace_id || '/' || span_id AS id FROM spans WHERE destination = ?"
        return [row["id"] for row in self.query(sql, destination)]

    def requests(self, destination: str) -> list[bytes]:
        """The bytes of every accepted request, uncompressed."""
        sql = "SELECT body FROM requests WHERE destination = ? AND outcome = 'ok' ORDER BY id"
        return [row["body"] for row in self.query(sql, destination)]

    def outcomes(self, destination: str) -> list[str]:
        """The outcome of each request, in order: "ok" or the reason for a rejection."""
        sql = "SELECT outcome FROM requests WHERE destination = ? ORDER BY id"
        return [row["outcome"] for row in self.query(sql, destination)]

    def ask(self, statements, **variables) -> list[tuple[str, list[dict]]]:
        """Each question with the rows of its answer; `databricks` is a view of its spans."""
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            view = "SELECT * FROM spans WHERE destination = 'databricks'"
            database.execute(f"CREATE TEMP VIEW databricks AS {view}")
            return [
                (one.question, [dict(row) for row in database.execute(one.sql, variables)])
                for one in statements
            ]
