"""The environment variables that ddbbackup reads, itself or through a library: ``docs/environment.md``.

A test compares the list with the names in the code, and the others with the libraries that read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tools.docs.markdown import code_list, header, table

Reader = Literal["ddbbackup", "botocore", "opentelemetry", "urllib"]


@dataclass(frozen=True, slots=True)
class Variable:
    """``names`` have one effect together, or are alternatives. ``reader`` is the package that reads them."""

    names: tuple[str, ...]
    effect: str
    reader: Reader = "ddbbackup"


OWN: Final = (
    Variable(
        ("DDBBACKUP_STATE_DIR",),
        "where `restore` keeps its local state (the ledger of finished files, rejected items), `verify` its "
        "progress, and `diff`, `find`, `dump` and restores their temporary files "
        "(default: `$XDG_STATE_HOME/ddbbackup`, or `~/.local/state/ddbbackup`). It must be on a local disk. Keep it "
        "between runs, so that an interrupted restore continues",
    ),
    Variable(
        ("XDG_STATE_HOME", "HOME"), "the place of the state directory, if `DDBBACKUP_STATE_DIR` is not set"
    ),
    Variable(
        ("DDBBACKUP_PRICES",),
        "a file of prices for estimates, as `--prices` names one ([prices](preview.md))",
    ),
    Variable(
        ("DDBBACKUP_SANDBOX_URL",),
        "the address of a sandbox, for the plan of the demo, which reads it in `aws.endpoint_urls` "
        "([a plan on the sandbox](how-to/use-the-sandbox.md))",
    ),
)
TERMINAL: Final = (
    Variable(("NO_COLOR",), "not empty: no colors"),
    Variable(("COLUMNS", "LINES"), "the size of the terminal, in place of the real one"),
    Variable(("TERM",), "`dumb`: no colors and no progress"),
)
CI: Final = (
    Variable(
        (
            "GITHUB_RUN_ID",
            "CI_PIPELINE_ID",
            "CODEBUILD_BUILD_ID",
            "BUILDKITE_BUILD_ID",
            "CIRCLE_WORKFLOW_ID",
            "BUILD_TAG",
            "BUILD_BUILDID",
        ),
        "the run ID, unless `--run-id` is given: the first of these that is set, of GitHub, GitLab, CodeBuild, "
        "Buildkite, CircleCI, Jenkins and Azure Pipelines ([pipelines](how-to/run-in-a-pipeline.md))",
    ),
    Variable(("GITHUB_STEP_SUMMARY",), "a file to which a summary in Markdown is appended"),
    Variable(
        ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"),
        "the root of the checkout: annotations and reports name plan files relative to it",
    ),
)
AWS: Final = (
    Variable(("AWS_REGION", "AWS_DEFAULT_REGION"), "the Region, unless the plan has one"),
    Variable(("AWS_PROFILE",), "the profile, unless the plan has one", "botocore"),
    Variable(
        ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"),
        "the configuration and credentials files in place of `~/.aws/config` and `~/.aws/credentials`",
        "botocore",
    ),
    Variable(
        (
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_SECURITY_TOKEN",
            "AWS_CREDENTIAL_EXPIRATION",
        ),
        "keys, the token of a session (two names for it), and when it expires",
        "botocore",
    ),
    Variable(
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME"), "a web identity", "botocore"
    ),
    Variable(
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        ),
        "the credentials endpoint of a container",
        "botocore",
    ),
    Variable(("AWS_EC2_METADATA_DISABLED",), "`true`: do not ask the EC2 instance", "botocore"),
    Variable(
        ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS"),
        "the endpoint of all services, or of one, unless the plan has one; there is one variable per service",
        "botocore",
    ),
    Variable(
        ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_ACCOUNT_ID_ENDPOINT_MODE"),
        "variants of the endpoints of AWS",
        "botocore",
    ),
)
NETWORK: Final = (
    Variable(
        ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"),
        "the certificates that servers are checked with: the first of these, with `ca_bundle` of the profile after "
        "`AWS_CA_BUNDLE`",
    ),
    Variable(
        ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"),
        "proxies, and what is reached without them; also in lower case",
        "urllib",
    ),
)
TELEMETRY: Final = (
    Variable(("OTEL_SERVICE_NAME",), "the name of the service (default: `ddbbackup`)"),
    Variable(("TRACEPARENT", "TRACESTATE"), "the trace that the spans of a run belong to"),
    Variable(
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_RESOURCE_ATTRIBUTES"),
        "where to send traces and metrics unless the plan says it, headers, and attributes; other variables of the "
        "OpenTelemetry SDK work too",
        "opentelemetry",
    ),
)
SECTIONS: Final = {
    "Of ddbbackup": OWN,
    "On a terminal": TERMINAL,
    "In a CI system": CI,
    "Of AWS": AWS,
    "Certificates and proxies": NETWORK,
    "Telemetry": TELEMETRY,
}
_NOTES: Final = {
    "Of AWS": "[Credentials, Regions and endpoints](credentials.md) says in which order they count.\n",
    "Telemetry": "With `metrics.opentelemetry` in the plan only ([metrics](metrics.md)).\n",
}
_INTRODUCTION: Final = """\
Besides these, `${NAME}` in a plan reads the variable `NAME` ([plan](plan.md)), and `--hash-key-from NAME` of
`restore` reads the key of hashes.

"""


def page() -> str:
    parts = [header("Environment variables", "tools/docs/environment.py"), _INTRODUCTION]
    for title, variables in SECTIONS.items():
        rows = [(code_list(each.names), each.effect) for each in variables]
        parts.append(f"## {title}\n\n")
        if note := _NOTES.get(title):
            parts.append(f"{note}\n")
        parts.append(table(("variable", "effect"), rows) + "\n")
    return "".join(parts).rstrip("\n") + "\n"
