# SPDX-License-Identifier: Apache-2.0
"""The results as one picture: a panel per question, a bar per system. Plain SVG, identical bytes
for identical results, readable on light and dark pages."""

from dataclasses import dataclass
from html import escape

WIDTH = 860
PANEL_WIDTH = 410
GAP = 40
TITLE_HEIGHT = 26
BAR_HEIGHT = 16
BAR_STEP = 24
LABEL_WIDTH = 150
VALUE_WIDTH = 56
PANEL_GAP = 30

STYLE = """\
text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 13px }
.ours { fill: #0969da } .peer { fill: #afb8c1 } .axis { stroke: #d0d7de }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .ours { fill: #4493f8 } .peer { fill: #6e7681 } .axis { stroke: #3d444d }
}"""

# For the picture's narrow column of names.
NAMES = {
    "dualtrace": "dualtrace, on disk",
    "collector-memory": "Collector, memory",
    "collector-file": "Collector, file_storage",
    "collector-file-fsync": "Collector, with fsync",
    "rotel": "rotel, one destination",
}


@dataclass
class Panel:
    title: str
    row: str
    value: object  # function of one result
    digits: int


PANELS = [
    Panel("CPU µs a span: 20k/s, gzip", "20k-gzip", lambda r: r["cpu_us_per_span"], 1),
    Panel("CPU µs a span: 20k/s, plain", "20k-plain", lambda r: r["cpu_us_per_span"], 1),
    Panel("CPU ms a 30 kB LLM span: 400/s, gzip", "llm", lambda r: r["cpu_us_per_span"] / 1000, 2),
    Panel("Accept p99 in ms: 20k/s, gzip", "20k-gzip", lambda r: r["load"]["p99_ms"], 1),
    Panel("Memory, highest, in MiB: 20k/s, gzip", "20k-gzip", lambda r: r["rss_max_mib"], 0),
    Panel("Thousand spans/s at saturation, gzip (more is better)", "saturation-gzip",
          lambda r: r["load"]["spans_per_second"] / 1000, 0),
    Panel("CPU µs a request: 1,000/s of one span", "trickle-1000x1",
          lambda r: r["cpu_us_per_request"], 0),
    Panel("CPU µs a span: 20k/s, gzip, TLS to the destinations", "tls-destinations",
          lambda r: r["cpu_us_per_span"], 1),
]


def draw(results: list[dict]) -> str:
    panels = [(panel, bars) for panel in PANELS if (bars := bars_of(panel, results))]
    body, y = [], 10
    for left, right in zip(panels[::2], panels[1::2] + [None]):
        pair = [left] if right is None else [left, right]
        for i, (panel, bars) in enumerate(pair):
            body += panel_lines(panel, bars, i * (PANEL_WIDTH + GAP), y)
        y += TITLE_HEIGHT + max(len(bars) for _, bars in pair) * BAR_STEP + PANEL_GAP
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" '
        f'height="{y}" role="img" aria-label="What a span costs, beside the peers">',
        f"<style>\n{STYLE}\n</style>", *body, "</svg>", ""])


def bars_of(panel: Panel, results: list[dict]) -> list[tuple[str, float]]:
    return [(result["key"], panel.value(result)) for result in results
            if result["row"] == panel.row and result["key"] in NAMES]


def panel_lines(panel: Panel, bars: list[tuple[str, float]], x: int, y: int) -> list[str]:
    longest = max(value for _, value in bars) or 1
    room = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH
    zero = x + LABEL_WIDTH
    lines = [f'<text class="title" x="{x}" y="{y + 12}">{escape(panel.title)}</text>']
    top = y + TITLE_HEIGHT
    for i, (key, value) in enumerate(bars):
        bar_y = top + i * BAR_STEP
        middle = bar_y + BAR_HEIGHT - 4
        length = max(value / longest * room, 1)
        kind = "ours" if key == "dualtrace" else "peer"
        lines += [
            f'<text x="{zero - 8}" y="{middle}" text-anchor="end">{escape(NAMES[key])}</text>',
            f'<rect class="{kind}" x="{zero}" y="{bar_y}" width="{length:.1f}" '
            f'height="{BAR_HEIGHT}"/>',
            f'<text x="{zero + length + 6:.1f}" y="{middle}">{value:,.{panel.digits}f}</text>']
    lines.append(f'<line class="axis" x1="{zero}" y1="{top - 4}" x2="{zero}" '
                 f'y2="{top + len(bars) * BAR_STEP - 4}"/>')
    return lines
