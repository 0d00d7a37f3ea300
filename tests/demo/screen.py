# SPDX-License-Identifier: Apache-2.0
"""A terminal's lines as an SVG, so that a page can show what the demo prints."""

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
    """`lines` with the colours of show.py."""
    widest = max(len(MARK.sub("", line)) for line in lines)
    width, height = 2 * MARGIN + COLUMN * widest, 2 * MARGIN + LINE * len(lines)
    drawn = [HEAD.format(width=width, height=height, title=escape(title))]
    for number, line in enumerate(lines):
        y = MARGIN + LINE * number + 14
        # With the length said, lines stay as wide as each other in any font.
        columns = len(MARK.sub("", line))
        length = f' textLength="{COLUMN * columns:.1f}"' if columns else ""
        place = f'x="{MARGIN}" y="{y}" xml:space="preserve"{length}'
        drawn.append(f"<text {place}>{_spans(line)}</text>\n")
    return "".join(drawn) + "</svg>\n"


def _spans(line: str) -> str:
    style, parts = "", []
    for part in MARK.split(line):
        if MARK.fullmatch(part):
            style = STYLE.get(part, "")
        elif part:
            text = escape(part)
            parts.append(f'<tspan class="{style}">{text}</tspan>' if style else text)
    return "".join(parts)


def text_of(svg: str) -> list[str]:
    """Its lines without what is another in each run: ids, times and durations."""
    lines = re.findall(r"<text [^>]*>(.*)</text>", svg)
    return [
        re.sub(
            r"\b[0-9a-f]{32}\b|\b[0-9a-f]{16}\b|\d{4}-\d\d-\d\dT[\d:.]+Z| +[\d.]+ ms\b",
            "#",
            re.sub(r"<[^>]*>", "", line),
        )
        for line in lines
    ]
