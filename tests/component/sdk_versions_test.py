# SPDX-License-Identifier: Apache-2.0
"""docs/injection.md lists the versions of the SDKs that the tests run."""

import json
import re
import xml.etree.ElementTree as xml

import pytest
from conftest import ROOT

CLIENTS = ROOT / "tests" / "component" / "clients"


def of_python(library: str) -> str:
    pins = (ROOT / "tests" / "python" / "clients.txt").read_text()
    return re.search(rf"^{library}==(.*)$", pins, re.MULTILINE)[1]


def of_node(library: str) -> str:
    return json.loads((CLIENTS / "js" / "package.json").read_text())["dependencies"][library]


def of_go(library: str) -> str:
    pins = (CLIENTS / "go" / "go.mod").read_text()
    return re.search(rf"^\t{library} v(\S+)", pins, re.MULTILINE)[1]


def of_java(library: str) -> str:
    """All OpenTelemetry packages have the version of its bill of materials."""
    pins = xml.parse(CLIENTS / "java" / "pom.xml")
    (version,) = pins.iterfind(".//{*}dependencyManagement//{*}version")
    return version.text


PINNED = {"Python": of_python, "Node.js": of_node, "Go": of_go, "Java": of_java}
ROW = re.compile(rf"^\| ({'|'.join(PINNED)}) \| `(\S+)` \| (\S+) \|", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "injection.md").read_text())


def test_it_names_some_of_every_language():
    assert {language for language, _, _ in ROWS} == set(PINNED)


@pytest.mark.parametrize("language, library, version", ROWS)
def test_its_versions_are_those_of_the_tests(language, library, version):
    assert PINNED[language](library) == version
