# SPDX-License-Identifier: Apache-2.0
"""docs/verify.sql, verbatim, run by Spark on a Delta table that was created with
docs/create_table.sql and filled with what the Databricks lane delivered."""

import json

from conftest import ROOT
from harness import questions
from harness.application import run_langchain_agent
from harness.sandbox import TABLE
from harness.tools import tool_folder

DELTA_TABLE = "spark_catalog.default.spans"
HERE = ROOT / "tests" / "component"


def as_delta_row(row) -> dict:
    """A row of the sandbox as input for JSON ingestion: its JSON columns as structures, except that
    every attribute map is the text that becomes a VARIANT."""

    def with_text_bags(node):
        if isinstance(node, list):
            return [with_text_bags(item) for item in node]
        return {
            key: json.dumps(value) if key == "attributes" else value for key, value in node.items()
        }

    cells = dict(row)
    for column in ("events", "links", "status", "resource", "instrumentation_scope"):
        cells[column] = with_text_bags(json.loads(cells[column]))
    for column in ("id", "request_id", "destination", "sha256", "copy"):
        del cells[column]
    return cells


def test_the_verification_queries_answer_on_a_delta_table(stage, sandbox, agent):
    spark = tool_folder("spark")
    trace = run_langchain_agent(f"http://{agent.grpc_endpoint}", "support-agents")
    trace_id, made = trace["trace_id"], trace["spans"]
    sandbox.wait_for(f"{trace_id}/{span['span_id']}" for span in made)

    folder = stage.folder / "spark"
    folder.mkdir()
    rows = [as_delta_row(row) for row in sandbox.rows("databricks", trace_id)]
    (folder / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (create,) = questions.read(ROOT / "docs" / "create_table.sql")
    statements = questions.read(ROOT / "docs" / "verify.sql")
    task = {
        "create": create.sql.replace(TABLE, DELTA_TABLE),
        "table": DELTA_TABLE,
        "statements": [[statement.question, statement.sql] for statement in statements],
        "variables": {"spans_table": DELTA_TABLE, "the_trace": trace_id},
    }
    (folder / "task.json").write_text(json.dumps(task))
    process = stage.process("ask-spark", [spark / "bin" / "python", HERE / "ask_spark.py", folder])
    assert process.wait(timeout=480) == 0

    asked = [statement.question for statement in statements if statement.question]
    answers = json.loads((folder / "answers.json").read_text())
    assert list(answers) == asked
    arrived, tree, orphans, project, tokens, failed, copies, once = answers.values()
    (service,) = arrived
    assert (service["service_name"], service["spans"], service["traces"]) == ("support-desk", 7, 1)
    assert {(row["span_id"], row["parent_span_id"], row["name"]) for row in tree} == {
        (span["span_id"], span["parent_span_id"], span["name"]) for span in made
    }
    assert orphans == failed == copies == []
    assert project == [
        {
            "service_name": "support-desk",
            "project": "support-agents",
            "session": "chat-77",
            "user": "customer-5",
        }
    ]
    assert tokens == [
        {
            "model": "scripted-1",
            "calls": 2,
            "prompt_tokens": 219,
            "completion_tokens": 33,
            "total_tokens": 252,
        }
    ]
    assert {row["span_id"] for row in once} == {span["span_id"] for span in made}
