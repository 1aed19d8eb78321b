"""``docs/plan.md``, from ``schemas/plan.schema.json``: every key that this release implements."""

from __future__ import annotations

from typing import Final

from ddbbackup.plan.keys import PlanKey, plan_keys
from tools.docs.markdown import header, table

_INTRODUCTION: Final = """\
A plan is a YAML file, by default `ddbbackup.yaml`. Editors complete and check it with
[its schema](../schemas/plan.schema.json); `ddbbackup validate` reports every problem with file, line and column.

- **YAML 1.2**: `NO`, `off` and `12:30` are strings. Duplicate keys are problems. Merge keys (`<<`) are accepted.
- **Unknown keys** are problems. Keys that begin with `x-` are ignored, so they can hold notes and anchors.
- **Variables**: values may contain `${VAR}`, `${VAR:-default}` (if `VAR` is unset or empty) and `${VAR:?message}`
  (fail with this message); `$$` is a dollar sign. Where the plan takes a number, the variable must be a number.
- **Several files**: with `-f base.yaml -f prod.yaml`, the second file is laid over the first. Mappings are merged;
  lists and single values replace those of the first file. `ddbbackup show` prints the result with the origin of each
  value.
- **Durations** are a whole number above zero and a unit: `90s`, `15m`, `24h`, `30d`.

`NAME` stands for a name that you choose, `[]` for each element of a list.

"""


def page() -> str:
    return (
        header("The plan file", "schemas/plan.schema.json")
        + _INTRODUCTION
        + table(("key", "value", "default", "description"), map(_row, plan_keys()))
    )


def _row(key: PlanKey) -> tuple[str, str, str, str]:
    return f"`{key.path}`", key.value, _default(key), key.description


def _default(key: PlanKey) -> str:
    if key.required:
        return "required"
    if key.default == "":
        return "empty"
    return f"`{key.default_text}`" if key.default_text else ""
