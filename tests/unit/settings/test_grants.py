"""A recorded setting gives access only to accounts that the restore allows, unless the live table has it today."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ddbbackup.errors import Refused
from ddbbackup.model.json_value import get_objects
from ddbbackup.settings.encryption import Encryption, EncryptionKey
from ddbbackup.settings.grants import accounts_of_policy
from ddbbackup.settings.policy import Policy
from ddbbackup.settings.relocation import Relocation
from ddbbackup.settings.replicas import GlobalTable, Replicas
from ddbbackup.settings.setting import ApplyInputs, SettingsSnapshot

OWN, STRANGER = "111111111111", "999999999999"
TABLE = f"arn:aws:dynamodb:eu-west-1:{OWN}:table/orders"
INPUTS = ApplyInputs(
    Relocation.between(TABLE, f"{TABLE}-2"), SettingsSnapshot(), SettingsSnapshot(), frozenset({"policy"})
)


def policy(**statement: Any) -> dict[str, Any]:
    written = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE, **statement}
    return {"Version": "2012-10-17", "Statement": [written]}


@pytest.mark.parametrize(
    ("statement", "accounts"),
    [
        ({"Principal": {"AWS": OWN}}, [OWN]),
        ({"Principal": {"AWS": [f"arn:aws:iam::{OWN}:role/r", STRANGER]}}, [OWN, STRANGER]),
        ({"Principal": {"AWS": f"arn:aws:sts::{STRANGER}:assumed-role/r/s"}}, [STRANGER]),
        ({"Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"}, "Effect": "Deny"}, []),
        ({"Principal": "*"}, ["*"]),
        ({"Principal": {"AWS": "*"}}, ["*"]),
        ({"Principal": {"AWS": "AIDAEXAMPLE"}}, ["*"]),
        ({"Principal": {"AWS": None}}, ["*"]),
        ({"Principal": {"Service": "events.amazonaws.com"}}, ["*"]),
        ({"Principal": {"AWS": OWN, "Service": "events.amazonaws.com"}}, ["*"]),
        ({"NotPrincipal": {"AWS": STRANGER}}, ["*"]),
        ({"Principal": {"AWS": STRANGER}, "Effect": "allow"}, [STRANGER]),
    ],
)
def test_the_accounts_that_a_statement_gives_access_to(
    statement: dict[str, Any], accounts: list[str]
) -> None:
    assert list(accounts_of_policy(policy(**statement))) == accounts


@pytest.mark.parametrize("statements", [None, "x", 3, ["x"], [None]])
def test_what_is_no_statement_gives_access_to_everyone(statements: Any) -> None:
    assert list(accounts_of_policy({"Statement": statements})) == ["*"]


def test_one_statement_may_stand_without_a_list() -> None:
    (statement,) = policy(Principal={"AWS": STRANGER})["Statement"]
    assert list(accounts_of_policy({"Statement": statement})) == [STRANGER]


def test_a_recorded_policy_gives_no_access_to_strangers() -> None:
    forged = policy(Principal={"AWS": [OWN, STRANGER]})
    with pytest.raises(Refused, match=f"would give access to account {STRANGER}") as raised:
        Policy().desired(forged, INPUTS)
    assert f'`to.allow: ["{STRANGER}"]`' in raised.value.hint


def test_the_plan_may_allow_an_account_and_the_live_table_needs_no_permission() -> None:
    shared = policy(Principal={"AWS": STRANGER})
    for inputs in (
        replace(INPUTS, allowed=frozenset({STRANGER})),
        replace(INPUTS, is_live=True),
    ):
        (statement,) = get_objects(Policy().desired(shared, inputs), "Statement")
        assert statement["Principal"] == {"AWS": STRANGER}


def test_allowing_one_account_does_not_allow_everyone() -> None:
    with pytest.raises(Refused, match="everyone"):
        Policy().desired(policy(Principal="*"), replace(INPUTS, allowed=frozenset({STRANGER})))
    assert Policy().desired(policy(Principal="*"), replace(INPUTS, allowed=frozenset({"*"})))


def test_a_recorded_key_of_a_stranger_does_not_encrypt_the_target() -> None:
    key = EncryptionKey(f"arn:aws:kms:eu-west-1:{STRANGER}:key/k")
    with pytest.raises(Refused, match=STRANGER):
        Encryption().desired(key, INPUTS)
    assert Encryption().desired(key, replace(INPUTS, allowed=frozenset({STRANGER}))) == key


def test_a_recorded_key_of_a_stranger_does_not_encrypt_a_replica() -> None:
    """Whoever owns the key of a replica decides who can read it, and until when."""
    key = f"arn:aws:kms:us-east-1:{STRANGER}:key/k"
    table = GlobalTable({"us-east-1": {"KMSMasterKeyId": key}})
    encrypted = {
        "SSEDescription": {"Status": "ENABLED", "KMSMasterKeyArn": f"arn:aws:kms:eu-west-1:{OWN}:key/k"}
    }
    inputs = replace(INPUTS, target=SettingsSnapshot(encrypted))
    with pytest.raises(Refused, match=f"would give access to account {STRANGER}"):
        Replicas().desired(table, inputs)
    assert Replicas().desired(table, replace(inputs, allowed=frozenset({STRANGER}))) == table
    own = GlobalTable({"us-east-1": {"KMSMasterKeyId": f"arn:aws:kms:us-east-1:{OWN}:key/k"}})
    assert Replicas().desired(own, inputs) == own
