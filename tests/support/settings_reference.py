"""``docs/settings.md``, made from the registry of settings, so that it cannot say what the code does not do."""

from __future__ import annotations

from ddbbackup.settings import SETTINGS
from ddbbackup.settings.setting import Setting

HEAD = """\
# Settings of tables

Made from `ddbbackup/steps/settings/` (`DDBBACKUP_UPDATE=1 pytest tests/unit/test_settings_reference.py`).

A backup records every setting of its table beside the data: what DescribeTable says in `description`, whole, with
members that this version does not know as AWS sent them; what other calls say in `settings`. Each of those is
`present` with its value, `absent` because AWS said so, or `unknown` with the reason (denied, unsupported by the
endpoint, throttled, unreachable). Reading them never fails a backup.

A restore puts settings back once the data is there, in the order of the table below: one change at a time, waiting
until the table and its indexes are not busy, and reading again until AWS shows the change. It takes nothing away that
the target has: a setting that the backed-up table had not is left as it is, and so are other tags and a longer
recovery period. Run again, it goes on where it stopped.

`to.settings` of a restore says which, and `ddbbackup preview restore NAME` shows the recorded settings beside those
of the target, with what the restore would do to each:

| `to.settings` | puts back |
|---|---|
| not said | keys, indexes and billing; of a table that the restore makes also {default} |
| `none` | keys, indexes and billing only |
| `all` | everything below that the record holds |
| a list | keys, indexes, billing, and the settings named |

What comes unasked is what is made with a table and has no effect beyond it. What the plan does not ask for is
listed as not put back. What it asks for and cannot have is `refused` (ddbbackup or AWS declined), `failed` (it went
wrong on the way) or `unknown` (the record does not know it), each with the reason; the data is whole then, and the
restore exits with 3 so that nobody takes the table for complete. An `unknown` because the endpoint that was backed
up has no such thing does not count.

| order | setting | read by | put back by | not possible when |
|---|---|---|---|---|
"""

TAIL = """
- ARNs of the table, its indexes and its streams inside policies become those of the target. Kinesis streams are
  looked   for under the same name where the target is; multi-Region KMS keys are taken in the target's region.
- The encryption of the backed-up table is the one setting that a restore refuses before it makes a table: no copy is
  encrypted less than the original unless the plan leaves `encryption` out.
- Making a table with a KMS key of one's own needs rights on that key, and replicas need what the DynamoDB guide asks
  for global tables; [`permissions.md`](permissions.md) lists the rest.
- `point-in-time` restores have no record: the settings are those that the live table has when the restore runs.
- Consumers of a stream (Lambda triggers and others) belong to its ARN, which is always new, and are not put back.
"""


def render() -> str:
    defaults = ", ".join(
        f"`{setting.name}`" for setting in SETTINGS if setting.default_policy == "by default"
    )
    rows = [_row(number, setting) for number, setting in enumerate(SETTINGS, start=1)]
    return HEAD.format(default=defaults) + "".join(rows) + TAIL


def _row(number: int, setting: Setting) -> str:
    when = {
        "creation": "with the table",
        "after the data": "after the data",
        "after everything": "at the end",
    }
    cells = [
        f"{number}, {when[setting.phase]}",
        f"`{setting.name}`" if setting.default_policy != "always" else f"{setting.name} (always)",
        _calls(setting.read_actions),
        _calls(setting.write_actions),
        setting.limitations or "–",
    ]
    return f"| {' | '.join(cells)} |\n"


def _calls(actions: tuple[str, ...]) -> str:
    """Without the service where it is DynamoDB."""
    return ", ".join(action.removeprefix("dynamodb:") for action in actions)
