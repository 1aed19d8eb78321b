"""The Region and the endpoints that the plan, the environment and the profile say, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ddbbackup.aws import AwsCloud, Connection
from ddbbackup.aws.cloud import EMULATED_ACCOUNT
from ddbbackup.aws.sdk_session import Region
from ddbbackup.aws.session import forget_sessions, is_aws_url
from ddbbackup.errors import NotSupported, Unreachable, UsageError
from tests.support.fault_proxy import FaultProxy

CALLER = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    b"<Arn>arn:aws:iam::123456789012:user/me</Arn><UserId>U</UserId><Account>123456789012</Account>"
    b"</GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)


@pytest.fixture(autouse=True)
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The AWS configuration file, with a default profile and another one."""
    file = tmp_path / "config"
    file.write_text("[default]\nregion = us-east-1\n[profile other]\nregion = us-west-2\n[profile bare]\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    forget_sessions()
    yield file
    forget_sessions()


@pytest.mark.parametrize(
    ("planned", "profile", "environment", "found"),
    [
        ("eu-west-1", None, {"AWS_REGION": "eu-west-2"}, Region("eu-west-1", "the plan")),
        (
            None,
            "other",
            {"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-3"},
            Region("eu-west-2", "AWS_REGION"),
        ),
        (
            None,
            None,
            {"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-3"},
            Region("eu-west-3", "AWS_DEFAULT_REGION"),
        ),
        (None, "other", {}, Region("us-west-2", "the profile other")),
        (None, None, {"AWS_PROFILE": "other"}, Region("us-west-2", "the profile other")),
        (None, None, {}, Region("us-east-1", "the profile default")),
    ],
)
def test_the_region_is_found_in_the_order_of_the_aws_cli(
    monkeypatch: pytest.MonkeyPatch,
    planned: str | None,
    profile: str | None,
    environment: dict[str, str],
    found: Region,
) -> None:
    """The plan, AWS_REGION, AWS_DEFAULT_REGION, the profile. Clients use the Region that is shown."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    connection = Connection(region=planned, profile=profile)
    assert connection.found_region() == found
    assert connection.client("dynamodb").meta.region_name == found.name
    assert connection.client("s3").meta.region_name == found.name


def test_a_region_that_is_set_nowhere_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no region is set"):
        _ = AwsCloud(Connection(profile="bare")).identity


@pytest.mark.parametrize("way", ["the plan", "AWS_ENDPOINT_URL_DYNAMODB", "services of the profile"])
def test_sts_is_not_asked_about_an_emulated_dynamodb(
    monkeypatch: pytest.MonkeyPatch, config: Path, way: str
) -> None:
    """The keys of an emulator are none of AWS, and must not be sent there. No request leaves this machine."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # where nothing answers
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    emulator = "http://localhost:8000"
    urls: tuple[tuple[str, str], ...] = ()
    match way:
        case "the plan":
            urls = (("dynamodb", emulator),)
        case "AWS_ENDPOINT_URL_DYNAMODB":
            monkeypatch.setenv(way, emulator)
        case _:
            config.write_text(
                f"[default]\nservices = local\n[services local]\ndynamodb =\n  endpoint_url = {emulator}\n"
            )
    cloud = AwsCloud(Connection(endpoint_urls=urls))
    assert cloud.identity.account == EMULATED_ACCOUNT
    with pytest.raises(NotSupported, match="cannot use kms: DynamoDB is an emulator"):
        cloud.kms_keys("eu-west-1")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("htp://127.0.0.1:9", "its scheme is 'htp'"),
        ("http://127.0.0.1:80000", "Port out of range"),
        ("http://user:hunter2@127.0.0.1:9", "it contains a user name"),
        ("127.0.0.1:9", "Invalid endpoint"),
    ],
)
def test_an_endpoint_of_the_environment_that_cannot_be_one(
    monkeypatch: pytest.MonkeyPatch, url: str, reason: str
) -> None:
    """The SDK accepts most of them, and would fail at each request."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(UsageError) as raised:
        _ = AwsCloud(Connection(region="eu-west-1")).identity
    assert reason in str(raised.value)
    assert "AWS_ENDPOINT_URL" in raised.value.hint
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("region", "hint"), [("eu-wset-1", "use `eu-west-1` instead"), ("zz-zzzz-9", "correct the Region")]
)
def test_a_region_that_does_not_exist_is_named(
    monkeypatch: pytest.MonkeyPatch, region: str, hint: str
) -> None:
    """It has no servers, so the SDK can only say that it cannot connect. A new one is not refused beforehand."""
    monkeypatch.setenv("AWS_REGION", region)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # where nothing answers
    with pytest.raises(
        Unreachable, match=rf"does not know the Region {region} \(from AWS_REGION\)"
    ) as raised:
        _ = AwsCloud(Connection()).identity
    assert raised.value.hint == hint


def test_a_region_that_exists_is_not_blamed_for_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(Unreachable) as raised:
        _ = AwsCloud(Connection(region="eu-west-1")).identity
    assert "does not know" not in str(raised.value)


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"])
def test_an_sts_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """Beside an emulated DynamoDB, and alone."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with FaultProxy("http://127.0.0.1:9", lambda operation, body: (200, CALLER)) as sts:
        monkeypatch.setenv(variable, sts.url)
        assert AwsCloud(Connection()).identity.account == "123456789012"
        emulated = Connection(endpoint_urls=(("dynamodb", "http://localhost:8000"),))
        assert AwsCloud(emulated).identity.account == "123456789012"


@pytest.mark.parametrize("in_plan", [True, False])
def test_an_s3_outside_of_aws_gets_bucket_names_in_paths(
    monkeypatch: pytest.MonkeyPatch, in_plan: bool
) -> None:
    """Wherever its endpoint is set."""
    url = "http://localhost:9000"
    if not in_plan:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
    connection = Connection(region="eu-west-1", endpoint_urls=(("s3", url),) if in_plan else ())
    config = connection.client("s3").meta.config
    assert config.s3["addressing_style"] == "path"
    assert config.request_checksum_calculation == "when_required"


def test_s3_of_aws_keeps_the_defaults_of_the_sdk() -> None:
    config = Connection(region="eu-west-1").client("s3").meta.config
    assert "addressing_style" not in (config.s3 or {})
    assert config.request_checksum_calculation == "when_supported"


def test_endpoints_of_aws_are_recognized() -> None:
    """VPC endpoints are AWS; a host whose name only ends alike is not."""
    assert is_aws_url("https://dynamodb.eu-west-1.amazonaws.com")
    assert is_aws_url("https://vpce-1a2b-3c4d.dynamodb.eu-west-1.vpce.amazonaws.com")
    assert is_aws_url("https://123456789012.ddb.eu-west-1.amazonaws.com:443/")
    assert is_aws_url("https://dynamodb.cn-north-1.amazonaws.com.cn")
    assert not is_aws_url("http://localhost:8000")
    assert not is_aws_url("https://notamazonaws.com")
