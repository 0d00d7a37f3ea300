# SPDX-License-Identifier: Apache-2.0
"""Generates texts from the schema of the agent's configuration (common/config/schema.cc) and from
the fields that pass through to it (operator/api/export_fields.cc): the tables of keys in
docs/configuration.md, those fields in the CRD, and those with a default in the full example, if it
lacks them. `./dev docs` runs it with the binary that prints both tables, and a test compares.

Text between two markers of docs/configuration.md is generated here:

    <!-- keys below arize -->        each key of the section
    <!-- keys of the rest -->        those that have no table of their own
    <!-- end -->
"""

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CRD = ROOT / "crds" / "dualtraceexport.yaml"
PAGE = ROOT / "docs" / "configuration.md"
EXAMPLE = ROOT / "docs" / "examples" / "dualtraceexport.yaml"
PROGRAM = Path("tests", "docs", "dualtrace-schema")  # in the build folder
MARKER = re.compile(r"(<!-- keys (?:below|of) (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")
WIDTH = 112
COMMENT_COLUMN = 40

SIZE = r"[0-9]{1,15}(\\.[0-9]{1,9})?([kMGTP]|[KMGTP]i)?"
SECONDS = "([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,8}s)?"
DURATIONS = {
    "duration": f"^{SECONDS}([0-9]{{1,10}}ms)?$",
    "duration of whole seconds": f"^{SECONDS}$",
}
WHOLE_BYTES = (
    "!isQuantity(self) || quantity(self).compareTo(quantity('64Ti')) > 0 || "
    "double(int(quantity(self).asApproximateFloat())) == quantity(self).asApproximateFloat()"
)


def read_schema(binaries: Path) -> dict:
    return json.loads(subprocess.run([binaries / PROGRAM], check=True, capture_output=True).stdout)


# --- docs/configuration.md ---


def type_of(key: dict) -> str:
    if key["choices"]:
        return ", ".join(f"`{choice}`" for choice in key["choices"])
    return key["type"] + (f", {key['least']} to {key['most']}" if key["least"] else "")


def row_of(key: dict) -> str:
    sentences = ["Required." if key["required"] else "", key["meaning"], key["note"]]
    sentences.append("A change needs a restart." if key["restart"] else "")
    default = f" `{key['default']}` " if key["default"] else " "
    meaning = " ".join(filter(None, sentences)).replace("|", "\\|")
    return f"| `{key['path']}` | {type_of(key)} |{default}| {meaning} |"


def render_page(page: str, schema: dict) -> str:
    sections = {match[2] for match in MARKER.finditer(page)}

    def fill(match: re.Match) -> str:
        own = [
            key
            for key in schema["keys"]
            if (key["path"].split(".")[0] if key["path"].split(".")[0] in sections else "the rest")
            == match[2]
        ]
        head = "| Key | Type | Default | Meaning |\n|---|---|---|---|\n"
        return match[1] + head + "\n".join(row_of(key) for key in own) + "\n" + match[3]

    return MARKER.sub(fill, page)


# --- the CRD ---


def plain(text: str) -> str:
    return LINK.sub(r"\1", text).replace("`", "")


def description_of(field: dict) -> str:
    sentences = [plain(field["meaning"]), field["note"]]
    sentences.append("A change replaces the pods." if field["restart"] else "")
    if field["least"] and field["type"] != "number":
        sentences.append(f"Range: {field['least']} to {field['most']}.")
    return " ".join(filter(None, sentences))


def description_lines(field: dict, indent: str) -> list[str]:
    text = description_of(field)
    line = f"{indent}description: {text}"
    if len(line) <= WIDTH and ": " not in text:
        return [line]
    inner = f"{indent}  "
    return [
        f"{indent}description: >-",
        *textwrap.wrap(
            text,
            WIDTH,
            initial_indent=inner,
            subsequent_indent=inner,
            break_long_words=False,
            break_on_hyphens=False,
        ),
    ]


def between(field: dict, kind: str, is_form: str) -> tuple[str, str]:
    value = "self" if kind == "duration" else "quantity(self)"
    least, most = (f"{kind}('{field[bound]}')" for bound in ("least", "most"))
    inside = f"{value} >= {least} && {value} <= {most}"
    if kind == "quantity":
        inside = f"{value}.compareTo({least}) >= 0 && {value}.compareTo({most}) <= 0"
    else:
        inside = inside.replace("self", "duration(self)")
    message = f"must be between {field['least']} and {field['most']}"
    return f"!{is_form} || ({inside})", message


def rules_of(field: dict) -> list[tuple[str, str]] | None:
    """CEL and message; None if this type's rules are written by hand."""
    expected, kind = field["expected"], field["type"]
    if kind == "size":
        return [
            (f"self.matches('^{SIZE}$')", expected),
            between(field, "quantity", "isQuantity(self)"),
            (WHOLE_BYTES, "not a whole number of bytes"),
        ]
    if kind == "size or percentage":
        return [
            (f"self.matches('^({SIZE}|[0-9]{{1,3}}%)$')", expected),
            (
                "!isQuantity(self) || quantity(self).compareTo(quantity('64Ti')) <= 0",
                "must be between 0 and 64Ti",
            ),
            (WHOLE_BYTES, "not a whole number of bytes"),
            (
                "!self.matches('^[0-9]{1,3}%$') || self.matches('^0*([0-9]|[1-8][0-9]|90)%$')",
                "must be between 0% and 90%",
            ),
        ]
    if kind in DURATIONS:
        form = f"self.matches('{DURATIONS[kind]}')"
        rule, message = between(field, "duration", f"{form} || self == ''")
        return [(f"{form} && self != ''", expected), (rule, message)]
    return [] if kind in ("choice", "number") else None


