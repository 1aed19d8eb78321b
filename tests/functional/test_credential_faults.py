"""A source of credentials that fails is exit code 77 with one sentence and one action, whatever it raises."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from ddbbackup.sandbox.moto_exports import MotoExports
from tests.support.aws import Aws
from tests.support.container import ContainerEndpoint
from tests.support.fault_proxy import FaultProxy
from tests.support.plans import plan
from tests.support.program import COMMAND, Program, Result

ROLE = "arn:aws:iam::123456789012:role/backup"
SECRET = "hunter2-hunter2"
EXPIRED = {
    "Version": 1,
    "AccessKeyId": "AK",
    "SecretAccessKey": SECRET,
    "SessionToken": "t",
    "Expiration": "2020-01-01T00:00:00Z",
}

SSO = "[profile p]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n"
Configure = Callable[[str], Program]


@pytest.fixture
def without_keys(sandbox: Aws, bucket: str, program: Program) -> Program:
    """A program whose environment holds no credentials."""
    program.plan(plan(sandbox, bucket, tables=[{"name": "orders"}]))
    kept = {name: value for name, value in program.environment.items() if "ACCESS_KEY" not in name}
    program.environment = kept
    return program


@pytest.fixture
def configure(without_keys: Program, tmp_path: Path) -> Configure:
    """Writes an AWS configuration file, and returns the program that uses its profile ``p``."""

    def write(text: str) -> Program:
        path = tmp_path / "aws-config"
        path.write_text(text)
        names = {"AWS_CONFIG_FILE": str(path), "AWS_PROFILE": "p"}
        without_keys.environment = {**without_keys.environment, **names}
        return without_keys

    return write


def message_of(done: Result) -> str:
    """The message, if the run ended as it must."""
    assert done.code == 77, done.err
    assert "Traceback" not in done.err
    assert SECRET not in done.err + done.out
    message, hint = [each for each in done.err.splitlines() if not each.startswith("{")]
    assert hint.startswith("hint: ")
    return message.removeprefix("ddbbackup: ").removeprefix("the AWS credentials cannot be used: ")


def helper(directory: Path, output: str, code: int = 0) -> str:
    """The configuration of a profile with a ``credential_process`` that prints this."""
    path = directory / "helper.sh"
    path.write_text(f"#!/bin/sh\ncat <<'EOF'\n{output}\nEOF\necho {SECRET} >&2\nexit {code}\n")
    path.chmod(0o700)
    return f"[profile p]\ncredential_process = {path}\n"


@pytest.mark.parametrize(
    ("output", "code", "message"),
    [
        (SECRET, 0, "did not print JSON"),
        ("", 0, "did not print JSON"),
        (f'"{SECRET}"', 0, "printed a document of another form (AttributeError)"),
        ('{"Version": 2}', 0, "printed a document of another form (Unsupported version '2' for credential"),
        ('{"Version": 1, "AccessKeyId": "A"}', 0, "printed a document of another form (Missing required key"),
        (SECRET, 3, "failed"),
        (str(EXPIRED).replace("'", '"'), 0, "returned credentials that have expired"),
        (
            str({**EXPIRED, "Expiration": "tomorrow"}).replace("'", '"'),
            0,
            "printed an `Expiration` that is not a time",
        ),
    ],
)
def test_a_credential_process_that_fails(
    configure: Configure, tmp_path: Path, output: str, code: int, message: str
) -> None:
    """What it prints may be a secret, so the message does not quote it."""
    done = configure(helper(tmp_path, output, code)).run("status")
    assert message_of(done).startswith(f"the `credential_process` of the profile {message}")


def test_a_role_whose_credential_process_fails(configure: Configure, tmp_path: Path) -> None:
    """The program of the source profile runs inside of botocore's provider for roles."""
    base = helper(tmp_path, SECRET, 3).replace("[profile p]", "[profile base]")
    role = f"[profile p]\nrole_arn = {ROLE}\nsource_profile = base\n"
    assert (
        message_of(configure(role + base).run("status")) == "the `credential_process` of the profile failed"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[profile p]\ncredential_process = /no/such/helper\n",
            "the `credential_process` of the profile, /no/such/helper, cannot be run: no such file or directory",
        ),
        (
            "[profile p]\ncredential_process = helper 'x\n",
            "the `credential_process` of the profile is not a command: it is empty, or a quotation mark is missing",
        ),
        ("[profile p]\ncredential_process =\n", "the `credential_process` of the profile is not a command"),
        (
            f"[profile p]\nrole_arn = {ROLE}\nsource_profile = b\n[profile b]\ncredential_process = h 'x\n",
            "the `credential_process` of the profile is not a command",
        ),
        (
            f"[profile p]\nrole_arn = {ROLE}\n",
            "the profile has `role_arn`, but no credentials to assume it with",
        ),
        ("[profile other]\n", "the profile p does not exist in the AWS configuration"),
        ("[profile p\n", "Unable to parse config file: "),
        ("[profile p]\naws_access_key_id = A\n", "Partial credentials found in config-file"),
        (
            f"[profile p]\nrole_arn = {ROLE}\nsource_profile = nobody\n",
            'The source_profile "nobody" referenced in the profile "p" does not exist',
        ),
        (
            f"[profile p]\nrole_arn = {ROLE}\nsource_profile = p\n",
            "Infinite loop in credential configuration",
        ),
        (
            f"[profile p]\nrole_arn = {ROLE}\ncredential_source = Nothing\n",
            'The credential source "Nothing" referenced in profile "p" is not valid',
        ),
        (
            SSO,
            'The profile "p" is configured to use the SSO token provider but the "s" sso_session',
        ),
        (
            SSO + "[sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://x.awsapps.com/start\n",
            "the sign-in of IAM Identity Center has expired, or there is none",
        ),
        (
            "[profile p]\nlogin_session = arn:aws:iam::123456789012:user/x\n",
            "the session of `aws login` needs the package awscrt, which is not installed",
        ),
    ],
)
def test_a_profile_that_cannot_be_used(configure: Configure, text: str, message: str) -> None:
    assert message_of(configure(text).run("status")).startswith(message)


