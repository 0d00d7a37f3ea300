# SPDX-License-Identifier: Apache-2.0
"""Fills the tables of docs/resource.md from the descriptions in the CRD; `./dev docs` runs it, and
a test compares. Text between two markers is generated here, the rest is written by hand:

    <!-- fields below spec.arize -->            each field of it, deeper ones too
    <!-- fields of spec -->                     those that have no table of their own
    <!-- end -->
"""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CRD = ROOT / "crds" / "dualtraceexport.yaml"
PAGE = ROOT / "docs" / "resource.md"
MARKER = re.compile(r"(<!-- fields (below|of) (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def read_fields() -> dict[str, dict]:
    """Path → schema, in the CRD's order; a list's fields are those of its items ("a.b[].c")."""
    version = yaml.safe_load(CRD.read_text())["spec"]["versions"][0]
    fields = {}

    def collect(schema: dict, path: str) -> None:
        required = schema.get("required", [])
        for name, child in schema.get("properties", {}).items():
            inner = f"{path}.{name}" if path else name
            fields[inner] = child | {"is_required": name in required}
            collect(child, inner)
            collect(child.get("items", {}), f"{inner}[]")

    collect(version["schema"]["openAPIV3Schema"], "")
    return fields


def with_most(words: str, most: int | None, what: str = "") -> str:
    return f"{words}, at most {most}{what}" if most else words


def type_of(schema: dict) -> str:
    if "enum" in schema:
        return ", ".join(f"`{choice}`" for choice in schema["enum"])
    if schema.get("x-kubernetes-int-or-string"):
        return "number or percentage" if "percentage" in schema["description"] else "quantity"
    if "additionalProperties" in schema:
        return with_most("map of texts", schema.get("maxProperties"))
    if schema["type"] == "array":
        keys = schema.get("x-kubernetes-list-map-keys")
        texts = "list of texts" if schema["items"]["type"] == "string" else "list"
        words = f"list, one for each `{keys[0]}`" if keys else texts
        return with_most(words, schema.get("maxItems"))
    if schema["type"] == "integer":
        most = schema.get("maximum")
        return f"whole number, {schema['minimum']} to {most}" if most else "whole number"
    if schema["type"] == "string":
        if schema.get("format") == "date-time":
            return "time"
        return with_most("text", schema.get("maxLength"), " characters")
    return schema["type"]


def default_of(schema: dict) -> str:
    default = schema.get("default")
    return "" if default in (None, {}) else f"`{default}`"


def row_of(path: str, schema: dict) -> str:
    meaning = ("Required. " if schema["is_required"] else "") + schema["description"]
    cells = [f"`{path}`", type_of(schema), default_of(schema), meaning.replace("|", "\\|")]
    return f"| {' | '.join(cells)} |"


def table_of(fields: dict[str, dict]) -> str:
    rows = [row_of(path, schema) for path, schema in fields.items()]
    return "\n".join(["| Field | Type | Default | Meaning |", "|---|---|---|---|", *rows]) + "\n"


def is_below(path: str, section: str) -> bool:
    return path.startswith((f"{section}.", f"{section}[]"))


def render(page: str) -> str:
    fields = read_fields()
    tables = {match[3] for match in MARKER.finditer(page) if match[2] == "below"}

    def fill(match: re.Match) -> str:
        start, which, section, end = match.groups()
        below = {path: schema for path, schema in fields.items() if is_below(path, section)}
        if which == "of":
            below = {
                path: schema
                for path, schema in below.items()
                if not any(is_below(path, table) for table in tables)
            }
        return start + table_of(below) + end

    return MARKER.sub(fill, page)


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text()))
