# SPDX-License-Identifier: Apache-2.0
"""The results on nodes as Markdown."""

from report import number, whole

LOAD_HEAD = """\
| load | system | CPU | RSS avg/max MiB | working set avg/max MiB | delay to Arize p50/p99 ms \
| delay to Databricks p50/p99 ms | accept p50/p99 ms | written, bytes/span | syncs/s | store MiB \
| not answered OK | lost | duplicates |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"""
COLUMNS_OF_LOADS_ONLY = 9

EVENT_HEAD = """\
| event | system | spans answered OK | not answered OK | lost | duplicates | longest outage s |
|---|---|---|---|---|---|---|"""


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def pair(one: float, other: float) -> str:
    return f"{number(one)}/{number(other)}"


def whole_pair(one: float, other: float) -> str:
    return f"{whole(one)}/{whole(other)}"


def memory(result: dict) -> list[str]:
    return [
        whole_pair(result["resident_mib"], result["resident_max_mib"]),
        whole_pair(result["working_set_mib"], result["working_set_max_mib"]),
    ]


def total(result: dict, name: str) -> int:
    """The sum over both destinations."""
    return sum(side[name] for side in result["arrived"].values())


def or_dash(value: float | None) -> str:
    return "–" if value is None else number(value)


def idle_line(title: str, system: str, result: dict) -> str:
    cpu = f"{number(result['cpu_ms_per_second'])} ms/s"
    return row(title, system, cpu, *memory(result), *["–"] * COLUMNS_OF_LOADS_ONLY)


def load_line(title: str, system: str, result: dict) -> str:
    sides = result["arrived"]
    return row(
        title,
        system,
        f"{number(result['cpu_us_per_span'])} µs/span",
        *memory(result),
        *[pair(sides[one]["delay_p50_ms"], sides[one]["delay_p99_ms"]) for one in sides],
        pair(result["accept_p50_ms"], result["accept_p99_ms"]),
        whole(result["written_bytes_per_span"]),
        or_dash(result["syncs_per_second"]),
        whole(result["store_mib"]),
        whole(result["unanswered"]),
        whole(total(result, "lost")),
        whole(total(result, "duplicates")),
    )


def event_line(title: str, system: str, result: dict) -> str:
    return row(
        title,
        system,
        whole(result["spans"]),
        whole(result["unanswered"]),
        whole(total(result, "lost")),
        whole(total(result, "duplicates")),
        or_dash(result["longest_outage"]),
    )


LINES = {"idle": idle_line, "load": load_line, "event": event_line}


def table(results: list[dict], kinds: tuple[str, ...]) -> list[str]:
    """Systems next to each other, phase by phase in the order of the first system."""
    order = list(dict.fromkeys(one["title"] for one in results if one["kind"] in kinds))
    lines = []
    for title in order:
        shown = title
        for one in results:
            if one["title"] == title and one["kind"] in kinds:
                lines.append(LINES[one["kind"]](shown, one["system"], one["result"]))
                shown = ""
    return lines


def markdown(results: list[dict], around: dict, options) -> str:
    parts = [
        f"`./dev bench nodes` at {around['commit']}, {around['date']}: {around['machine']}. "
        f"Each load lasts {options.seconds:g} s, each event's {options.event_seconds:g} s.",
    ]
    loads, events = table(results, ("idle", "load")), table(results, ("event",))
    if loads:
        parts.append("\n".join([LOAD_HEAD, *loads]))
    if events:
        parts.append("\n".join([EVENT_HEAD, *events]))
    return "\n\n".join(parts)
