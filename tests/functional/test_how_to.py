"""The pages of ``docs/how-to``: their plans are valid, and their commands do what the page says, in the sandbox.

Only the names of tables and buckets are replaced, because every test has its own.
"""

from __future__ import annotations

import json
import re
import shlex
import time
from pathlib import Path

import pytest
import yaml
from junitparser import JUnitXml

from ddbbackup.cli.grammar import parse
from ddbbackup.plan import check
from ddbbackup.sandbox.moto_archives import MotoArchives
from ddbbackup.sandbox.sandbox_clock import SandboxClock
from tests.support.accounts import Account
from tests.support.aws import Aws, in_order
from tests.support.next_second import wait_for_next_second
from tests.support.program import Program, Result

PAGES = Path(__file__).parents[2] / "docs" / "how-to"
ITEMS = [
    {"id": {"S": f"c-{n}"}, "v": {"N": "12345678901234567890123456789012345678"}} for n in range(1015, 1020)
]


class Page:
    """A page with its names replaced."""

    def __init__(self, name: str, aws: Aws, bucket: str, table: str, program: Program) -> None:
        self.text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
        self.text = re.sub(r"\borders\b", table, self.text.replace("acme-ddb-vault", bucket))
        self.aws, self.program = aws, program
        self.environment = {**program.environment, "AWS_ENDPOINT_URL": aws.url}
        (plan,) = self.blocks("yaml")
        program.plan(plan)

    def blocks(self, language: str) -> list[str]:
        return re.findall(rf"```{language}\n(.*?)```", self.text, re.DOTALL)

    @property
    def commands(self) -> list[str]:
        return [line for block in self.blocks("sh") for line in block.splitlines()]

    def run(self) -> list[Result]:
        """Runs all commands of the page in order. Each of them must succeed."""
        results = []
        for command in self.commands:
            variables, arguments = words_of(command)
            self.program.environment = {**self.environment, **variables}
            answer = ["--yes"] if arguments[0] == "restore" else []  # on a terminal, it asks
            done = self.program.run(*arguments, *answer)
            assert done.code == 0, (command, done.out, done.err)
            results.append(done)
        return results


def words_of(command: str) -> tuple[dict[str, str], list[str]]:
    """Of a line in a shell: variables before the command, and the arguments of ddbbackup up to a redirection."""
    words = shlex.split(command.partition(" > ")[0])
    start = words.index("ddbbackup")
    return dict(word.split("=", 1) for word in words[:start]), words[start + 1 :]


@pytest.fixture
def page(sandbox: Aws, bucket: str, name: str, program: Program, request: pytest.FixtureRequest) -> Page:
    return Page(request.param, sandbox, bucket, name, program)


def backed_up(page: Page, name: str) -> None:
    page.aws.create_table(name, pitr=True)
    page.aws.put(name, *ITEMS)
    assert page.program.run("backup", AWS_ENDPOINT_URL=page.aws.url).code == 0


@pytest.mark.parametrize("page", ["first-backup"], indirect=True)
def test_first_backup(page: Page, name: str) -> None:
    """From an empty directory to a verified backup; point-in-time recovery was disabled."""
    page.aws.create_table(name)
    page.aws.put(name, *ITEMS)
    *_, status, listed = page.run()
    assert re.search(rf"^{name} +ok ", status.out, re.MULTILINE)
    assert "complete" in listed.out


@pytest.mark.parametrize("page", ["tables-without-point-in-time-recovery"], indirect=True)
def test_tables_without_point_in_time_recovery(page: Page, name: str) -> None:
    """Scanned, taken up (nothing is left to do), listed and restored."""
    page.aws.create_table(name)
    page.aws.put(name, *ITEMS)
    page.run()
    assert page.aws.items(f"{name}-restored") == ITEMS


@pytest.mark.parametrize("page", ["back-up-tables-without-recovery"], indirect=True)
def test_back_up_tables_without_recovery(page: Page, name: str) -> None:
    """From a table that has none to a copy of it, with its tags."""
    page.aws.create_table(name, Tags=[{"Key": "team", "Value": "orders"}])
    page.aws.put(name, *ITEMS)
    page.run()
    assert page.aws.items(f"{name}-restored") == ITEMS
    table = page.aws.dynamodb.describe_table(TableName=f"{name}-restored")["Table"]
    tags = page.aws.dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "orders"}]


