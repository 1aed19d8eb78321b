"""What it means that a source of credentials fails: one sentence and one action for each, with exit code 77.

Sources are the user's own set-up: programs, files, endpoints, sign-ins. botocore lets many of their failures through
as plain Python exceptions. What a ``credential_process`` prints may be a secret and is never shown.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from typing import Final

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from ddbbackup.aws.mfa import mfa_session_expired
from ddbbackup.aws.trust import TRUST_CA
from ddbbackup.errors import AccessDenied, CredentialsUnavailable, DdbBackupError
from ddbbackup.model.aws_texts import safe_text, service_code
from ddbbackup.safe_text import escape
from ddbbackup.tls_trust import is_untrusted

EXPIRED: Final = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
)
# What the SDK raises about profiles, files and sign-ins, also while it makes a client.
CONFIGURATION: Final = (
    sdk.ConfigNotFound,
    sdk.ConfigParseError,
    sdk.CredentialRetrievalError,
    sdk.InvalidConfigError,
    sdk.LoginError,
    sdk.MetadataRetrievalError,
    sdk.MissingDependencyException,
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.ProfileNotFound,
    sdk.RefreshWithMFAUnsupportedError,
    sdk.SSOError,
    sdk.TokenRetrievalError,
    sdk.UnknownCredentialError,
)

_UNUSABLE: Final = "the AWS credentials cannot be used"
_CONFIG_HINT: Final = "correct the profile in the AWS configuration (AWS_CONFIG_FILE, ~/.aws/config)"
_PROFILE_HINT: Final = "correct AWS_PROFILE, or `aws.profile` in the plan"
_TRANSIENT_CODES: Final = (
    "IDPCommunicationError",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
)
_NETWORK: Final = (
    sdk.ConnectionError,
    sdk.HTTPClientError,
    sdk.IncompleteReadError,
    ResponseParserError,
    HTTPError,
    HTTPException,
    ConnectionError,
    TimeoutError,
)


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of source. ``name`` is the subject of a sentence. ``remote``: its failures may pass."""

    name: str
    hint: str
    remote: bool = False


# By the METHOD of botocore's providers.
_SOURCES: Final = {
    "env": Source(
        "the environment", "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN again"
    ),
    "assume-role": Source(
        "the role of the profile",
        "check `role_arn` and `source_profile` or `credential_source` of the profile, and the trust policy of the "
        "role",
    ),
    "assume-role of the plan": Source("the role of the plan", "correct `assume_role` in the plan"),
    "assume-role-with-web-identity": Source(
        "the web identity (AWS_WEB_IDENTITY_TOKEN_FILE)",
        "check that the token is mounted, and that the trust policy of the role (AWS_ROLE_ARN) allows its issuer, "
        "subject and audience",
    ),
    "sso": Source(
        "IAM Identity Center", "run `aws sso login` for the profile, then run the same command again"
    ),
    "login": Source("the session of `aws login`", "run `aws login`, then run the same command again"),
    "custom-process": Source(
        "the `credential_process` of the profile", "run the program by hand, and correct what it reports"
    ),
    "container-role": Source(
        "the credentials endpoint of the container",
        "check AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, "
        "and the role of the task or pod",
        remote=True,
    ),
    "iam-role": Source(
        "the instance metadata service",
        "check the role of the instance and its metadata options",
        remote=True,
    ),
}
_FILES: Final = Source("the AWS configuration", _CONFIG_HINT)


# It warns, with a traceback, of every renewal that fails. The events and errors of ddbbackup say it once.
logging.getLogger("botocore.credentials").setLevel(logging.ERROR)


def no_credentials() -> AccessDenied:
    return AccessDenied(
        "no AWS credentials found", hint="sign in, or set AWS_PROFILE or `aws.profile` in the plan"
    )


def unsendable_keys() -> AccessDenied:
    return AccessDenied(
        f"{_UNUSABLE}: a key or token is not text, or contains a line break or a control character",
        hint="set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN again, without line breaks",
    )


@contextmanager
def explain_credential_errors(method: str | None) -> Iterator[None]:
    """Raises whatever a source raises as ``AccessDenied``, or ``CredentialsUnavailable`` if it may pass.

    ``method`` is that of the provider; None while the configuration is read.
    """
    try:
        yield
    except DdbBackupError:
        raise
    except Exception as error:
        raise explain(error, _SOURCES.get(method or "", _FILES), method) from error


@contextmanager
def explain_role_errors(role_arn: str) -> Iterator[None]:
    """The same for a role that the plan names."""
    try:
        yield
    except DdbBackupError:
        raise
    except Exception as error:
        hint = "allow the caller sts:AssumeRole on the role, and check its trust policy and external ID"
        raise explain(error, Source(f"the role {role_arn}", hint), "assume-role of the plan") from error


def explain_configuration(error: Exception) -> DdbBackupError:
    """The error for one of ``CONFIGURATION``, or for a file that cannot be read."""
    return explain(error, _FILES, None)


def explain(error: Exception, source: Source, method: str | None) -> DdbBackupError:
    """The error that the user sees."""
    if "Invalid header value" in str(error):  # it quotes the value, which is a token
        return unsendable_keys()
    match error:
        case sdk.ClientError():
            return _refused(error, source)
        case sdk.NoCredentialsError():
            return no_credentials()
        case sdk.RefreshWithMFAUnsupportedError():
            return mfa_session_expired()
        case sdk.CredentialRetrievalError() if error.kwargs.get("provider") == "custom-process":
            return _denied(*_process_failed(error))  # also that of the profile with which a role is assumed
        case sdk.CredentialRetrievalError() | sdk.MetadataRetrievalError() if source.remote:
            return _unavailable(f"{source.name} returned no credentials ({_line(error)})", source)
    if is_untrusted(error):
        return _denied(f"the certificate of {source.name} is not trusted ({_line(error)})", TRUST_CA)
    if isinstance(error, _NETWORK):
        return _unavailable(f"{source.name} cannot be reached ({_line(error)})", source)
    if (known := _known(error, source)) is not None:
        return _denied(*known)
    if (
        method == "custom-process" or str(error) in _UNQUOTED
    ):  # also of the profile with which a role is assumed
        return _denied(*_process_failed(error))
    return _denied(_failed(error, source, method), source.hint)