def test_environment_variables_that_cannot_be_used(without_keys: Program) -> None:
    run = partial(without_keys.run, "status", AWS_ACCESS_KEY_ID="A")
    assert message_of(without_keys.run("status")) == "no AWS credentials found"
    assert message_of(run()).startswith("Partial credentials found in env")
    past = run(AWS_SECRET_ACCESS_KEY=SECRET, AWS_CREDENTIAL_EXPIRATION="2020-01-01T00:00:00Z")
    assert message_of(past) == "the environment returned credentials that have expired"
    unknown = run(AWS_SECRET_ACCESS_KEY=SECRET, AWS_CREDENTIAL_EXPIRATION="tomorrow")
    assert message_of(unknown) == "AWS_CREDENTIAL_EXPIRATION is not a time"


def test_a_web_identity_without_its_token_or_its_role(
    without_keys: Program, tmp_path: Path, sandbox: Aws
) -> None:
    """As in a pod whose service account has no annotation, or no volume with the token."""
    run = without_keys.run
    done = run("status", AWS_WEB_IDENTITY_TOKEN_FILE="/no/token", AWS_ROLE_ARN=ROLE)
    name = "the web identity (AWS_WEB_IDENTITY_TOKEN_FILE)"
    assert message_of(done) == f"{name}: cannot read /no/token: no such file or directory"
    token = tmp_path / "token"
    token.write_text(SECRET)
    without_role = run("status", AWS_WEB_IDENTITY_TOKEN_FILE=str(token))
    assert "no role ARN configured" in message_of(without_role)


