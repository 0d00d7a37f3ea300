# SPDX-License-Identifier: Apache-2.0
"""Runs the queries of docs/verify.sql on a real Delta table, with Spark: ask_spark.py FOLDER

FOLDER has rows.jsonl, one span per line in the columns of docs/create_table.sql, and task.json:
{"create": SQL, "table": name, "statements": [[question, SQL]…], "variables": {name: text}}.
Statements without a question run first; then the variables are set. Writes
answers.json: {question: [row…]}.
Runs in the Spark environment of ./dev setup, which contains nothing else.
"""

import json
import os
import sys
from pathlib import Path

CATALOG = "org.apache.spark.sql.delta.catalog.DeltaCatalog"


def session(folder: Path):
    os.environ.pop("SPARK_HOME", None)
    os.environ["SPARK_LOCAL_HOSTNAME"] = "localhost"  # the machine's own name need not resolve
    from pyspark.sql import SparkSession

    jars = Path(sys.prefix, "jars").glob("*.jar")
    return (
        SparkSession.builder.master("local[1]")
        .config("spark.jars", ",".join(str(jar) for jar in jars))
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", CATALOG)
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "1g")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.databricks.delta.snapshotPartitions", "1")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )


def fill(spark, table: str, rows: Path) -> None:
    """Reads JSON with a schema that has text in place of VARIANT, then applies parse_json()."""
    schema = spark.table(table).schema.json()
    as_text = type(spark.table(table).schema).fromJson(
        json.loads(schema.replace('"variant"', '"string"'))
    )
    spark.read.schema(as_text).json(str(rows)).createOrReplaceTempView("rows")

    def struct(source: str, *members: str) -> str:
        pairs = [f"'attributes', parse_json({source}.attributes)"]
        pairs += [f"'{member}', {source}.{member}" for member in members]
        return f"named_struct({', '.join(pairs)})"

    dropped = "dropped_attributes_count"
    event = struct("e", "time_unix_nano", "name", dropped)
    link = struct("l", "trace_id", "span_id", "trace_state", dropped, "flags")
    spark.sql(f"""
        INSERT INTO {table} BY NAME
        SELECT * EXCEPT (attributes, events, links, resource, instrumentation_scope),
               parse_json(attributes) AS attributes,
               transform(events, e -> {event}) AS events,
               transform(links, l -> {link}) AS links,
               {struct("resource", dropped)} AS resource,
               {struct("instrumentation_scope", "name", "version", dropped)}
                   AS instrumentation_scope
        FROM rows""")


def main(folder: Path) -> None:
    task = json.loads((folder / "task.json").read_text())
    spark = session(folder)
    spark.sql(task["create"])
    fill(spark, task["table"], folder / "rows.jsonl")
    for question, sql in task["statements"]:
        if not question:
            spark.sql(sql)
    for name, value in task["variables"].items():
        spark.sql(f"SET VARIABLE {name} = '{value}'")
    answers = {
        question: [json.loads(row) for row in spark.sql(sql).toJSON().collect()]
        for question, sql in task["statements"]
        if question
    }
    (folder / "answers.json").write_text(json.dumps(answers, indent=2))
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
