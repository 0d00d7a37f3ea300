# SPDX-License-Identifier: Apache-2.0
"""Files that are derived from the agent's configuration schema match the output of `./dev docs`,
which also inserts a missing field in its place."""

import pytest
import yaml
from docs.schema_files import CRD, EXAMPLE, RENDERED, entry, lines_of, properties, read_schema
from docs.schema_files import render_crd, render_example, spec_of_crd


@pytest.fixture(scope="module")
def schema(request) -> dict:
    return read_schema(request.config.getoption("--binaries"))


@pytest.mark.parametrize("file", RENDERED, ids=lambda file: file.name)
def test_it_is_made_from_the_schema(schema, file):
    text = file.read_text()
    assert RENDERED[file](text, schema) == text, "run ./dev docs"


def without(text: str, pair: tuple) -> str:
    lines = text.splitlines(keepends=True)
    del lines[lines_of(pair).start : lines_of(pair).stop]
    return "".join(lines)


@pytest.mark.parametrize("name", ["minFreeDisk", "maxAge", "drainTimeout"])
def test_a_field_that_the_crd_lacks_is_added(schema, name):
    text = CRD.read_text()
    pair = entry(properties(spec_of_crd(text), f"spec.delivery.{name}"), name)
    assert render_crd(without(text, pair), schema) == text


@pytest.mark.parametrize("name", ["minFreeDisk", "maxAge", "drainTimeout"])
def test_a_field_that_the_example_lacks_is_added(schema, name):
    text = EXAMPLE.read_text()
    delivery = entry(entry(yaml.compose(text), "spec")[1], "delivery")[1]
    assert render_example(without(text, entry(delivery, name)), schema) == text
