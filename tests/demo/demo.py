# SPDX-License-Identifier: Apache-2.0
"""The demo: one LangChain trace through dualtrace to both destinations, shown in the terminal.

`./dev demo` builds what it needs and runs this. Without accounts, the sandbox plays both
destinations. If all of REAL is in the environment, the real ones are used (with
ARIZE_COLLECTOR_ENDPOINT outside Arize's US region). Exits with 1 if anything is missing.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import page_picture  # noqa: E402
import screen  # noqa: E402
import show  # noqa: E402
from harness import otlp, questions  # noqa: E402
from harness.agent import Agent, base_config, merged  # noqa: E402
from harness.application import run_langchain_agent  # noqa: E402
from harness.http import fetch  # noqa: E402
from harness.processes import wait_until  # noqa: E402
from harness.sandbox import Sandbox, write_secret  # noqa: E402

HERE = Path(__file__).resolve().parent
PROJECT = "support-agents"
KEYS = "keys"  # for real destinations, in the demo's folder
REAL = (
    "ARIZE_SPACE_ID",
    "ARIZE_API_KEY",
    "DATABRICKS_HOST",
    "DATABRICKS_TOKEN",
    "DATABRICKS_TABLE",
)
PATIENCE_SECONDS = 60  # for a real destination


class Missing(Exception):
    """Something that the demo should show is missing."""


def plain_span(trace_id, span_id, parent_span_id, name, start, end, attributes) -> dict:
    return {
        "trace_id": trace_id,
        "span_id": span_id,
        "parent_span_id": parent_span_id,
        "name": name,
        "start": start,
        "milliseconds": (end - start) / 1e6,
        "attributes": attributes,
    }


def spans_at_arize(sandbox: Sandbox, trace_id: str) -> list[dict]:
    """The trace from the bytes of the requests; a span appears once for each time it was sent."""
    spans = [one.decoded() for body in sandbox.requests("arize") for one in otlp.placed(body)]
    return [
        plain_span(
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            span.name,
            span.start_time_unix_nano,
            span.end_time_unix_nano,
            otlp.attributes_of(span.attributes),
        )
        for span in spans
        if span.trace_id.hex() == trace_id
    ]


def spans_at_databricks(sandbox: Sandbox, trace_id: str) -> list[dict]:
    """The trace from the rows of the table."""
    wanted = ("trace_id", "span_id", "parent_span_id", "name")
    wanted += ("start_time_unix_nano", "end_time_unix_nano")
    return [
        plain_span(*(row[column] for column in wanted), json.loads(row["attributes"]))
        for row in sandbox.rows("databricks", trace_id)
    ]


def show_conversation(trace: dict) -> None:
    show.heading(
        "A LangChain agent ran, instrumented with OpenInference, and sent its spans to dualtrace"
    )
    show.note(f"question  {trace['question']}")
    show.note(f"answer    {trace['answer']}")
    show.note(f"trace     {trace['trace_id']}")


def show_rows(sandbox: Sandbox, trace_id: str) -> None:
    show.heading(
        "The rows as Databricks received them (table schema version 2, some of its columns)"
    )
    wanted = ("time", "service_name", "span_id", "parent_span_id", "name", "attributes")
    rows = sandbox.rows("databricks", trace_id)
    show.table([{column: row[column] for column in wanted} for row in rows], clip=27)


def compare(made: list[dict], received: dict[str, list[dict]]) -> bool:
    """Prints the trace and returns whether both destinations have what the application created,
    each span once."""
    show.heading("Is it the same everywhere?")
    holds = True
    for destination, spans in received.items():
        by_id = {span["span_id"]: span for span in spans}
        same = [
            span
            for span in made
            if span["span_id"] in by_id
            and all(by_id[span["span_id"]][key] == value for key, value in span.items())
        ]
        attributes = sum(len(span["attributes"]) for span in same)
        text = f"{destination}: {len(same)} of {len(made)} spans as the application made them: "
        text += f"ids, parents, names and all {attributes} attributes"
        holds &= show.verdict(len(same) == len(made), text)
        holds &= show.verdict(len(spans) == len(made), f"{destination}: no span twice")
    first, second = (sorted(spans, key=lambda s: s["span_id"]) for spans in received.values())
    return holds & show.verdict(first == second, "both destinations have the same, times included")


def show_answers(sandbox: Sandbox, trace_id: str) -> None:
    show.heading("The verification queries")
    show.note(
        "These are SQLite twins of docs/verify.sql, on the sandbox's copy of the table; the SQL for"
    )
    show.note("Databricks itself runs in the component tests, by Spark on a Delta table.")
    twins = questions.read(HERE / "verify_sandbox.sql")
    for question, rows in sandbox.ask(twins, the_trace=trace_id):
        print()
        show.note(question)
        show.table(rows)


def show_books(agent: Agent) -> bool:
    show.heading("The agent's books, in spans")
    status = agent.status()
    lanes = status["lanes"]
    show.table([{"lane": lane["name"], "state": lane["state"], **lane["spans"]} for lane in lanes])
    return all(lane["spans"]["accepted"] == lane["spans"]["delivered"] for lane in lanes)


def show_errors(agent: Agent) -> None:
    show.heading("What the agent says of its destinations")
    for lane in agent.status()["lanes"]:
        error = lane["lastError"]
        said = f"{error['reason']}: {error['message']}" if error else "nothing is wrong"
        show.note(f"{lane['name']} is {lane['state']}: {said}")


def demo_with_sandbox(sandbox: Sandbox, agent: Agent, pictures: Path | None) -> None:
    trace = run_langchain_agent(f"http://{agent.grpc_endpoint}", PROJECT)
    trace_id, made = trace["trace_id"], trace["spans"]
    show_conversation(trace)
    sandbox.wait_for(f"{trace_id}/{span['span_id']}" for span in made)
    # The sandbox stores spans before it answers.
    wait_until(agent.caught_up, "the agent has registered every delivery")

    received = {
        "arize": spans_at_arize(sandbox, trace_id),
        "databricks": spans_at_databricks(sandbox, trace_id),
    }
    show.heading("The trace as Arize received it")
    show.tree(received["arize"])
    show_rows(sandbox, trace_id)
    same = compare(made, received)
    drawn = len(show.printed)
    show_answers(sandbox, trace_id)
    begin = len(show.printed)
    if not (show_books(agent) and same):
        raise Missing("the destinations do not have what the application made")
    if pictures:
        lines = ["$ ./dev demo", *show.printed[:drawn], *show.printed[begin:]]
        (pictures / "demo.svg").write_text(screen.draw(lines, "What ./dev demo prints"))
        page = fetch(agent.url("/"))[1].decode()
        (pictures / "page.svg").write_text(page_picture.draw(page))


def real_config(keys: Path) -> dict:
    """The destinations that the environment configures. Keys go into files that only their owner
    can read."""
    keys.mkdir(mode=0o700)

    def secret(name: str) -> str:
        return str(write_secret(keys / name.lower().replace("_", "-"), os.environ[name]))

    arize = os.environ.get("ARIZE_COLLECTOR_ENDPOINT")
    host = os.environ["DATABRICKS_HOST"].rstrip("/")
    return {
        "arize": {
            **({"endpoint": arize} if arize else {"region": "US"}),
            "project": PROJECT,
            "credentials": {
                "apiKeyFile": secret("ARIZE_API_KEY"),
                "spaceIDFile": secret("ARIZE_SPACE_ID"),
            },
        },
        "databricks": {
            "workspaceURL": host if "://" in host else f"https://{host}",
            "table": os.environ["DATABRICKS_TABLE"],
            "auth": {"tokenFile": secret("DATABRICKS_TOKEN")},
        },
    }


def demo_with_real_destinations(agent: Agent) -> None:
    trace = run_langchain_agent(f"http://{agent.grpc_endpoint}", PROJECT)
    show_conversation(trace)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not agent.caught_up() and time.monotonic() < deadline:
        time.sleep(0.2)
    if not show_books(agent):
        raise Missing("not everything was taken by both destinations")
    show.heading("See for yourself")
    show.note(f"Arize: project {PROJECT}, trace {trace['trace_id']}")
    show.note("Databricks: run docs/verify.sql with")
    show.note(f"  spans_table = '{os.environ['DATABRICKS_TABLE']}'")
    show.note(f"  the_trace = '{trace['trace_id']}'")


def show_what_is_kept(agent: Agent, sandbox: Sandbox | None) -> None:
    show.heading("Left running")
    show.note(f"OTLP, any protocol   http://{agent.grpc_endpoint} and http://{agent.http_endpoint}")
    show.note(f"agent's page         {agent.url('/')}  (also /status, /metrics)")
    show.note(f"its files            {agent.folder.parent}")
    if sandbox:
        show.note(
            f"sandbox              {sandbox.url('admin', '/stats')}  (also /spans, /requests)"
        )
        show.note(f"what it has stored   sqlite3 {sandbox.data}/spans.db")
    pids = [agent.process.pid] + ([sandbox.process.pid] if sandbox else [])
    show.note(f"to stop              kill {' '.join(str(pid) for pid in pids)}")


def start_sandbox(binaries: Path, folder: Path) -> Sandbox:
    binary = binaries / "tests" / "sandbox" / "dualtrace-sandbox"
    return Sandbox(binary, folder / "sandbox", tls=True).start()


def run(arguments: argparse.Namespace, folder: Path, started: list) -> None:
    absent = [name for name in REAL if not os.environ.get(name)]
    sandbox = None
    if absent:
        if len(absent) < len(REAL):
            show.note(f"With the sandbox: for the real destinations set also {', '.join(absent)}.")
        sandbox = start_sandbox(arguments.binaries, folder)
        started.append(sandbox.process)
        destinations = sandbox.agent_config()
    else:
        destinations = real_config(folder / KEYS)
    config = merged(base_config(folder), destinations)
    agent = Agent(
        arguments.binaries / "agent" / "dualtrace-agent", folder / "agent", config
    ).start()
    started.insert(0, agent.process)
    try:
        if sandbox:
            demo_with_sandbox(sandbox, agent, arguments.pictures)
        else:
            demo_with_real_destinations(agent)
    except (AssertionError, Missing):
        show_errors(agent)
        raise
    if arguments.keep:
        show_what_is_kept(agent, sandbox)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev demo")
    parser.add_argument("--binaries", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="write the output, without the queries, and the agent's page as SVGs",
    )
    arguments = parser.parse_args()
    arguments.binaries = arguments.binaries.resolve()

    sys.stdout.reconfigure(line_buffering=True)  # keep the order relative to stderr
    folder = Path(tempfile.mkdtemp(prefix="dualtrace-demo-"))
    started: list = []
    shown = False
    codes: list[int] = []
    try:
        run(arguments, folder, started)
        shown = True
    except (AssertionError, OSError, subprocess.SubprocessError, Missing) as error:
        print(f"\nThe demo failed: {error}\nLogs: {folder}", file=sys.stderr)
    finally:
        if not (shown and arguments.keep):
            codes = [process.stop() for process in started]
            shutil.rmtree(folder / KEYS, ignore_errors=True)
    if shown and not arguments.keep:
        shutil.rmtree(folder)
    return 0 if shown and not any(codes) else 1


if __name__ == "__main__":
    sys.exit(main())