def test_an_sts_that_refuses_the_web_identity(
    without_keys: Program, tmp_path: Path, bucket: str, sandbox: Aws
) -> None:
    (tmp_path / "token").write_text(SECRET)
    error = (
        "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code>"
        "<Message>No OpenIDConnect provider found in your account</Message></Error></ErrorResponse>"
    )
    with FaultProxy("http://127.0.0.1:9", lambda operation, body: (400, error.encode())) as sts:
        urls = {**sandbox.endpoint_urls, "sts": sts.url}
        without_keys.plan(plan(sandbox, bucket, {"endpoint_urls": urls}, tables=[{"name": "orders"}]))
        done = without_keys.run(
            "status", AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "token"), AWS_ROLE_ARN=ROLE
        )
    assert message_of(done) == (
        "the web identity (AWS_WEB_IDENTITY_TOKEN_FILE) was refused (InvalidIdentityToken)"
    )


@pytest.fixture
def container() -> Iterator[ContainerEndpoint]:
    with ContainerEndpoint() as running:
        yield running


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((403, "not for you"), "returned no credentials (Error retrieving metadata: Received non 200"),
        ((200, SECRET), "returned no credentials (Error retrieving metadata: Unable to parse JSON"),
        ((200, "{}"), "returned something that is not understood (KeyError)"),
    ],
)
def test_a_container_endpoint_that_fails(
    without_keys: Program, container: ContainerEndpoint, answer: tuple[int, str], message: str
) -> None:
    container.answer = answer
    done = without_keys.run("status", AWS_CONTAINER_CREDENTIALS_FULL_URI=container.url)
    assert message_of(done).startswith(f"the credentials endpoint of the container {message}")


def test_a_container_endpoint_that_cannot_be_used(without_keys: Program) -> None:
    """Its token is not mounted, or its address is none that the SDK sends tokens to."""
    run, name = without_keys.run, "the credentials endpoint of the container"
    no_token = run(
        "status",
        AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.0.0.1:1/x",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="/no/file",
    )
    assert message_of(no_token) == f"{name}: cannot read /no/file: no such file or directory"
    elsewhere = run("status", AWS_CONTAINER_CREDENTIALS_FULL_URI="http://credentials.internal/x")
    assert message_of(elsewhere).startswith(f"{name}: Unsupported host 'credentials.internal'")


def test_a_container_endpoint_that_fails_for_a_moment_does_not_end_a_backup(
    sandbox: Aws, without_keys: Program, bucket: str, name: str, exports: MotoExports
) -> None:
    """The export runs in AWS meanwhile. The keys expire, and are asked for again, until the endpoint answers."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, {"id": {"S": "a"}})
    without_keys.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    exports.export_seconds = (5.0, 5.0)
    with ContainerEndpoint(validity=timedelta(seconds=1)) as container:
        arn = sandbox.dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
        done = threading.Event()

        def fail_during_the_export() -> None:
            while not sandbox.dynamodb.list_exports(TableArn=arn)["ExportSummaries"]:
                if done.wait(0.05):
                    return  # the backup has ended without an export
            container.answer = (500, "")
            done.wait(6.0)
            container.answer = None

        thread = threading.Thread(target=fail_during_the_export)
        thread.start()
        result = without_keys.run("backup", AWS_CONTAINER_CREDENTIALS_FULL_URI=container.url)
        done.set()
        thread.join()
    assert result.code == 0, result.err
    assert container.spoiled > 0
    assert result.named("settings.read")[0]["unknown"] == []


def test_an_mfa_code_without_a_terminal(configure: Configure) -> None:
    """A pipeline must not wait for somebody to enter it."""
    text = (
        f"[profile p]\nrole_arn = {ROLE}\nsource_profile = base\n"
        "mfa_serial = arn:aws:iam::123456789012:mfa/me\n"
        f"[profile base]\naws_access_key_id = A\naws_secret_access_key = {SECRET}\n"
    )
    program = configure(text)
    done = subprocess.run(
        [*COMMAND, "status"],
        cwd=program.directory,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,  # without a terminal
        timeout=60,
        check=False,
    )
    message = message_of(Result(done.returncode, done.stdout, done.stderr))
    assert message == "the profile p needs an MFA code, and there is no terminal to ask for it"
