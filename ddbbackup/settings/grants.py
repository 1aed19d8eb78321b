"""Access to the target that a recorded setting would give to others. A record is a claim, so the plan must agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ddbbackup.model.arn import Arn
from ddbbackup.model.json_value import Json, JsonObject
from ddbbackup.settings.setting import AnySetting, ApplyInputs, refusal

EVERYONE: Final = "*"


def require_allowed(
    setting: AnySetting, accounts: Iterator[str] | Sequence[str], inputs: ApplyInputs
) -> None:
    """Raises ``Refused`` unless each account is that of the target, or the restore allows it.

    What the live table has today needs no permission of the plan.
    """
    allowed = inputs.allowed | {inputs.relocation.target.account}
    strangers = sorted({account for account in accounts if account not in allowed})
    if strangers and not inputs.is_live:
        who = ", ".join("everyone" if each == EVERYONE else f"account {each}" for each in strangers)
        listed = ", ".join(f'"{each}"' for each in strangers)
        raise refusal(
            setting,
            f"it would give access to {who}",
            f"check the setting in the record; if it is right, set `to.allow: [{listed}]`",
        )


def accounts_of_policy(policy: JsonObject) -> Iterator[str]:
    """The accounts that a resource policy gives access to; ``*`` for everyone and for what names no account.

    Conditions may narrow a statement; they do not count, because a forged one is easy to get wrong.
    """
    statements = policy.get("Statement")
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, Sequence) or isinstance(statements, str):
        yield EVERYONE
        return
    for statement in statements:
        if not isinstance(statement, Mapping):
            yield EVERYONE
        elif statement.get("Effect") != "Deny":
            yield from _accounts_of_principal(statement.get("Principal"))


def _accounts_of_principal(principal: Json) -> Iterator[str]:
    """A principal that is missing (NotPrincipal), a service or an identity provider is not limited to an account."""
    if not isinstance(principal, Mapping) or set(principal) != {"AWS"}:
        yield EVERYONE
        return
    named = principal["AWS"]
    for each in named if isinstance(named, Sequence) and not isinstance(named, str) else [named]:
        yield _account_of(each)


def _account_of(principal: Json) -> str:
    """An account ID, or an ARN of IAM or STS (IAM guide: AWS JSON policy elements, Principal)."""
    if not isinstance(principal, str):
        return EVERYONE
    arn = Arn.parse_if_arn(principal)
    account = arn.account if arn is not None else principal
    return account if len(account) == 12 and account.isascii() and account.isdigit() else EVERYONE
