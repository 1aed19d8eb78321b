"""``docs/events.md``, from ``schemas/event.schema.json``."""

from __future__ import annotations

import json
from typing import Any

from ddbbackup.plan import schema_text
from tools.docs.markdown import code_list, header, table


def page() -> str:
    schema = json.loads(schema_text("event"))
    properties = dict(schema["properties"])
    event = properties.pop("event")
    required = _required_by_event(schema)
    always = code_list(name for name in schema["required"] if name != "event")
    events = [
        (f"`{name}`", event["x-means"][name], code_list(required.get(name, ()))) for name in event["enum"]
    ]
    fields = [(f"`{name}`", _type(value), value.get("description", "")) for name, value in properties.items()]
    return (
        header("Log events", "schemas/event.schema.json")
        + f"""\
ddbbackup writes its log to stderr: readable lines on a terminal, otherwise one JSON object per line that conforms to
[its schema](../schemas/event.schema.json). `--log-format` chooses the form. On a terminal, progress takes the place
of the log and only warnings and errors are shown, with `-v` all of it; `-q` leaves only errors in either form. Every
event has {always}. Fields are flat. No field contains item data or a secret.

"""
        + table(("event", "meaning", "required fields"), events)
        + "\n## Fields\n\n"
        + table(("field", "type", "meaning"), fields)
    )


def _required_by_event(schema: dict[str, Any]) -> dict[str, list[str]]:
    required: dict[str, list[str]] = {}
    for rule in schema["allOf"]:
        event = rule["if"]["properties"]["event"]
        for name in event.get("enum") or [event["const"]]:
            required.setdefault(name, []).extend(rule["then"]["required"])
    return required


def _type(value: dict[str, Any]) -> str:
    if "enum" in value:
        return code_list(value["enum"])
    kinds = value.get("type", "any")
    return kinds if isinstance(kinds, str) else " or ".join(kinds)
