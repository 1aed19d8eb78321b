"""A night on call, rehearsed: each symptom of docs/how-to/three-in-the-morning.md and the commands below it.

Only the names of tables, buckets and backups are replaced.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.support.accounts import Account
from tests.support.aws import Aws, in_order
from tests.support.next_second import wait_for_next_second
from tests.support.program import Program, Result

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "three-in-the-morning.md"
MOST_COMMANDS = 3
OTHER_ROLE = "arn:aws:iam::210987654321:role/ddbbackup-restore"
OTHER_REGION = "eu-central-1"
Item = dict[str, Any]


def item(number: int) -> Item:
    return {
        "id": {"S": f"o-{number:03d}"},
        "customer": {"S": f"c-{1010 + number % 10}"},
        "total": {"N": f"{number}.50"},
    }


ITEMS = [item(number) for number in range(40)]


class Night:
    """The page with its names replaced, and the table ``orders`` with a backup."""

    def __init__(self, aws: Aws, bucket: str, table: str, program: Program) -> None:
        self.aws, self.bucket, self.table, self.program = aws, bucket, table, program
        text = PAGE.read_text(encoding="utf-8").replace("acme-ddb-vault", bucket)
        self.text = re.sub(r"\borders\b", table, text)
        self.plan = re.findall(r"```yaml\n(.*?)```", self.text, re.DOTALL)[0]
        program.plan(self.plan)
        aws.create_table(table, pitr=True, Tags=[{"Key": "team", "Value": "sales"}])
        aws.put(table, *ITEMS)
        self.run("ddbbackup backup")

    def commands(self, symptom: str) -> list[str]:
        section = self.text.split(f"\n## {symptom}\n", 1)[1].split("\n## ", 1)[0]
        return [
            line
            for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
            for line in block.splitlines()
        ]

    def run(self, command: str, *, code: int = 0) -> Result:
        program, *arguments = shlex.split(command)
        assert program == "ddbbackup"
        answer = ["--yes"] if arguments[0] == "restore" else []  # on a terminal, it asks
        done = self.program.run(*arguments, *answer, AWS_ENDPOINT_URL=self.aws.url)
        assert done.code == code, (command, done.out, done.err)
        return done

    def recover(self, symptom: str) -> list[Result]:
        """Types all commands of a symptom; each of them succeeds."""
        commands = self.commands(symptom)
        assert 0 < len(commands) <= MOST_COMMANDS
        return [self.run(command) for command in commands]

    def damage_newest(self) -> tuple[str, int]:
        """Deletes the largest data file of the newest backup. Returns its ID and how many items are lost."""
        record = json.loads(self.aws.read(self.bucket, self.aws.record_keys(self.bucket, self.table)[-1]))
        folder = record["data"]["manifest_key"].removesuffix("manifest-summary.json")
        manifest = self.aws.read(self.bucket, f"{folder}manifest-files.json")
        files = [json.loads(each) for each in manifest.splitlines()]
        largest = max(files, key=lambda each: int(each["itemCount"]))
        self.aws.s3.delete_object(Bucket=self.bucket, Key=largest["dataFileS3Key"])
        return str(record["id"]), int(largest["itemCount"])

    def delete(self, *items: Item) -> None:
        for each in items:
            self.aws.dynamodb.delete_item(TableName=self.table, Key={"id": each["id"]})


@pytest.fixture
def night(sandbox: Aws, bucket: str, name: str, program: Program) -> Night:
    return Night(sandbox, bucket, name, program)


def test_every_symptom_of_the_page_is_rehearsed() -> None:
    text = PAGE.read_text(encoding="utf-8")
    symptoms = re.findall(r"^## (.*)$", text, re.MULTILINE)
    rehearsed = Path(__file__).read_text(encoding="utf-8")
    assert symptoms
    assert [symptom for symptom in symptoms if f'"{symptom}"' not in rehearsed] == []


def test_items_were_deleted(night: Night) -> None:
    """They come back; what was written since stays."""
    night.delete(*ITEMS[5:12])
    newer = {**ITEMS[0], "total": {"N": "99"}}
    night.aws.put(night.table, newer)

    diff, restore = night.recover("Items were deleted")

    assert re.search(r"^ *missing +7 ", diff.out, re.MULTILINE)
    assert "7 written" in restore.out
    assert night.aws.items(night.table) == in_order([newer, *ITEMS[1:]])


def test_an_attribute_was_overwritten(night: Night) -> None:
    """The table equals the restore point again: also what was added since is gone."""
    night.aws.put(night.table, *({**each, "total": {"N": "0"}} for each in ITEMS[:2]), {"id": {"S": "new"}})
    expected = in_order(ITEMS)

    diff, _ = night.recover("An attribute was overwritten")

    assert re.search(r"^ *changed +2$", diff.out, re.MULTILINE)
    assert night.aws.items(night.table) == expected


def test_the_table_was_deleted(night: Night) -> None:
    """It comes back with its tags."""
    night.aws.dynamodb.delete_table(TableName=night.table)

    night.recover("The table was deleted")

    assert night.aws.items(night.table) == in_order(ITEMS)
    table = night.aws.dynamodb.describe_table(TableName=night.table)["Table"]
    tags = night.aws.dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "sales"}]


def test_many_tables_were_deleted(night: Night) -> None:
    """Those that do not exist come back; the command touches no other, which it would say with another exit code."""
    night.aws.dynamodb.delete_table(TableName=night.table)

    night.recover("Many tables were deleted")

    assert night.aws.items(night.table) == in_order(ITEMS)
    night.delete(*ITEMS[5:])
    again = night.run(night.commands("Many tables were deleted")[-1], code=1)
    assert "exists, but the restore has `--create new`" in again.err
    assert night.aws.items(night.table) == in_order(ITEMS[:5])


def test_the_whole_account_is_lost(night: Night) -> None:
    """The same vault, read from another account: every table comes back there."""
    night.program.plan(
        night.plan.replace("aws:\n", f"aws:\n  assume_role: {{role_arn: '{OTHER_ROLE}'}}\n", 1)
    )

    night.recover("The whole account is lost")

    assert Account(night.aws, OTHER_ROLE).ids(night.table) == [each["id"]["S"] for each in ITEMS]


def test_one_customers_items_are_wrong(night: Night) -> None:
    """Only these are written; the items of others keep what was written since."""
    theirs = [each for each in ITEMS if each["customer"]["S"] == "c-1017"]
    other = {**ITEMS[0], "total": {"N": "99"}}
    night.aws.put(night.table, *({**each, "total": {"N": "0"}} for each in theirs), other)

    found, restored = night.recover("One customer's items are wrong")

    assert len(found.out.splitlines()) == len(theirs) == 4
    assert "4 written" in restored.out
    assert night.aws.items(night.table) == in_order([other, *ITEMS[1:]])


def test_the_region_is_down_or_it_is_the_wrong_one(night: Night) -> None:
    """The table comes up in the other Region. A plan that runs there does not use these backups by accident."""
    night.recover("The Region is down, or it is the wrong one")

    page = night.aws.client("dynamodb", OTHER_REGION).scan(TableName=night.table)
    assert in_order(page["Items"]) == in_order(ITEMS)
    night.program.plan(night.plan.replace("eu-west-1", OTHER_REGION))
    refused = night.run(f"ddbbackup restore --table {night.table} --to {night.table}-here", code=1)
    assert "123456789012/eu-west-1" in refused.out + refused.err


def test_the_backup_is_damaged(night: Night) -> None:
    """The one before it is restored. Of the damaged one, what can be proven comes back."""
    night.delete(ITEMS[-1])
    wait_for_next_second()
    night.run("ddbbackup backup")
    newest, lost = night.damage_newest()
    verify, restore = night.commands("The backup is damaged")

    night.run(verify, code=65)
    restored = night.run(restore)
    rest = night.run(
        f"ddbbackup restore --table {night.table} --to {night.table}-rest --from {newest} --accept-incomplete",
        code=65,
    )

    assert newest in restored.out + restored.err
    assert night.aws.items(f"{night.table}-restored") == in_order(ITEMS)
    assert "lost" in rest.out
    assert len(night.aws.items(f"{night.table}-rest")) == len(ITEMS) - 1 - lost