@pytest.mark.parametrize("page", ["back-to-the-minute-before"], indirect=True)
def test_back_to_the_minute_before(page: Page, name: str, clock: SandboxClock) -> None:
    """The second run exports a window; the restored table has its change, and not the damage after it."""
    page.aws.create_table(name, pitr=True)
    page.aws.put(name, *ITEMS)
    clock.advance(2)
    assert page.program.run("backup", AWS_ENDPOINT_URL=page.aws.url).code == 0
    changed = {"id": ITEMS[0]["id"], "v": {"S": "changed"}}
    page.aws.put(name, changed)
    clock.advance(3600)
    backup, listed, *_, preview, restored = page.run()
    assert "1 item" in backup.out
    assert "window" in listed.out
    assert name in preview.out
    assert "5 written" in restored.out
    assert page.aws.items(f"{name}-before") == [changed, *ITEMS[1:]]


@pytest.mark.parametrize("page", ["restore-one-table-now"], indirect=True)
def test_restore_one_table_now(page: Page, name: str) -> None:
    """One item is deleted, one overwritten, one new: every command restores what the page says."""
    more = [{"id": {"S": f"d-{n:02d}"}} for n in range(15)]  # one new item is less than a tenth of the table
    page.aws.create_table(name, pitr=True)
    page.aws.put(name, *ITEMS, *more)
    assert page.program.run("backup", AWS_ENDPOINT_URL=page.aws.url).code == 0
    page.aws.call("DeleteItem", {"TableName": name, "Key": {"id": ITEMS[0]["id"]}})
    page.aws.put(name, {"id": ITEMS[1]["id"], "v": {"N": "0"}}, {"id": {"S": "new"}})
    _, _, beside, missing, over, mirror, _ = page.run()
    backed_up_items = in_order([*ITEMS, *more])
    assert page.aws.items(f"{name}-restored") == backed_up_items
    assert "20 written" in beside.out
    assert "1 written, 19 kept" in missing.out
    assert "20 written" in over.out
    assert "1 deleted" in mirror.out
    assert page.aws.items(name) == backed_up_items
    assert page.aws.items(f"{name}-copy") == backed_up_items


@pytest.mark.parametrize("page", ["move-a-table-to-another-account"], indirect=True)
def test_move_a_table_to_another_account(page: Page, name: str) -> None:
    """The sandbox keeps accounts apart by the credentials of assumed roles."""
    page.aws.create_table(name, pitr=True)
    page.aws.put(name, *ITEMS)
    page.run()
    there = Account(page.aws, "arn:aws:iam::210987654321:role/ddbbackup-restore", "eu-central-1")
    assert there.ids(name) == [item["id"]["S"] for item in ITEMS]


@pytest.mark.parametrize("page", ["restore-one-customers-items"], indirect=True)
def test_restore_one_customers_items(page: Page, bucket: str, name: str) -> None:
    """Only these items are restored, every digit is kept, and existing items stay."""
    backed_up(page, name)
    for item in ITEMS[:4]:
        page.aws.call("DeleteItem", {"TableName": name, "Key": {"id": item["id"]}})
    found, history, *_ = page.run()
    assert json.loads(found.out) == {"id": "c-1017", "v": int(ITEMS[2]["v"]["N"])}
    (version,) = map(json.loads, history.out.splitlines())
    assert (version["change"], version["item"]) == ("added", json.loads(found.out))
    assert page.aws.items(name) == [ITEMS[2], ITEMS[4]]
    lines = page.aws.read(bucket, f"dumps/{name}.json").splitlines()
    assert sorted(json.loads(line)["Item"]["id"]["S"] for line in lines) == [
        each["id"]["S"] for each in ITEMS
    ]


@pytest.mark.parametrize("page", ["expire-old-backups"], indirect=True)
def test_expire_old_backups(page: Page, bucket: str, name: str) -> None:
    """Of three backups of one day, the newest and the oldest stay. S3 accepts the lifecycle rule."""
    (rule,) = page.blocks("json")
    page.aws.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=json.loads(rule))
    page.program.plan(page.blocks("yaml")[0].replace("keep_within: 7d ", "keep_last: 1 "))
    backed_up(page, name)
    for _ in range(2):
        wait_for_next_second()
        assert page.program.run("backup", AWS_ENDPOINT_URL=page.aws.url).code == 0
    shown, _, done = page.run()
    assert "keep 2 and remove 1 of 3 restore points" in shown.out
    assert "1 removed" in done.out
    listed = page.program.run("list", "--output", "json", AWS_ENDPOINT_URL=page.aws.url)
    assert len(listed.report["backups"]) == 2


