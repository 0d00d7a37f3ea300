# SPDX-License-Identifier: Apache-2.0
"""The table of sizes in docs/images.md."""

from collections.abc import Sequence

from images.made import Made
from images.version import ROOT

PAGE = ROOT / "docs" / "images.md"
_START, _END = "<!-- sizes: ./dev image --write-docs -->\n", "<!-- end of sizes -->\n"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def render(images: Sequence[Made]) -> str:
    names = [layer.name for layer in images[0].content.layers]
    head = ["image", "fetched", *[f"{name} layer" for name in names], "unpacked", "debug file"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for one in images:
        layers = one.content.layers
        cells = [
            f"`{one.program}`",
            _megabytes(one.size),
            *[_megabytes(len(layer.blob)) for layer in layers],
            _megabytes(sum(layer.unpacked_size for layer in layers)),
            _megabytes(len(one.content.debug)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write(images: Sequence[Made]) -> None:
    before, start, rest = PAGE.read_text().partition(_START)
    _, end, after = rest.partition(_END)
    assert start and end, f"{PAGE} has lost the marks around its table"
    PAGE.write_text(before + start + render(images) + end + after)