def _failed(error: Exception, source: Source, method: str | None) -> str:
    """The reason for an exception that may come from anywhere. Its text may quote what was read."""
    match error:
        case OSError():
            file = f"{error.filename}: " if error.filename else ""
            return f"{source.name}: cannot read {file}{_reason(error)}"
        case RuntimeError() if "expired" in str(error):
            return f"{source.name} returned credentials that have expired"
        case ValueError() | OverflowError() if method == "env":
            return "AWS_CREDENTIAL_EXPIRATION is not a time"
        case ValueError() if str(error).startswith("Unsupported host"):
            return f"{source.name}: {_line(error)}"
        case sdk.BotoCoreError():
            return f"{source.name}: {_line(error)}"
    return f"{source.name} returned something that is not understood ({type(error).__name__})"


def _known(error: Exception, source: Source) -> tuple[str, str] | None:
    """Reason and hint of what the SDK has a class for."""
    match error:
        case sdk.ProfileNotFound():
            return (
                f"the profile {error.kwargs.get('profile')} does not exist in the AWS configuration",
                _PROFILE_HINT,
            )
        case sdk.ConfigParseError() | sdk.ConfigNotFound():
            return _line(error), "correct the file, or AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE"
        case sdk.PartialCredentialsError() if error.kwargs.get("provider") == "assume-role":
            return "the profile has `role_arn`, but no credentials to assume it with", (
                "add `source_profile` or `credential_source` to the profile"
            )
        case sdk.PartialCredentialsError():
            return _line(error), "set both the access key and the secret key, or neither"
        case sdk.UnauthorizedSSOTokenError() | sdk.SSOTokenLoadError() | sdk.TokenRetrievalError():
            return (
                f"the sign-in of IAM Identity Center has expired, or there is none ({_line(error)})",
                _SSO.hint,
            )
        case sdk.MissingDependencyException():
            return (
                f"{source.name} needs the package awscrt, which is not installed",
                "run `pip install 'botocore[crt]'`",
            )
        case sdk.LoginError():
            return f"{source.name} has expired, or there is none ({_line(error)})", _LOGIN.hint
        case sdk.InvalidConfigError() | sdk.UnknownCredentialError():
            return _line(error), _CONFIG_HINT
    return None


_UNQUOTED: Final = ("No closing quotation", "No escaped character")  # of shlex, before anything runs
_SSO: Final = _SOURCES["sso"]
_LOGIN: Final = _SOURCES["login"]


def _process_failed(error: Exception) -> tuple[str, str]:
    """Never with what the program printed."""
    source = _SOURCES["custom-process"]
    if isinstance(error, OSError):
        program = f", {error.filename}," if error.filename else ""
        return (
            f"{source.name}{program} cannot be run: {_reason(error)}",
            "install the program, or correct `credential_process` in the AWS configuration",
        )
    if isinstance(error, RuntimeError) and "expired" in str(error):
        return f"{source.name} returned credentials that have expired", source.hint
    if isinstance(error, sdk.CredentialRetrievalError):
        text = str(error.kwargs.get("error_msg"))
        if text.startswith(("Unsupported version", "Missing required key")):
            return (
                f"{source.name} printed a document of another form ({escape(text, longest=120)})",
                source.hint,
            )
        return f"{source.name} failed", source.hint
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return f"{source.name} did not print JSON", source.hint
    if isinstance(error, IndexError) or str(error) in _UNQUOTED:
        return (
            f"{source.name} is not a command: it is empty, or a quotation mark is missing",
            "correct `credential_process` in the AWS configuration",
        )
    if isinstance(error, ValueError | OverflowError):
        return f"{source.name} printed an `Expiration` that is not a time", source.hint
    return f"{source.name} printed a document of another form ({type(error).__name__})", source.hint


def _refused(error: sdk.ClientError, source: Source) -> DdbBackupError:
    """With AWS's text only if it is a known sentence."""
    details = error.response.get("Error", {})
    code = service_code(str(details.get("Code") or ""))
    message = safe_text(str(details.get("Message") or ""))
    text = (
        f"{source.name} was refused: {message} ({code})" if message else f"{source.name} was refused ({code})"
    )
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    if code in _TRANSIENT_CODES or status >= 500:
        return _unavailable(text, source)
    if code in EXPIRED:
        return _denied(text, "sign in again, then run the same command again: it continues where it stopped")
    return _denied(text, source.hint)


def _denied(reason: str, hint: str) -> AccessDenied:
    return AccessDenied(f"{_UNUSABLE}: {reason}", hint=hint)


def _unavailable(reason: str, source: Source) -> CredentialsUnavailable:
    return CredentialsUnavailable(f"{_UNUSABLE}: {reason}", hint=source.hint)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _line(error: Exception) -> str:
    """Without what an endpoint answered, which the SDK quotes at the end."""
    text = str(error)
    if isinstance(error, sdk.CredentialRetrievalError):
        text = str(error.kwargs.get("error_msg") or text)
    text = text.partition(" from container metadata:")[0]
    return escape(" ".join(text.split()).rstrip("."), longest=300)