@pytest.mark.parametrize("page", ["restore-an-archived-backup"], indirect=True)
def test_restore_an_archived_backup(page: Page, bucket: str, name: str, archives: MotoArchives) -> None:
    """The command of the page, twice: it asks S3, and restores when S3 is done. S3 accepts the lifecycle rule."""
    (rule,) = page.blocks("json")
    page.aws.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=json.loads(rule))
    backed_up(page, name)
    for key in page.aws.keys(bucket):
        if "/data/" in key:
            archives.archive(bucket, key, "DEEP_ARCHIVE")
    (command,) = page.commands
    arguments = shlex.split(command.replace(" --from 2026-08-01", ""))[1:]
    asked = page.program.run(*arguments, AWS_ENDPOINT_URL=page.aws.url)
    for each in list(archives.requested):
        archives.finish(bucket, each.key)
    done = page.program.run(*arguments, AWS_ENDPOINT_URL=page.aws.url)
    assert (asked.code, done.code) == (75, 0), done.err
    assert page.aws.items(f"{name}-restored") == ITEMS


@pytest.mark.parametrize("page", ["prove-your-backups"], indirect=True)
def test_prove_your_backups(page: Page, name: str) -> None:
    """The four documents hold what the page says."""
    backed_up(page, name)
    page.run()
    evidence = {path.name: path for path in (page.program.directory / "evidence").iterdir()}
    read = {name: json.loads(path.read_text()) for name, path in evidence.items() if name.endswith(".json")}
    assert set(read) == {"status.json", "backups.json", "verify.json", "restore.json"}
    assert read["status.json"]["tables"][0]["status"] == "ok"
    assert read["backups.json"]["backups"][0]["state"] == "complete"
    assert read["verify.json"]["outcomes"][0]["status"] == "done"
    facts = read["restore.json"]["outcomes"][0]["facts"]
    assert facts["items"] == facts["written"] == 5
    (suite,) = JUnitXml.fromfile(str(evidence["verify.xml"]))
    assert (suite.tests, suite.failures) == (1, 0)


@pytest.mark.parametrize("page", ["use-the-sandbox"], indirect=True)
def test_use_the_sandbox(page: Page, name: str) -> None:
    """With the tables that `demo --serve -f` makes for this plan: test_demo.py shows that it does."""
    page.aws.s3.put_bucket_versioning(
        Bucket=page.text.split("bucket: ")[1].split()[0], VersioningConfiguration={"Status": "Enabled"}
    )
    page.program.plan(page.blocks("yaml")[0].replace("billing-", f"{name}-billing-").replace("daily", name))
    page.aws.create_table(name, pitr=True)
    page.aws.create_table(f"{name}-billing-sample", pitr=True)
    page.aws.create_table(f"{name}-tagged-sample", pitr=True, Tags=[{"Key": "backup", "Value": name}])
    page.aws.put(name, *ITEMS)
    page.run()
    assert page.aws.items(f"{name}-copy") == ITEMS


def account_with_table(page: Page, account: str, name: str, region: str, role: str) -> Account:
    """A table with the items of this module in an account of its own."""
    there = Account(page.aws, f"arn:aws:iam::{account}:role/{role}", region)
    there.dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "account", "Value": account}],
    )
    there.dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    for each in ITEMS:
        there.dynamodb.put_item(TableName=name, Item=each)
    return there


@pytest.mark.parametrize("page", ["many-accounts-and-regions"], indirect=True)
def test_many_accounts_and_regions(page: Page, bucket: str, name: str) -> None:
    """Three tables of one name in one bucket; the one of Ireland is restored in Frankfurt."""
    page.text = page.text.replace("210987654321", "123456789012")  # the owner of all buckets of the sandbox
    page.program.plan(page.blocks("yaml")[0])
    for account, region in (
        ("111111111111", "eu-west-1"),
        ("111111111111", "eu-central-1"),
        ("222222222222", "eu-west-1"),
    ):
        account_with_table(page, account, name, region, "ddbbackup-prod-backup")
    *_, iam, _ = page.run()
    assert "111111111111" in iam.out
    records = [key for key in page.aws.keys(bucket) if re.search(r"ddbbackup/prod/.*Z-\w+\.json$", key)]
    assert {tuple(key.split("/")[2:4]) for key in records} == {
        ("111111111111", "eu-west-1"),
        ("111111111111", "eu-central-1"),
        ("222222222222", "eu-west-1"),
    }
    frankfurt = Account(page.aws, "arn:aws:iam::111111111111:role/test", "eu-central-1")
    assert frankfurt.ids(f"{name}-from-ireland") == [item["id"]["S"] for item in ITEMS]
    page.program.environment = page.environment
    assert page.program.run("backup").code == 78, "without the variables, nothing runs"
    (matrix,) = page.blocks("yml")
    job = yaml.safe_load(matrix)["jobs"]["backup"]
    assert set(re.findall(r"\$\{(\w+):\?", page.blocks("yaml")[0])) == set(job["env"])
    assert set(job["env"].values()) == {f"${{{{ matrix.{key} }}}}" for key in job["strategy"]["matrix"]}


