# SPDX-License-Identifier: Apache-2.0
"""How the demo prints: headings, tables and the tree of a trace, with nothing but print()."""

import json
import re
import sys

WIDTH = 118
BOLD, GREEN, RED, PLAIN = "\033[1m", "\033[32m", "\033[31m", "\033[0m"
COLOURS = re.compile(r"\033\[\d+m")
printed: list[str] = []  # each line, in colour


def _line(text: str) -> None:
    printed.append(text)
    print(text if sys.stdout.isatty() else COLOURS.sub("", text))


def _coloured(colour: str, text: str) -> str:
    return f"{colour}{text}{PLAIN}"


def heading(text: str) -> None:
    _line("")
    _line(_coloured(BOLD, text))
    _line("─" * min(WIDTH, len(text)))


def note(text: str) -> None:
    _line(f"  {text}")


def verdict(holds: bool, text: str) -> bool:
    _line(f"  {_coloured(GREEN, '✓') if holds else _coloured(RED, '✗')} {text}")
    return holds


def clipped(value, width: int) -> str:
    text = " ".join(str("" if value is None else value).split())
    return text if len(text) <= width else text[: width - 1] + "…"


def table(rows: list[dict], clip: int = 40) -> None:
    """Columns are as wide as their content; cells are no wider than `clip`."""
    if not rows:
        note("(no rows)")
        return
    cells = [list(rows[0])] + [[clipped(value, clip) for value in row.values()] for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    for number, line in enumerate(cells):
        padded = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        note(_coloured(BOLD, padded.rstrip()) if number == 0 else padded.rstrip())


def tree(spans: list[dict]) -> None:
    """`spans` with span_id, parent_span_id, name, start, milliseconds and attributes."""
    children: dict[str, list[dict]] = {}
    known = {span["span_id"] for span in spans}
    for span in sorted(spans, key=lambda span: span["start"]):
        parent = span["parent_span_id"] if span["parent_span_id"] in known else ""
        children.setdefault(parent, []).append(span)

    def show(span: dict, branch: str, indent: str) -> None:
        kind = span["attributes"].get("openinference.span.kind", "")
        line = f"{branch + span['name']:<30} {kind:<6} {span['milliseconds']:>8.1f} ms  "
        note(line + clipped(_detail(kind, span["attributes"]), WIDTH - len(line) - 2))
        *others, last = children.get(span["span_id"], [None])
        for child in others:
            show(child, indent + "├─ ", indent + "│  ")
        if last:
            show(last, indent + "└─ ", indent + "   ")

    for root in children.get("", []):
        show(root, "", "")


def _detail(kind: str, attributes: dict) -> str:
    """The one thing about a span that a reader wants to see first."""
    if kind == "LLM":
        tokens = attributes.get("llm.token_count.total", 0)
        return f"{attributes.get('llm.model_name', '?')}, {tokens} tokens"
    if kind == "TOOL":
        return f"{_content(attributes, 'input')} → {_content(attributes, 'output')}"
    return f"session {attributes.get('session.id', '?')}"


def _content(attributes: dict, side: str) -> str:
    value = attributes.get(f"{side}.value", "")
    try:
        return json.loads(value)["data"]["content"]  # LangChain's format for a tool's answer
    except (ValueError, KeyError, TypeError):
        return value