def rule_lines(rules: list[tuple[str, str]], indent: str) -> list[str]:
    lines = [f"{indent}x-kubernetes-validations:"] if rules else []
    for rule, message in rules:
        escaped = rule.replace("\\\\", "\\\\\\\\")
        lines += [f'{indent}  - rule: "{escaped}"', f"{indent}    message: {message}"]
    return lines


def scalar(text: str, is_number: bool) -> str:
    return text if is_number or isinstance(yaml.safe_load(text), str) else f'"{text}"'


CONTROL_RULE = (
    "self.matches('^[^\\\\x00-\\\\x1f\\\\x7f]*$')",
    "contains a control character or a line break",
)
MADE = ("type", "format", "description", "minimum", "maximum", "enum", "default", "maxLength")


def block_of(field: dict, indent: str, kept: list[str]) -> list[str]:
    """The field's lines in the CRD; `kept` are existing lines that are not generated here."""
    is_number, is_map = field["type"] == "number", field["type"] == "map of texts"
    inner = f"{indent}  "
    lines = [f"{indent}{field['path'].rpartition('.')[2]}:"]
    kind = "integer" if is_number else "object" if is_map else "string"
    lines.append(f"{inner}type: {kind}")
    if is_number:
        lines.append(f"{inner}format: int64")
    lines += description_lines(field, inner)
    if is_number:
        lines += [f"{inner}minimum: {field['least']}", f"{inner}maximum: {field['most']}"]
    if field["choices"]:
        lines.append(f"{inner}enum: [{', '.join(field['choices'])}]")
    if field["default"]:
        lines.append(f"{inner}default: {scalar(field['default'], is_number)}")
    if not (is_number or is_map or field["choices"]):
        lines.append(f"{inner}maxLength: {field['most_characters']}")
    rules = rules_of(field)
    if rules is None:
        return lines + (kept or rule_lines([CONTROL_RULE], inner))
    return lines + rule_lines(rules, inner)


def entry(node: yaml.MappingNode, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    return next((pair for pair in node.value if pair[0].value == name), None)


def lines_of(pair: tuple[yaml.Node, yaml.Node]) -> range:
    key, value = pair
    is_block = value.end_mark.line > value.start_mark.line and value.end_mark.column <= key.start_mark.column
    return range(key.start_mark.line, value.end_mark.line + (0 if is_block else 1))


def spec_of_crd(text: str) -> tuple[yaml.Node, yaml.Node]:
    node = yaml.compose(text)
    for name in ("spec", "versions"):
        node = entry(node, name)[1]
    node = node.value[0]
    for name in ("schema", "openAPIV3Schema", "properties"):
        node = entry(node, name)[1]
    return entry(node, "spec")


def properties(spec: tuple, path: str) -> yaml.MappingNode:
    """The path of the section that contains the field."""
    node = entry(spec[1], "properties")[1]
    for name in path.split(".")[1:-1]:
        node = entry(entry(node, name)[1], "properties")[1]
    return node


def sibling_before(order: list[str], path: str) -> str:
    """The name of the preceding field in the same section of the table."""
    section = path.rpartition(".")[0]
    before = [one for one in order[: order.index(path)] if one.rpartition(".")[0] == section]
    assert before, f"{path} is the first field of a new section: write the section by hand"
    return before[-1].rpartition(".")[2]


def kept_lines(lines: list[str], value: yaml.MappingNode) -> Iterator[str]:
    for pair in value.value:
        if pair[0].value not in MADE:
            for number in lines_of(pair):
                yield lines[number]


def render_crd(text: str, schema: dict) -> str:
    for field in schema["fields"]:
        lines = text.splitlines()
        node = properties(spec_of_crd(text), field["path"])
        name = field["path"].rpartition(".")[2]
        pair = entry(node, name)
        indent = " " * node.start_mark.column
        if pair:
            where, kept = lines_of(pair), list(kept_lines(lines, pair[1]))
        else:
            before = lines_of(entry(node, sibling_before(schema["order"], field["path"])))
            where, kept = range(before.stop, before.stop), []
        lines[where.start : where.stop] = block_of(field, indent, kept)
        text = "\n".join(lines) + "\n"
    return text


# --- the example ---


def render_example(text: str, schema: dict) -> str:
    """A field without a default needs a value that only a person can choose; a test names it."""
    for field in schema["fields"]:
        if not field["default"]:
            continue
        node = entry(yaml.compose(text), "spec")[1]
        for name in field["path"].split(".")[1:-1]:
            found = entry(node, name)
            node = found[1] if found else None
            if node is None:
                break
        name = field["path"].rpartition(".")[2]
        if node is None or entry(node, name):
            continue
        lines = text.splitlines()
        where = lines_of(entry(node, sibling_before(schema["order"], field["path"]))).stop
        value = scalar(field["default"], field["type"] == "number")
        line = f"{' ' * node.start_mark.column}{name}: {value}"
        lines.insert(where, f"{line.ljust(COMMENT_COLUMN - 1)} # the default")
        text = "\n".join(lines) + "\n"
    return text


RENDERED = {PAGE: render_page, CRD: render_crd, EXAMPLE: render_example}

if __name__ == "__main__":
    known = read_schema(Path(sys.argv[1]))
    for file, render in RENDERED.items():
        file.write_text(render(file.read_text(), known))
