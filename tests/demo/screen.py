# SPDX-License-Identifier: Apache-2.0
"""Terminal output as an SVG, so that a page can show what the demo prints."""

import re
from html import escape

import show

COLUMN, LINE, MARGIN = 8.4, 19, 20
STYLE = {show.BOLD: "bold", show.GREEN: "green", show.RED: "red"}
MARK = re.compile("(" + "|".join(re.escape(mark) for mark in (*STYLE, show.PLAIN)) + ")")
HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" \
viewBox="0 0 {width:.0f} {height}" role="img">
<title>{title}</title>
<style>
text {{ font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  fill: #d6deeb; white-space: pre; }}
.bold {{ font-weight: bold; fill: #ffffff; }}
.green {{ fill: #7fdb8f; }}
.red {{ fill: #ff7b72; }}
</style>
<rect width="100%" height="100%" rx="8" fill="#11161f"/>
"""


def draw(lines: list[str], title: str) -> str:
    """`lines` with the colors of show.py."""
    widest = max(len(MARK.sub("", line)) for line in lines)
    width, height = 2 * MARGIN + COLUMN * widest, 2 * MARGIN + LINE * len(lines)
    head = HEAD.format(width=width, height=height, title=escape(title))
    runs = [run for number, line in enumerate(lines) for run in _runs(line, number)]
    return head + "".join(runs) + "</svg>\n"


def _runs(line: str, number: int) -> list[str]:
    """Each run of one style is positioned separately, with an explicit length, so that columns stay
    aligned in any font."""
    style, column, runs = "", 0, []
    for part in MARK.split(line):
        if MARK.fullmatch(part):
            style = STYLE.get(part, "")
            continue
        text = part.strip()
        if text:
            x = MARGIN + COLUMN * (column + len(part) - len(part.lstrip()))
            attributes = f'x="{x:.1f}" y="{MARGIN + LINE * number + 14}"'
            attributes += f' textLength="{COLUMN * len(text):.1f}" xml:space="preserve"'
            attributes += f' class="{style}"' if style else ""
            runs.append(f"<text {attributes}>{escape(text)}</text>\n")
        column += len(part)
    return runs


def text_of(svg: str) -> list[str]:
    """The text without the parts that differ between runs: ids, times and durations."""
    return [
        re.sub(
            r"\b[0-9a-f]{32}\b|\b[0-9a-f]{16}\b|\d{4}-\d\d-\d\dT[\d:.]+Z| +[\d.]+ ms\b", "#", text
        )
        for text in re.findall(r"<text [^>]*>(.*)</text>", svg)
    ]
