"""Whatever a provider of credentials does, the run ends with 77, and nothing that it printed is shown.

botocore lets the plain exceptions of its providers through.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ddbbackup.aws.cloud import AwsCloud
from ddbbackup.aws.error_map import translate_errors
from ddbbackup.aws.session import Connection
from ddbbackup.errors import AccessDenied

MARKER = "s3cr3t-of-the-helper"
KEYS = '"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b"'
PRINTED = {
    "text": f"echo {MARKER}",
    "nothing": "true",
    "bytes": r"printf '\\377\\376'",
    "null": "echo null",
    "a list": "echo '[1]'",
    "numbers": """echo '{"Version": 1, "AccessKeyId": 5, "SecretAccessKey": []}'""",
    "another version": f"""echo '{{"Version": 7, "AccessKeyId": "{MARKER}"}}'""",
    "no time": f"""echo '{{{KEYS}, "Expiration": "{MARKER}"}}'""",
    "expired": f"""echo '{{{KEYS}, "Expiration": "2001-01-01T00:00:00Z"}}'""",
    "an error": f"echo {MARKER} >&2; exit 3",
}
CONFIGURED = {
    "missing helper": "credential_process = /nonexistent/helper",
    "directory as helper": "credential_process = /",
    "open quote": 'credential_process = "helper',
    "unknown source": "role_arn = arn:aws:iam::123456789012:role/r\ncredential_source = Nonsense",
    "source of itself": "role_arn = arn:aws:iam::123456789012:role/r\nsource_profile = other\n"
    "[profile other]\nrole_arn = arn:aws:iam::123456789012:role/o\nsource_profile = default",
    "missing token file": "role_arn = arn:aws:iam::123456789012:role/r\nweb_identity_token_file = /nonexistent/token",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def refusal(region: str) -> AccessDenied:
    """The region makes the connection, and with it the session, one of its own."""
    urls = tuple((service, "http://127.0.0.1:9") for service in ("dynamodb", "s3", "sts"))
    cloud = AwsCloud(Connection(region=region, endpoint_urls=urls))
    with pytest.raises(AccessDenied, match="the AWS credentials cannot be used") as raised:
        pytest.fail(f"identified as {cloud.identity}")
    assert MARKER not in raised.value.message + raised.value.hint
    return raised.value


@pytest.mark.parametrize("printed", PRINTED)
def test_a_helper_that_prints_no_credentials(
    printed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper, config = tmp_path / "helper", tmp_path / "config"
    helper.write_text(f"#!/bin/sh\n{PRINTED[printed]}\n")
    helper.chmod(0o700)
    config.write_text(f"[default]\ncredential_process = {helper}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    refusal(f"helper-{list(PRINTED).index(printed)}")


@pytest.mark.parametrize("configured", CONFIGURED)
def test_a_configuration_that_leads_to_no_credentials(
    configured: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(f"[default]\n{CONFIGURED[configured]}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    refusal(f"config-{list(CONFIGURED).index(configured)}")


def test_a_token_file_that_is_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tmp_path / "token"
    token.write_bytes(b"\xff\xfe\x00")
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    refusal("token-file")


@pytest.mark.parametrize("value", [f"{MARKER}\r\nX-Injected: 1", f"{MARKER}\udcff"], ids=["line", "bytes"])
def test_a_key_that_no_request_can_carry(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", value)
    monkeypatch.setenv("AWS_SESSION_TOKEN", value)
    refusal(f"key-{len(value)}")


def test_an_error_of_our_own_code_is_not_blamed_on_the_service() -> None:
    with pytest.raises(KeyError), translate_errors("list tables"):
        raise KeyError("a bug")
