"""``docs/settings.md``, from the registry of settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ddbbackup.settings import SETTINGS
from tools.docs.markdown import code_list, header, table

_PHASES: Final = {
    "creation": "with the table",
    "after the data": "after the data",
    "after everything": "last",
}


def page() -> str:
    defaults = code_list(setting.name for setting in SETTINGS if setting.default_policy == "by default")
    return (
        header("Settings of tables", "ddbbackup/settings")
        + """\
A backup records all settings of its table. `description` of the record is the response of DescribeTable, including
members that this version does not know. `settings` holds what other API calls return; each setting is `present` with
its value, `absent`, or `unknown` with the reason (access denied, not supported by the endpoint, throttled,
unreachable). A backup never fails because a setting cannot be read.

A restore applies settings after the data, in the order of the table below. It makes one change at a time, waits until
the table and its indexes are ready, and reads the setting back until AWS returns the change. It never removes
anything from the target: settings that the backed-up table did not have, additional tags, and a longer recovery
period stay. A restore that is run again continues where it stopped.

`to.settings` of a restore selects the settings. `ddbbackup preview restore NAME` compares the recorded settings with
those of the target, and shows what the restore would do with each:

"""
        + table(("`to.settings`", "applies"), _selections(defaults))
        + """
The defaults are the settings that belong to the creation of a table and have no effect outside it. Settings that the
plan does not select are listed as not applied. A selected setting that cannot be applied is `refused` (by ddbbackup
or by AWS), `failed` (an error occurred) or `unknown` (the record does not have it), each with the reason. The restore
then exits with 3, although all data is restored. A setting that is `unknown` because the endpoint of the backup does
not support it does not count.

"""
        + table(("order", "setting", "read with", "applied with", "limitations"), _rows())
        + """
- In policies, the ARNs of the table, its indexes and its streams are replaced by those of the target. Kinesis streams
  are looked up by name in the account and Region of the target. Multi-Region KMS keys are used in the Region of the
  target.
- If `encryption` cannot be applied, the restore fails before it creates the table: a copy is never less encrypted
  than the original, unless the plan leaves `encryption` out.
- To create a table with a customer managed KMS key, the caller needs permissions on that key; for replicas, those
  that the DynamoDB guide lists for global tables. [`permissions.md`](permissions.md) lists all others.
- A `point-in-time` restore has no record. It applies the settings that the live table has when the restore runs.
- Consumers of a stream, such as Lambda triggers, belong to its ARN, which is always new. They are not restored.
"""
    )


def _selections(defaults: str) -> tuple[tuple[str, str], ...]:
    return (
        ("not set", f"keys, indexes and billing; if the restore creates the table, also {defaults}"),
        ("`none`", "keys, indexes and billing"),
        ("`all`", "every setting that the record has"),
        ("a list", "keys, indexes, billing, and the listed settings"),
    )


def _rows() -> Iterator[tuple[str, ...]]:
    for number, setting in enumerate(SETTINGS, start=1):
        yield (
            f"{number}, {_PHASES[setting.phase]}",
            f"{setting.name} (always)" if setting.default_policy == "always" else f"`{setting.name}`",
            _calls(setting.read_actions),
            _calls(setting.write_actions),
            setting.limitations or "–",
        )


def _calls(actions: tuple[str, ...]) -> str:
    """Without the service for actions of DynamoDB."""
    return ", ".join(action.removeprefix("dynamodb:") for action in actions)
