"""Reference pages made from what the program itself goes by; ``tests/unit/test_references.py`` keeps them current."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from ddbbackup.cli.grammar import VERBS, grammar
from ddbbackup.cli.output_options import FORMS, SCHEMAS
from ddbbackup.cli.registries import STEP_KINDS
from ddbbackup.exit_codes import EXIT_CODES
from ddbbackup.metrics.samples import FAMILIES, LABELS
from ddbbackup.plan.schemas import schema_text
from ddbbackup.restore.methods import RESTORE_METHODS
from ddbbackup.settings import SETTINGS
from tests.support.permission_reference import permissions

MADE = "Made by `DDBBACKUP_UPDATE=1 pytest tests/unit/test_references.py`"


def events() -> str:
    """From ``schemas/event.schema.json``."""
    schema = json.loads(schema_text("event"))
    properties = dict(schema["properties"])
    event = properties.pop("event")
    needed = _required_by_event(schema)
    always = [name for name in schema["required"] if name != "event"]
    rows = [
        (f"`{name}`", event["x-means"][name], ", ".join(f"`{field}`" for field in needed.get(name, ())))
        for name in event["enum"]
    ]
    fields = [(f"`{name}`", _type(value), value.get("description", "")) for name, value in properties.items()]
    return (
        "# Log events\n\n"
        f"{MADE} from [its schema](../schemas/event.schema.json). The log goes to stderr: one JSON object a line, or "
        "readable lines on a\nterminal (`--log-format`). Every event has "
        f"{', '.join(f'`{name}`' for name in always)}; fields are flat, and none holds item data or a secret.\n\n"
        + _table(("event", "means", "always has"), rows)
        + "\n## Fields\n\n"
        + _table(("field", "type", "means"), fields)
    )


def exit_codes() -> str:
    """From ``ddbbackup/exit_codes.py``."""
    return (
        "# Exit codes\n\n"
        f"{MADE} from `ddbbackup/exit_codes.py`. A failure never exits with 0.\n\nIf several steps failed for "
        "different reasons, the first of these applies: 65 if any failure has it; 70 if any failure has it; 3 if\n"
        "another step succeeded; the code that all failures share; 1.\n\n"
        + _table(("code", "when"), [(str(code), each.when) for code, each in EXIT_CODES.items()])
        + """
`preview` exits with the code that the run would end with: that of the blocker, or 3 if only some steps are blocked.
Backups decide. Restores run on demand, so they decide only with `preview restore NAME`, or if the plan has nothing
else. Without blockers `preview` exits with 0, or with 2 if `--detailed-exitcode` is set and the run would change
something.

A scheduler may retry after 69 and 75. After any other code, somebody must look first. With `--output json`, the
report on stdout ([schema](../schemas/report.schema.json)) has the error and the code of every step.
"""
    )


def command_line() -> str:
    """From the grammar that the program parses with."""
    _, verbs = grammar()
    head = (
        "# The command line\n\n"
        f"{MADE} from the program's own grammar.\n\n"
        "`ddbbackup VERB [NAME] [-f FILE]...`. Data goes to stdout, the log to stderr. Options are never shortened.\n"
        "`ddbbackup completion bash|zsh|fish` prints a script that completes them. `NO_COLOR` turns colours off.\n"
    )
    parts = [head]
    for name, text in VERBS.items():
        parts.append(f"\n## `{_usage(name, verbs[name])}`\n\n{text[0].upper()}{text[1:]}.\n")
        rows = [_option(action) for action in _actions(verbs[name])]
        if rows:
            parts.append("\n" + _table(("argument", "means"), rows))
        if name in FORMS:
            link = f"[its schema](../schemas/{SCHEMAS[name]}.schema.json)"
            parts.append(f"\n`--output json` keeps the promise of {link}.\n")
    return "".join(parts)


def metrics() -> str:
    """From ``ddbbackup/metrics/samples.py``."""
    rows = []
    for family, says in FAMILIES.items():
        labels = [*LABELS[family.split("_")[1]], *(["status"] if family.endswith("_steps") else [])]
        rows.append((f"`{family}`", ", ".join(f"`{label}`" for label in labels), says))
    return (
        "# Metrics\n\n"
        f"{MADE} from `ddbbackup/metrics/samples.py`.\n`metrics` of the [plan](plan.md) says where they go after "
        "`backup` and `wait`: a file for node_exporter, a Pushgateway,\nOpenTelemetry. All are gauges.\n\n"
        + _table(("metric", "labels", "means"), rows)
        + """
Alert on what does not move, so that a job that never ran is noticed too:

```promql
time() - ddbbackup_last_success_data_timestamp_seconds > on (plan, table) ddbbackup_rpo_seconds
```

A run that fails before it has seen any table (no credentials, say) leaves file and gateway as they are: the times in
them grow old by themselves. OpenTelemetry gets a trace of it all the same: one span for the run and one for each
step, below the span that `TRACEPARENT` names if it is set; it needs `pip install 'ddbbackup[otel]'`.
"""
    )


def steps() -> str:
    """From the registries of ``ddbbackup/steps``."""
    kinds = [
        (f"`{kind}`", _first(step.__doc__) if kind == "select" else _of_module(step.__module__))
        for kind, step in STEP_KINDS.items()
    ]
    methods = [(f"`{name}`", _of_module(method.load.__module__)) for name, method in RESTORE_METHODS.items()]
    settings = [(f"`{setting.name}`", _of_module(type(setting).__module__)) for setting in SETTINGS]
    return (
        "# Steps, restore methods, settings\n\n"
        f"{MADE} from the registries in `ddbbackup/steps`.\n\n"
        "A step is what an operator would retry; a report has one outcome for each.\n\n"
        + _table(("step", "does"), kinds)
        + "\n## Restore methods\n\n"
        + _table(("method", "does"), methods)
        + "\n## Settings of a table\n\nRecorded with every backup, and put back in this order.\n\n"
        + _table(("setting", "is"), settings)
    )


PAGES: Final[dict[str, Callable[[], str]]] = {
    "events.md": events,
    "exit-codes.md": exit_codes,
    "command-line.md": command_line,
    "metrics.md": metrics,
    "steps.md": steps,
    "permissions.md": lambda: permissions(MADE),
}


def _required_by_event(schema: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for rule in schema["allOf"]:
        event = rule["if"]["properties"]["event"]
        for name in event.get("enum") or [event["const"]]:
            found.setdefault(name, []).extend(rule["then"]["required"])
    return found


def _type(value: dict[str, Any]) -> str:
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    kinds = value.get("type", "anything")
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if not isinstance(action, argparse._HelpAction) and action.help != argparse.SUPPRESS:
            yield action


def _usage(verb: str, parser: argparse.ArgumentParser) -> str:
    names = [str(action.metavar) for action in _actions(parser) if not action.option_strings]
    return " ".join(["ddbbackup", verb, *names])


def _option(action: argparse.Action) -> tuple[str, str]:
    takes = "" if action.nargs == 0 else f" {action.metavar or '|'.join(map(str, action.choices or ()))}"
    names = ", ".join(f"`{name}{takes}`" for name in action.option_strings) or f"`{action.metavar}`"
    return names, action.help or ""


def _of_module(name: str) -> str:
    return _first(sys.modules[name].__doc__)


def _first(text: str | None) -> str:
    """The first paragraph, on one line."""
    return " ".join((text or "").strip().split("\n\n")[0].split()).replace("``", "`")


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
