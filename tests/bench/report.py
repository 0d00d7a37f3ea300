# SPDX-License-Identifier: Apache-2.0
"""The results as Markdown and, between the markers of docs/benchmarks.md, in the documentation."""

import re
from pathlib import Path

import picture

COST_HEAD = """\
| load | system | offered/s | accepted/s | delivered Arize / Databricks | behind s | CPU µs/span \
| syncs/s × ms | RSS avg/max MiB | accept p50/p99 ms | refused (with delay hint) | lost | duplicates |
|---|---|---|---|---|---|---|---|---|---|---|---|---|"""

TRICKLE_HEAD = """\
| load | system | CPU µs/request | CPU µs/span | wake-ups/s | syncs/s × ms | RSS avg/max MiB \
| accept p50/p99 ms | behind s | delivered Arize / Databricks | refused | lost | duplicates |
|---|---|---|---|---|---|---|---|---|---|---|---|---|"""

IDLE_HEAD = """\
| system | CPU ms/s | wake-ups/s | RSS MiB |
|---|---|---|---|"""

THREADS_HEAD = """\
| load | CPU µs/request | of which by thread (and how often it woke up) |
|---|---|---|"""
THREADS_ROWS = ("20k-plain", "20k-gzip", "trickle-100x10", "trickle-1000x1")
THREAD_US_LEAST = 1

BLACKHOLE_HEAD = """\
| system | client: OK / refused | accept p99 ms | healthy: delivered, duplicates, lost | \
healthy: delay p99/max s | dead: delivered late, duplicates, lost | caught up after s \
| RSS before/max MiB | disk left MiB |
|---|---|---|---|---|---|---|---|---|"""


