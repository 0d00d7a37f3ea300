# SPDX-License-Identifier: Apache-2.0
"""docs/resource.md describes every field as the CRD does."""

from docs.resource_page import PAGE, read_fields, render


def test_the_page_is_made_from_the_crd():
    page = PAGE.read_text()
    assert render(page) == page, "run ./dev docs to regenerate the tables"


def test_every_field_is_on_the_page_once():
    rows = [line.split("`")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    wanted = [path for path in read_fields() if "." in path]
    assert sorted(rows) == sorted(wanted)


def test_every_field_is_described():
    for path, schema in read_fields().items():
        if path != "metadata":
            assert schema["description"], path
