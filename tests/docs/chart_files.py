# SPDX-License-Identifier: Apache-2.0
"""Generates the parts of the chart that come from other files: the CRD template from crds/, and the
table of values in README.md from values.yaml and its comments. `./dev docs` runs it, and a test
checks that the result is up to date."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "dualtrace"
CRD = ROOT / "crds" / "dualtraceexport.yaml"
CRD_TEMPLATE = CHART / "templates" / "crd.yaml"
PAGE = CHART / "README.md"
MARKER = re.compile(r"(<!-- values -->\n).*?(<!-- end -->)", re.DOTALL)
TABLE_HEAD = "| Value | Default | Meaning |\n|---|---|---|\n"

CRD_HEAD = """\
{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- if .Values.crds.enabled }}
# A copy of crds/dualtraceexport.yaml (./dev docs). Helm would not upgrade a CRD in the chart's crds/ folder.
"""
CRD_METADATA = """\
  labels:
    {{- include "dualtrace.labels" . | nindent 4 }}
  {{- /* keep: exports and their agents survive an uninstall of the release */}}
  {{- $keep := ternary (dict "helm.sh/resource-policy" "keep") (dict) .Values.crds.keep }}
  {{- include "dualtrace.annotations" (list $ 2 $keep) }}
"""


def crd_template() -> str:
    text = CRD.read_text()
    assert "{{" not in text, "Helm would treat it as a template"
    name = "  name: dualtraceexports.dualtrace.dev\n"
    before, found, after = text.partition(name)
    assert found, CRD
    body = before[before.index("apiVersion:") :] + name + CRD_METADATA + after
    return f"{CRD_HEAD}{body}{{{{- end }}}}\n"


@dataclass(frozen=True)
class Value:
    path: str
    default: object
    meaning: str


def read_values() -> list[Value]:
    """Each value that a user sets as a whole: those for which the schema lists no properties."""
    text = (CHART / "values.yaml").read_text()
    schema = json.loads((CHART / "values.schema.json").read_text())
    lines = text.splitlines()
    found: list[Value] = []

    def resolved(node: dict) -> dict:
        while "$ref" in node:
            target = schema
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def collect(node: yaml.MappingNode, values: dict, node_schema: dict, prefix: str) -> None:
        for key, value in node.value:
            path = prefix + key.value
            default = values[key.value]
            inner = resolved(node_schema["properties"][key.value])
            if "properties" in inner:
                collect(value, default, inner, f"{path}.")
                continue
            found.append(Value(path, default, comment_above(lines, key.start_mark.line)))

    collect(yaml.compose(text), yaml.safe_load(text), schema, "")
    return found


def comment_above(lines: list[str], number: int) -> str:
    words: list[str] = []
    while number > 0 and lines[number - 1].strip().startswith("#"):
        number -= 1
        words.insert(0, lines[number].strip().removeprefix("#").strip())
    return " ".join(words)


def row_of(value: Value) -> str:
    default = "" if value.default in ("", [], {}, None) else f"`{json.dumps(value.default)}`"
    return f"| `{value.path}` | {default} | {value.meaning} |".replace("|  |", "| |")


def render_page(page: str) -> str:
    table = TABLE_HEAD + "\n".join(row_of(value) for value in read_values()) + "\n"
    return MARKER.sub(lambda match: match[1] + table + match[2], page)


if __name__ == "__main__":
    CRD_TEMPLATE.write_text(crd_template())
    PAGE.write_text(render_page(PAGE.read_text()))
