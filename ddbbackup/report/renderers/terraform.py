"""Terraform and OpenTofu configuration, for the result of ``doctor --iam``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from ddbbackup.iam.trust import SESSION_SECONDS

if TYPE_CHECKING:
    from ddbbackup.report.documents import Document
    from ddbbackup.report.documents.policies import PlanPolicies, Role


_NOT_IN_HCL: Final = {"\\b": "\\u0008", "\\f": "\\u000c"}
"""Escapes of JSON."""


def render(document: Document) -> str:
    """Every value is a quoted string: it cannot end a block. Comments have no values."""
    match document.schema:
        case "policies":
            return "\n".join(_blocks(document))
        case "error":
            return ""  # stderr says it; a file without resources would remove those that exist
        case _:
            raise TypeError(f"{document.schema} has no Terraform form")


def _blocks(document: PlanPolicies) -> Iterator[str]:
    yield "# Written by `ddbbackup doctor --iam --output terraform`: write it again after a change of the plan.\n"
    for role, each in document.roles.items():
        yield from _role(role, each)
    if document.assumed_roles:
        yield "# Policies of roles that restores assume: attach them there.\n" + _locals(
            "ddbbackup_assumed_roles", document.assumed_roles
        )
    if document.bucket_policies:
        yield (
            "# Statements for the policies of buckets that another account uses: add them there.\n"
            + _locals("ddbbackup_bucket_policies", document.bucket_policies)
        )
    if document.notes:
        yield "# What the policies do not cover, or cover besides.\n" + _locals(
            "ddbbackup_notes", document.notes
        )


def _role(role: str, each: Role) -> Iterator[str]:
    label = f"ddbbackup_{role}"
    if each.trust is not None:
        yield (
            f'resource "aws_iam_role" "{label}" {{\n'
            f"  name                 = {_value(each.name)}\n"
            f"  max_session_duration = {SESSION_SECONDS}\n"
            f"  assume_role_policy = jsonencode({_value(each.trust, 1)})\n"
            "}\n"
        )
    for number, policy in enumerate(each.policies, 1):
        own = label if len(each.policies) == 1 else f"{label}_{number}"
        yield (
            f'resource "aws_iam_policy" "{own}" {{\n'
            f"  name = {_value(each.policy_name(number))}\n"
            f"  policy = jsonencode({_value(policy, 1)})\n"
            "}\n"
        )
        if each.trust is not None:
            yield (
                f'resource "aws_iam_role_policy_attachment" "{own}" {{\n'
                f"  role       = aws_iam_role.{label}.name\n"
                f"  policy_arn = aws_iam_policy.{own}.arn\n"
                "}\n"
            )


def _locals(name: str, value: Mapping[str, Any] | tuple[str, ...]) -> str:
    return f"locals {{\n  {name} = {_value(value, 1)}\n}}\n"


def _value(value: Any, level: int = 0) -> str:
    """JSON is an expression of HCL, but for templates: `${` and `%{` begin one (Terraform: Strings and Templates).

    Formatted as `terraform fmt` does it.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, separators=(",", " : "))
    text = re.sub(r"([$%])\{", r"\1\1{", text)
    text = re.sub(r"\\.", lambda escape: _NOT_IN_HCL.get(escape[0], escape[0]), text)
    return text.replace("\n", "\n" + "  " * level)