@pytest.mark.parametrize("page", ["recover-a-lost-account"], indirect=True)
def test_recover_a_lost_account(page: Page, name: str) -> None:
    """A table of one account comes back in another one, with its tags; the next backup begins a chain there."""
    page.text = page.text.replace("210987654321", "123456789012")  # the owner of all buckets of the sandbox
    page.aws.s3.put_bucket_versioning(
        Bucket=re.findall(r"bucket: (\S+)", page.text)[0], VersioningConfiguration={"Status": "Enabled"}
    )
    (plan,) = page.blocks("yaml")
    role = "assume_role: {{role_arn: 'arn:aws:iam::{}:role/test'}}\ndestinations:"
    account_with_table(page, "111111111111", name, "eu-west-1", "test")
    page.program.plan(plan.replace("destinations:", "  " + role.format("111111111111")))
    assert page.program.run("backup", AWS_ENDPOINT_URL=page.aws.url).code == 0
    page.program.plan(
        plan.replace("destinations:", "  " + role.format("222222222222")).replace(
            f"name: {name}\n", f"name: {name}\n    pitr: enable\n"
        )
    )
    preview, *_ = page.run()
    assert name in preview.out
    there = Account(page.aws, "arn:aws:iam::222222222222:role/test", "eu-west-1")
    assert there.ids(name) == [item["id"]["S"] for item in ITEMS]
    arn = there.dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    assert there.dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [
        {"Key": "account", "Value": "111111111111"}
    ]


@pytest.mark.parametrize("page", ["old-backups-and-lifecycle-rules"], indirect=True)
def test_old_backups_and_lifecycle_rules(page: Page, bucket: str, name: str) -> None:
    """`doctor` accepts the rules of the page, and warns about the one that it forbids. An export that nobody
    recorded is restored from its folder and by its ARN, into a table that exists."""
    backed_up(page, name)
    (rules,) = map(json.loads, page.blocks("json"))
    page.aws.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules)
    (checked,) = page.run()
    assert "ok           lifecycle" in checked.out
    rules["Rules"][1] |= {"Expiration": {"Days": 365}}
    page.aws.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules)
    (checked,) = page.run()
    assert re.search(r"WARNING +lifecycle", checked.out)

    table = page.aws.dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    export = page.aws.dynamodb.export_table_to_point_in_time(TableArn=table, S3Bucket=bucket, S3Prefix="old")
    arn = export["ExportDescription"]["ExportArn"]
    wait_until_completed(page.aws, arn)
    (block,) = [block for block in page.blocks("console") if " --from " in block]
    for number, (command, source) in enumerate(
        zip(block.splitlines(), (f"s3://{bucket}/old/AWSDynamoDB/{arn.split('/')[-1]}/", arn), strict=True)
    ):
        page.aws.create_table(f"{name}-{number}")
        words = re.sub(r"--from \S+", f"--from {source}", command.removeprefix("$ "))
        done = page.program.run(*words_of(words.replace(f"{name}-old", f"{name}-{number}"))[1])
        assert done.code == 0, (command, done.out, done.err)
        assert page.aws.items(f"{name}-{number}") == ITEMS


def commands_of(page: str) -> list[list[str]]:
    """The arguments of each command of a page that has no plan of its own."""
    blocks = re.findall(r"```sh\n(.*?)```", (PAGES / f"{page}.md").read_text(encoding="utf-8"), re.DOTALL)
    return [shlex.split(line, comments=True)[1:] for block in blocks for line in block.splitlines()]


