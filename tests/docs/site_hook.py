# SPDX-License-Identifier: Apache-2.0
"""The parts of the site that mkdocs.yml cannot configure: which pages are outside docs/, and
Markdown as GitHub reads it."""

import sys
from pathlib import Path

from markdown.blockprocessors import ListIndentProcessor, OListProcessor, UListProcessor
from markdown.extensions import Extension
from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).parent))

import site_pages  # noqa: E402


class ListsOfTwoSpaces(Extension):
    """As on GitHub, nested items and further paragraphs of an item are indented by two spaces."""

    def extendMarkdown(self, md) -> None:  # noqa: N802 - the name is theirs
        usual, md.tab_length = md.tab_length, 2
        processors = md.parser.blockprocessors
        processors.register(ListIndentProcessor(md.parser), "indent", 90)
        processors.register(OListProcessor(md.parser), "olist", 40)
        processors.register(UListProcessor(md.parser), "ulist", 30)
        md.tab_length = usual


def on_config(config):
    config.markdown_extensions.append(ListsOfTwoSpaces())
    config.nav = site_pages.with_decisions(config.nav)
    return config


def on_files(files, config):
    for page in site_pages.pages_outside() + list(site_pages.FILES):
        text = (site_pages.ROOT / page).read_text()
        files.append(File.generated(config, site_pages.site_path(page), content=text))
    decisions = site_pages.page_of_decisions()
    files.append(File.generated(config, "decisions/index.md", content=decisions))
    return files


def on_page_markdown(markdown, page, config, files):
    text = site_pages.with_site_links(markdown, page.file.src_uri)
    return site_pages.with_site_blocks(text)
