# SPDX-License-Identifier: Apache-2.0
"""The agent's page as an SVG that contains its HTML. It needs no browser to generate, and it shows
the agent's real answer."""

import re

WIDTH, HEIGHT = 960, 640
PICTURE = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" \
viewBox="0 0 {width} {height}" role="img">
<title>The agent's page</title>
<rect width="100%" height="100%" rx="8" fill="#fff" stroke="#d4d9e2"/>
<foreignObject width="{width}" height="{height}">
<div xmlns="http://www.w3.org/1999/xhtml" class="page">
<style>{style}</style>
{body}
</div>
</foreignObject>
</svg>
"""
# Names of journals, fingerprints, sizes and times.
DIFFERS = r"\d{4}-\d\d-\d\dT[\d:.]+Z|\b[0-9a-f]{8,}\b|[\d.]+ ([KM]i)?B|\b\d+m?s\b"


def draw(html: str) -> str:
    """Always uses the light theme, because the surrounding docs may not support the dark one."""
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    (body,) = re.findall(r"<body>(.*)</body>", html, re.DOTALL)
    light = style.partition("@media")[0].replace("body{", ".page{").strip()
    return PICTURE.format(width=WIDTH, height=HEIGHT, style=light, body=body.strip())


def text_of(svg: str) -> list[str]:
    """Its text, without the parts that differ between runs."""
    (page,) = re.findall(r"</style>(.*)</div>", svg, re.DOTALL)
    texts = re.findall(r">([^<]+)<", page)
    return [re.sub(DIFFERS, "#", text) for text in texts if text.strip()]