def test_show_your_backups(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """The page is written under both names, and the same is printed for a program."""
    text = f"version: 1\nname: p\ndestinations: {{v: {{bucket: {bucket}}}}}\ntables: [{{name: {name}}}]\n"
    (program.directory / "plans").mkdir()
    for file in ("ddbbackup.yaml", "plans/eu.yaml", "plans/us.yaml"):
        program.plan(text, file)
    sandbox.create_table(name, pitr=True)
    assert program.run("backup", AWS_ENDPOINT_URL=sandbox.url).code == 0
    done = [program.run(*words, AWS_ENDPOINT_URL=sandbox.url) for words in commands_of("show-your-backups")]
    assert [each.code for each in done] == [0] * len(done)
    printed = done[-1]
    for page in ("ddbbackup-report.html", "public/backups.html"):
        assert f">{name}<" in (program.directory / page).read_text(encoding="utf-8")
    assert [table["table"] for table in printed.report["tables"]] == [name]


def test_give_a_pipeline_its_roles(program: Program) -> None:
    """Without any call: both files have the roles that the page names."""
    program.plan(
        "version: 1\nname: prod\naws: {account: '123456789012', region: eu-west-1}\n"
        "destinations: {v: {bucket: acme-ddb-vault}}\ntables: [{name: orders, retention: {keep_last: 3}}]\n"
        "restores: {copy: {table: orders, to: {table: orders-2}}}\n"
    )
    (words,) = commands_of("give-a-pipeline-its-roles")
    assert program.run(*words).code == 0
    terraform = (program.directory / "iam.tf").read_text(encoding="utf-8")
    resources = json.loads((program.directory / "iam.json").read_text(encoding="utf-8"))["Resources"]
    roles = {
        each["Properties"]["RoleName"] for each in resources.values() if each["Type"] == "AWS::IAM::Role"
    }
    assert roles == {f"ddbbackup-prod-{each}" for each in ("read", "backup", "restore", "verify", "prune")}
    assert all(f'"{role}"' in terraform for role in roles)


def test_write_a_plan_in_your_editor(program: Program) -> None:
    """The plan names the schema that the second command writes beside it, as the page shows it."""
    text = (PAGES / "write-a-plan-in-your-editor.md").read_text(encoding="utf-8")
    assert [program.run(*words).code for words in commands_of("write-a-plan-in-your-editor")] == [0, 0]
    first, *_ = (program.directory / "plans" / "prod.yaml").read_text(encoding="utf-8").splitlines()
    assert f"```yaml\n{first}\n```" in text
    schema = json.loads((program.directory / "plans" / first.partition("=")[2]).read_text(encoding="utf-8"))
    assert schema["title"]


def test_every_page_with_commands_is_run() -> None:
    """By a test that names it: here, or in a module of its own."""
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    with_commands = [
        page.stem for page in PAGES.glob("*.md") if "```sh\n" in page.read_text(encoding="utf-8")
    ]
    assert [name for name in with_commands if f'"{name}"' not in tests and f"{name}.md" not in tests] == []


def wait_until_completed(aws: Aws, arn: str) -> None:
    for _ in range(200):
        description = aws.dynamodb.describe_export(ExportArn=arn)["ExportDescription"]
        if description["ExportStatus"] == "COMPLETED":
            return
        time.sleep(0.05)
    raise AssertionError(f"{arn} did not complete")


DOCS = PAGES.parent
EVERY_PAGE = sorted(
    {*DOCS.parent.glob("*.md"), *DOCS.rglob("*.md"), DOCS.parent / "ddbbackup/sandbox/README.md"}
    - {DOCS / "command-line.md"}
)
NO_COMMANDS = {"ddbbackup --version", "ddbbackup backup --onyl orders", "ddbbackup verify --level"}
"""It ends by itself; the example of an error; an option whose values are in a table."""


@pytest.mark.parametrize("path", EVERY_PAGE, ids=lambda path: path.stem)
def test_every_command_that_a_page_names_exists(path: Path) -> None:
    """In code blocks and in sentences, with its options."""
    text = path.read_text(encoding="utf-8")
    commands = [" ".join(code.split()) for code in re.findall(r"`(ddbbackup [a-z][^`]*)`", text)]
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", text, re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    commands += [line for line in lines if re.match(r"([A-Z_]+=\S+ )*ddbbackup ", line)]
    assert commands or path.parent != PAGES
    for command in set(commands) - NO_COMMANDS:
        if not re.search(r"[|\[]", command):  # usage, with choices
            assert parse(words_of(command.partition(" # ")[0])[1]).verb, command


@pytest.mark.parametrize("path", EVERY_PAGE, ids=lambda path: path.stem)
def test_every_plan_of_a_page_is_valid(path: Path, tmp_path: Path) -> None:
    """A newcomer copies it."""
    variables = {"ACCOUNT": "123456789012", "AWS_REGION": "eu-west-1"}
    for block in re.findall(r"```yaml\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
        if re.search(r"^version: 1$", block, re.MULTILINE):
            plan = tmp_path / "ddbbackup.yaml"
            plan.write_text(block, encoding="utf-8")
            assert check([plan], variables)[1] == ()
