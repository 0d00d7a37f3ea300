# SPDX-License-Identifier: Apache-2.0
"""Field ownership: reads what server-side apply stores in managedFields."""

import json


def applied_by(manager: str, obj: dict) -> dict:
    """The part of the object that this field manager applied last, and owns."""
    for entry in obj["metadata"].get("managedFields", []):
        if (entry["manager"], entry["operation"]) == (manager, "Apply"):
            if not entry.get("subresource"):
                return _part(obj, entry["fieldsV1"])
    return {}


def managers(obj: dict) -> set[str]:
    return {entry["manager"] for entry in obj["metadata"].get("managedFields", [])}


def _part(value, fields: dict):
    """`fields` has the format fieldsV1: "f:NAME" is a member, "k:{…}" an item by its keys, "v:…" an
    item by its value, "." the field itself, and an empty object everything below it."""
    inner = {key: below for key, below in fields.items() if key != "."}
    if not inner:
        return value if not fields or not isinstance(value, (dict, list)) else type(value)()
    if isinstance(value, dict):
        members = {key.partition(":")[2]: below for key, below in inner.items()}
        return {name: _part(value[name], below) for name, below in members.items() if name in value}
    return [
        _part(item, below) for item in value for key, below in inner.items() if _selects(key, item)
    ]


def _selects(key: str, item) -> bool:
    kind, _, selector = key.partition(":")
    wanted = json.loads(selector)
    if kind == "k":
        return all(item.get(name) == value for name, value in wanted.items())
    return kind == "v" and item == wanted
