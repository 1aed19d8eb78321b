"""What the command line says beside, or in place of, an element of ``restores``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from ddbbackup.cli.command_line_restore import with_command_line
from ddbbackup.cli.find_restore import find_restore
from ddbbackup.cli.grammar import parse
from ddbbackup.cli.restore_options import ELEMENT_OPTIONS
from ddbbackup.errors import UsageError
from ddbbackup.plan import load_with_document
from ddbbackup.plan.model import AssumeRole, Limits, Restore, TableSelector, Target
from ddbbackup.plan.restore_from import (
    FromBackup,
    FromExport,
    FromFolder,
    FromFolders,
    FromLatest,
    FromTime,
    Origin,
    RestoreFrom,
)
from ddbbackup.plan.schemas import plan_schema, resolve

NOW = datetime(2026, 11, 26, tzinfo=UTC)
IRELAND, FRANKFURT = Origin(region="eu-west-1"), Origin("210987654321", "eu-central-1")
BACKUP = "20261123T140000Z-0123abcd"
EXPORT = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/export/01700000000000-0badcafe"
ROLE = "arn:aws:iam::123456789012:role/restore"


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    """A plan with the restore `back`, which has every key that options lie over."""
    plan: dict[str, Any] = {
        "version": 1,
        "name": "p",
        "destinations": {"vault": {"bucket": "acme-vault"}},
        "tables": [{"name": "orders"}, {"match": "billing-*"}],
        "restores": {
            "back": {
                "table": "orders",
                "from": {"region": "eu-west-1"},
                "to": {"table": "${TARGET}", "create": "never"},
                "method": "write",
            }
        },
    }
    path = tmp_path / "ddbbackup.yaml"
    path.write_text(yaml.safe_dump(plan), encoding="utf-8")
    return path


def chosen(plan_file: Path, *words: str) -> Restore:
    """The restore of a command line."""
    options = parse(["restore", "-f", str(plan_file), *words])
    document, plan = load_with_document(options.file, {"TARGET": "orders-copy"}, now=NOW)
    return find_restore(with_command_line(plan, document, options, now=NOW), options)


def refused(plan_file: Path, *words: str) -> tuple[str, str]:
    with pytest.raises(UsageError) as caught:
        chosen(plan_file, *words)
    return caught.value.message, caught.value.hint


def test_an_element_of_the_plan_is_as_the_plan_says(plan_file: Path) -> None:
    """Without options."""
    found = chosen(plan_file, "back")
    assert (found.name, found.table, found.source) == ("back", "orders", FromLatest(IRELAND))
    assert found.target == Target(table="orders-copy", create="never")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (BACKUP, FromBackup(BACKUP, origin=IRELAND)),
        ("210987654321/eu-central-1", FromLatest(FRANKFURT)),
        ("s3://acme-other/k", FromFolder("s3://acme-other/k")),
        (EXPORT, FromExport(EXPORT)),
    ],
)
def test_another_backup_is_one_of_the_same_origin(plan_file: Path, given: str, expected: RestoreFrom) -> None:
    """Otherwise `--from 2h` would restore the table of this Region over the one that the plan means."""
    assert chosen(plan_file, "back", "--from", given).source == expected


def test_options_lie_over_the_element_that_is_named(plan_file: Path) -> None:
    """What no option says stays as the plan says it."""
    found = chosen(plan_file, "back", "--to", "other", "--existing", "keep", "--workers", "2")
    assert found.target == Target(table="other", create="never")
    assert (found.name, found.table, found.existing, found.limits) == (
        "back",
        "orders",
        "keep",
        Limits(None, 2),
    )
    assert chosen(plan_file, "back", "--match", "billing-*", "--to", "{table}-2").selector == TableSelector(
        ("billing-*",)
    )


def test_a_restore_needs_no_element_in_the_plan(plan_file: Path) -> None:
    """Everything is said by options; the destination is that of the plan."""
    words = [
        *("--table", "orders", "--from", "2026-11-25T10:00:00Z", "--to", "orders-2", "--create", "new"),
        *("--to-region", "eu-central-1", "--to-account", "123456789012", "--to-role", ROLE),
        *("--to-external-id", "x1", "--billing-mode", "PROVISIONED", "--indexes", "after-load"),
        *("--settings", "tags,ttl", "--allow", "210987654321", "--allow", "*", "--method", "write"),
        *("--existing", "overwrite", "--write-units-per-second", "500", "--workers", "3"),
        *("--load-capacity", "as-recorded"),
    ]
    assert chosen(plan_file, *words) == Restore(
        name="orders",
        table="orders",
        source=FromTime(datetime(2026, 11, 25, 10, tzinfo=UTC)),
        target=Target(
            table="orders-2",
            create="new",
            region="eu-central-1",
            account="123456789012",
            assume_role=AssumeRole(ROLE, "x1"),
            billing_mode="PROVISIONED",
            indexes="after-load",
            settings=("tags", "ttl"),
            allow=("210987654321", "*"),
        ),
        destination="vault",
        method="write",
        existing="overwrite",
        limits=Limits(500, 3, "as-recorded"),
    )
    folder = chosen(
        plan_file, "--table", "x-y", "--from", "s3://acme-other/k", "--bucket-owner", "210987654321"
    )
    assert folder.source == FromFolder("s3://acme-other/k", "210987654321")
    chain = [f"s3://acme-other/AWSDynamoDB/0{n}-0badcafe/" for n in range(3)]
    of_chain = chosen(plan_file, "--table", "x-y", *(word for uri in chain for word in ("--from", uri)))
    assert of_chain.source == FromFolders(tuple(chain))
    assert chosen(plan_file, "--table", "orders", "--schema-only").schema_only


@pytest.mark.parametrize(
    ("words", "name", "selector"),
    [
        (["--all"], "*", TableSelector(("*",))),
        (["--match", "a*", "--match", "b*"], "a*, b*", TableSelector(("a*", "b*"))),
        (["--match", "a*", "--exclude", "*-tmp"], "a*", TableSelector(("a*",), {}, ("*-tmp",))),
        (
            ["--tag", "team=a=b", "--tag", "env=prod"],
            "env=prod",
            TableSelector((), {"team": "a=b", "env": "prod"}),
        ),
    ],
)
def test_options_select_many_tables(
    plan_file: Path, words: list[str], name: str, selector: TableSelector
) -> None:
    """Under a name for people, which is the text of the selector."""
    found = chosen(plan_file, *words)
    assert found.selector == selector
    assert found.name == str(selector)
    assert name in found.name


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (
            ["--table", "orders", "--existing", "overwite"],
            "--existing: 'overwite' is not one of fail, overwrite, keep, mirror",
            "use `overwrite` instead",
        ),
        (
            ["--table", "orders", "--workers", "many"],
            "--workers: expected an integer, found the string 'many'",
            "use an integer",
        ),
        (
            ["--table", "orders", "--method", "import", "--create", "never"],
            "--create: `--method import` always creates the target table, so `--create never` cannot be met",
            "set `--create new`, or use `--method write`",
        ),
        (
            ["--table", "orders", "--method", "import", "--workers", "3"],
            "--workers: AWS accepts no limits for `--method import`",
            "remove `--workers`, or use `--method write`",
        ),
        (
            ["--table", "orders", "--match", "billing-*"],
            "`--table` and `--match` are mutually exclusive",
            "keep `--table` or `--match`",
        ),
        (
            ["--table", "orders", "--exclude", "x*"],
            "--exclude: `--exclude` has no effect on a restore with `--table`",
            "remove `--exclude`, or replace `--table` with `--match` or `--tag`",
        ),
        (
            ["--all", "--to", "copy"],
            "--to: all tables would be restored into 'copy'",
            'add {table} to the template, such as "{table}-restored"',
        ),
        (
            ["--all", "--from", BACKUP],
            "--from: a backup is of one table, but the restore is of many",
            "use `latest` or a time",
        ),
        (
            ["--all", "--from", EXPORT],
            "--from: `--from` names an export, which is of one table, but the restore is of many",
            "use `latest` or a time, or replace `--all` or `--tag` with `--table`",
        ),
        (
            ["--table", "orders", "--schema-only", "--existing", "keep"],
            "--existing: `--existing` has no effect with `--schema-only`, because no items are written",
            "remove `--existing`",
        ),
        (
            ["back", "--create", "newish"],
            "--create: 'newish' is not one of never, if-missing, new",
            "choose one of these values",
        ),
        (
            ["back", "--method", "import"],
            "to.create: `--method import` always creates the target table, so `create: never` cannot be met",
            "set `create: new`, or use `--method write`",
        ),
        (
            ["--to", "x-y-z"],
            "--to applies to a restore, but no table is selected",
            "name a restore of the plan, or select tables with --table, --match, --tag or --all",
        ),
        (
            ["--where", "a = :a", "--value", ":a=b"],
            "--where, --value applies to a restore, but no table is selected",
            "name a restore of the plan, or select tables with --table, --match, --tag or --all",
        ),
        (
            ["--table", "orders", "--from", "s3://B/k"],
            "--from: 's3://B/k' is not the S3 URI of a folder",
            "use the URI of a folder, s3://BUCKET/PREFIX/AWSDynamoDB/EXPORT-ID/ for an export",
        ),
        (
            ["--table", "orders", "--from", "2h", "--from", "3h"],
            "--from is repeated, but only the folders of a chain are several",
            "keep one of them",
        ),
        (
            ["--table", "orders", "--to", "{tabel}-x"],
            "--to: unknown field {tabel}",
            "use `{table}` instead",
        ),
        (
            ["--table", "orders", "--hash", "email"],
            "--hash needs --hash-key-from",
            "add `--hash-key-from VARIABLE`",
        ),
        (
            ["--all", "--table", "orders"],
            "`--table` and `--all` are mutually exclusive",
            "keep `--table` or `--all`",
        ),
        (
            ["--table", "orders", "--to", "copy", "--match", "a*"],
            "`--table` and `--match` are mutually exclusive",
            "keep `--table` or `--match`",
        ),
        (
            ["--table", "orders", "--to", "copy", "--exclude", "x*"],
            "--exclude: `--exclude` has no effect on a restore with `--table`",
            "remove `--exclude`, or replace `--table` with `--match` or `--tag`",
        ),
        (
            ["--table", "orders", "--write-units-per-second", "-5"],
            "--write-units-per-second: -5 is below the minimum of 1",
            "use 1 or more",
        ),
        (
            ["--table", "orders", "--write-units-per-second", "9" * 20],
            "--write-units-per-second: the number is too large",
            "use a number of at most 18 digits",
        ),
        (
            ["--table", "orders", "--schema-only", "--where", "a = :a", "--value", ":a=b"],
            "--where has no effect on a restore without items",
            "remove --where, --value, or restore with items",
        ),
        (
            ["back", "--read-units-per-second", "5"],
            "--read-units-per-second applies to `--existing mirror`",
            "remove --read-units-per-second",
        ),
        (["--tag", "team"], "--tag: 'team' is not a tag with its value", "use KEY=VALUE"),
        (["bak"], "the plan p has no restore 'bak'", "use `back` instead"),
        (["xyz"], "the plan p has no restore 'xyz'", "choose one of: back"),
        (
            ["orders"],
            "the plan p has no restore 'orders'",
            "run `ddbbackup restore --table orders --to orders-restored`",
        ),
        (
            [
                "--table",
                "orders",
                "--to",
                "orders-2",
                "--from",
                "2026-11-26",
                "20:24",
            ],  # a space without quotes
            "the plan p has no restore '20:24'",
            "remove '20:24', because --table is given; put a value with a space in quotes",
        ),
        (
            [BACKUP],
            f"the plan p has no restore '{BACKUP}'",
            f"name its table, too: `ddbbackup restore --table TABLE --to TABLE-restored --from {BACKUP}`",
        ),
    ],
)
def test_problems_name_the_option(plan_file: Path, words: list[str], message: str, hint: str) -> None:
    """In the words of `validate`, with the keys of the plan as options."""
    assert refused(plan_file, *words) == (message, hint)


def test_a_value_that_is_nearly_right_is_no_option(plan_file: Path) -> None:
    """`--tag` would select other tables."""
    _, hint = refused(plan_file, "--table", "orders", "--to", "copy", "--settings", "tag")
    assert hint == "use `tags` instead"


@pytest.mark.parametrize(
    ("verb", "command"),
    [
        ("diff", "ddbbackup diff --table orders"),
        ("preview restore", "ddbbackup preview restore --table orders --to orders-restored"),
    ],
)
def test_the_command_for_a_table_is_one_of_the_same_verb(plan_file: Path, verb: str, command: str) -> None:
    """A comparison is not answered with a restore."""
    options = parse([*verb.split(), "-f", str(plan_file), "orders"])
    _, plan = load_with_document(options.file, {"TARGET": "orders-copy"}, now=NOW)
    with pytest.raises(UsageError) as caught:
        find_restore(plan, options)
    assert caught.value.hint == f"run `{command}`"


def test_a_comparison_may_be_slow(plan_file: Path) -> None:
    """It reads the live table, whatever the restore would do."""
    options = parse(["diff", "-f", str(plan_file), "--table", "orders", "--read-units-per-second", "5"])
    document, plan = load_with_document(options.file, {"TARGET": "orders-copy"}, now=NOW)
    found = find_restore(with_command_line(plan, document, options, now=NOW), options)
    assert found.limits.read_units_per_second == 5


def test_long_numbers_are_numbers(plan_file: Path) -> None:
    """The schema says how large they may be."""
    limits = chosen(plan_file, "back", "--write-units-per-second", "99999999999").limits
    assert limits.write_units_per_second == 99_999_999_999


def test_problems_do_not_show_values_of_variables(plan_file: Path) -> None:
    """Also those that the element of the plan takes from the environment."""
    message, _ = refused(plan_file, "back", "--match", "orders*")
    assert "orders-copy" not in message


def test_every_key_of_an_element_has_an_option() -> None:
    """And no option sets a key that does not exist. ``from`` and ``only`` have options of their own."""
    by_option = {each.path for each in ELEMENT_OPTIONS}
    schema = plan_schema()["$defs"]["restore"]
    keys: set[tuple[str | int, ...]] = set()
    for key, value in schema["properties"].items():
        inner = resolve(value)
        if key == "from":
            keys.add(("from", "bucket_owner"))
        elif key == "only":
            continue
        elif inner.get("type") == "object" and key != "tags":
            keys |= {(key, each) for each in inner["properties"]}
        else:
            keys.add((key,))
    by_parts: set[tuple[str | int, ...]] = {("change", "hash", "paths"), ("change", "hash", "key")}
    by_parts.add(("to", "assume_role", "external_id"))
    assert (keys - {("change", "hash")}) | by_parts == by_option