def number(value: float) -> str:
    """Three significant digits, or an integer with thousands separators."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def whole(count: float) -> str:
    return f"{count:,.0f}"


def closed(result: dict) -> bool:
    return "saturation" in result["row"]


def offered(result: dict) -> str:
    load = result["load"]
    if closed(result):
        return "closed loop"
    return whole(load["spans_due"] / load["schedule_seconds"])


def delivered(result: dict) -> str:
    accepted = result["load"]["spans_accepted"]
    counts = [result["arrived"][name]["delivered"] if name in result["arrived"] else None
              for name in ("arize", "databricks")]
    return " / ".join("–" if count is None else "all" if count == accepted else whole(count)
                      for count in counts)


def refused(result: dict) -> str:
    load = result["load"]
    per_request = load["spans_sent"] / max(sum(
        load[name] for name in ("requests_ok", "requests_refused_with_delay",
                                "requests_refused_without_delay", "requests_failed")), 1)
    hinted = load["requests_refused_with_delay"] * per_request
    text = whole(result["refused"])
    if result["refused"]:
        text += f" ({whole(hinted)})"
    if load["requests_unsent"]:
        text += f", {whole(load['requests_unsent'] * per_request)} not sent"
    return text


def spread(result: dict, name: str, value: float, text=number) -> str:
    """The median, and the range if there are several values."""
    least, most = (text(end) for end in result["spread"][name])
    return text(value) if least == most else f"{text(value)} ({least}–{most})"


def cpu(result: dict, name: str) -> str:
    return spread(result, name, result[name])


def syncs(result: dict) -> str:
    count = result["syncs_per_second"]
    return ("–" if count is None else number(count)) + f" × {number(result['sync_ms'])}"


def memory(result: dict) -> str:
    return f"{whole(result['rss_avg_mib'])}/{whole(result['rss_max_mib'])}"


def accept(result: dict) -> str:
    load = result["load"]
    return f"{number(load['p50_ms'])}/{spread(result, 'p99_ms', load['p99_ms'])}"


def accepted(result: dict) -> str:
    rate = result["load"]["spans_per_second"]
    return spread(result, "spans_per_second", rate, whole) if closed(result) else whole(rate)


def cost_line(result: dict) -> str:
    return line([
        result["title"], result["system"], offered(result), accepted(result), delivered(result),
        number(result["behind_seconds"]), cpu(result, "cpu_us_per_span"), syncs(result),
        memory(result), accept(result), refused(result), whole(result["lost"]),
        whole(result["duplicates"])])


def trickle_line(result: dict) -> str:
    return line([
        result["title"], result["system"], cpu(result, "cpu_us_per_request"),
        number(result["cpu_us_per_span"]), number(result["wake_ups_per_second"]), syncs(result),
        memory(result), accept(result), number(result["behind_seconds"]), delivered(result),
        refused(result), whole(result["lost"]), whole(result["duplicates"])])


def idle_line(result: dict) -> str:
    return line([result["system"], cpu(result, "cpu_ms_per_second"),
                 cpu(result, "wake_ups_per_second"),
                 spread(result, "rss_mib", result["rss_mib"])])


def line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


HEADS = {"cost": COST_HEAD, "trickle": TRICKLE_HEAD}
LINES = {"cost": cost_line, "trickle": trickle_line}


def blackhole_line(result: dict) -> str:
    load, healthy, dead = result["load"], result["healthy"], result["dead"]
    accepted, sent = load["spans_accepted"], load["spans_sent"]
    client = f"{whole(accepted)} / {whole(sent - accepted)}"
    if load["spans_due"] > sent:
        client += f", {whole(load['spans_due'] - sent)} not sent"
    cells = [
        result["system"], client,
        number(load["p99_ms"]), side(healthy, load),
        f"{number(healthy['delay_p99_ms'] / 1000)}/{number(healthy['delay_max_ms'] / 1000)}",
        side(dead, load), number(result["caught_up_seconds"]),
        f"{whole(result['rss_before_mib'])}/{whole(result['rss_max_mib'])}",
        whole(result["disk_left_mib"])]
    return line(cells)


def side(arrived: dict, load: dict) -> str:
    everything = arrived["delivered"] == load["spans_accepted"]
    text = "all" if everything else whole(arrived["delivered"])
    text += f", {whole(arrived['duplicates'])}, {whole(arrived['lost'])}"
    if arrived["refused_too"]:
        text += f" (and {whole(arrived['refused_too'])} that were refused)"
    return text


def notes(result: dict) -> str:
    return (f"`{result['command'].strip()}` at {result['commit']}, {result['date']}: "
            f"{result['machine']}. Syncs/s: {result['syncs']}.")


def around(result: dict) -> str:
    """The cost of the measurement itself on the same cores, at its maximum."""
    told = [f"{number(row['load_cpu_us_per_span'])} and {number(row['sink_cpu_us_per_span'])} µs a "
            f"span in \"{row['title']}\"" for row in result["cost"]
            if row["key"] == "dualtrace" and row["row"].startswith("saturation")]
    return f"Generator and sink took {', '.join(told)} beside dualtrace." if told else ""


def of_table(result: dict, table: str) -> list[dict]:
    return [row for row in result["cost"] if row["table"] == table]


def table_lines(result: dict, table: str) -> list[str]:
    """The head and rows of a table; a title appears once."""
    lines, last = [HEADS[table]], None
    for row in of_table(result, table):
        title = "" if row["title"] == last else row["title"]
        lines.append(LINES[table]({**row, "title": title}))
        last = row["title"]
    return lines


def cost_part(result: dict) -> str:
    return "\n".join([f"{notes(result)} {around(result)}".strip(), "",
                      "![What a span costs, beside the peers](benchmarks.svg)", "",
                      *table_lines(result, "cost")])


def trickle_part(result: dict) -> str:
    return "\n".join([notes(result), "", *table_lines(result, "trickle")])


def idle_part(result: dict) -> str:
    lines = [idle_line(row) for row in result["idle"]]
    seconds = result["idle_seconds"]
    return "\n".join([notes(result), "", f"Measured over {seconds:g} s.", "", IDLE_HEAD, *lines])


def threads_part(result: dict) -> str:
    """The share of dualtrace's threads in the rows where its cost is per request."""
    lines = [THREADS_HEAD]
    for row in result["cost"]:
        if row["key"] != "dualtrace" or row["row"] not in THREADS_ROWS:
            continue
        threads = sorted(row["threads"].items(), key=lambda item: -item[1]["cpu_us_per_request"])
        told = [f"{name} {number(took['cpu_us_per_request'])} "
                f"({number(took['wake_ups_per_request'])})"
                for name, took in threads if took["cpu_us_per_request"] >= THREAD_US_LEAST]
        lines.append(line([row["title"], cpu(row, "cpu_us_per_request"), ", ".join(told)]))
    return "\n".join([notes(result), "", *lines])


def blackhole_part(result: dict) -> str:
    lines = [blackhole_line(row) for row in result["blackhole"]]
    seconds = result["blackhole_seconds"]
    return "\n".join([notes(result), "", f"The destination hung for {seconds:g} s.", "",
                      BLACKHOLE_HEAD, *lines])


def replaced(page: str, part: str, text: str) -> str:
    """The page with `text` between the part's markers; everything else is unchanged."""
    begin, end = f"<!-- bench:{part} begin -->\n", f"\n<!-- bench:{part} end -->"
    pattern = re.compile(f"({begin}).*?({end})", re.DOTALL)
    new, count = pattern.subn(lambda match: match[1] + text + match[2], page)
    if count != 1:
        raise RuntimeError(f"docs/benchmarks.md has {count} places for bench:{part}, not one")
    return new


def publish(docs: Path, part: str, text: str) -> None:
    file = docs / "benchmarks.md"
    file.write_text(replaced(file.read_text(), part, text))


def write_docs(docs: Path, result: dict) -> None:
    """Updates the parts that were run; the others keep their content."""
    if of_table(result, "cost"):
        publish(docs, "cost", cost_part(result))
        (docs / "benchmarks.svg").write_text(picture.draw(result["cost"]))
    if of_table(result, "trickle"):
        publish(docs, "trickle", trickle_part(result))
    if result["idle"]:
        publish(docs, "idle", idle_part(result))
    if any(row["row"] in THREADS_ROWS for row in result["cost"]):
        publish(docs, "threads", threads_part(result))
    if result["blackhole"]:
        publish(docs, "blackhole", blackhole_part(result))
