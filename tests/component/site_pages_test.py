# SPDX-License-Identifier: Apache-2.0
"""The site renders pages as GitHub does. ./dev docs site builds it; these tests cover how it
converts the text."""

import pytest
from docs import site_pages


@pytest.mark.parametrize(
    "page, link, led",
    [
        ("quickstart.md", "images.md", "images.md"),
        ("README.md", "docs/quickstart.md#next-steps", "quickstart.md#next-steps"),
        ("README.md", "docs/decisions/", "decisions/index.md"),
        ("README.md", "LICENSE", "LICENSE"),
        ("security.md", "../SECURITY.md", "SECURITY.md"),
        ("contributing/writing.md", "../../tests/README.md", "../tests/README.md"),
        ("tests/README.md", "../docs/contributing/writing.md", "../contributing/writing.md"),
        ("helm/dualtrace/README.md", "../../docs/operator.md", "../../operator.md"),
        ("quickstart.md", "https://a.test/b.md", "https://a.test/b.md"),
        ("quickstart.md", "#own", "#own"),
    ],
)
def test_links_lead_through_the_site(page, link, led):
    assert site_pages.with_site_links(f"see [it]({link}).", page) == f"see [it]({led})."


@pytest.mark.parametrize("code", ["`[](int)`", "```cpp\n[](int) {}\n```", "``a ` [](int)``"])
def test_code_has_no_links(code):
    assert site_pages.with_site_links(code, "tests/README.md") == code


@pytest.mark.parametrize(
    "before, after",
    [
        ("a\n- b\n- c", "a\n\n- b\n- c"),
        ("- a\n  b\n- c", "- a\n  b\n- c"),
        ("```\n- a\n```\n- b", "```\n- a\n```\n\n- b"),
        ("1. a\n\n   b\n2. c", "1. a\n\n   b\n\n2. c"),
        ("```hex segment\n00\n```", "```hex\n00\n```"),
    ],
)
def test_blocks_stand_apart_where_the_site_wants_it(before, after):
    assert site_pages.with_site_blocks(before) == f"{after}\n"


def test_every_decision_is_listed():
    assert site_pages.with_decisions([{"A": ["decisions/*"]}])[0]["A"][0] == "decisions/index.md"
    page = site_pages.page_of_decisions()
    assert page.count("\n- [") == len(site_pages.decisions()) > 40
