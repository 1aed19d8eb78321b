"""The context manager that turns whatever the SDK raises into errors of ddbbackup."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Final

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from ddbbackup.aws.credential_errors import (
    CONFIGURATION,
    explain_configuration,
    unsendable_keys,
)
from ddbbackup.aws.error_codes import (
    CHECK_CLOCK,
    CHECK_NETWORK,
    CODES,
    FIX_CAUSE,
    GRANT,
    LATER,
    LOOK_UP,
    RAISE_QUOTA,
    REQUEST_QUOTA,
    Translation,
)
from ddbbackup.aws.response_shape import UnusableResponse
from ddbbackup.aws.trust import TRUST_CA, UntrustedCertificate
from ddbbackup.errors import (
    AccessDenied,
    CertificateRejected,
    DdbBackupError,
    Refused,
    StepFailed,
    Throttled,
    Unreachable,
    UsageError,
)
from ddbbackup.model.aws_errors import is_clock_skew, is_permanent_limit
from ddbbackup.model.aws_texts import (
    DATA_PLANE,
    NO_KNOWN_SENTENCE,
    error_code,
    safe_reason,
    safe_text,
    service_code,
)
from ddbbackup.os_errors import os_reason
from ddbbackup.tls_trust import is_untrusted

_VALUE: Final = re.compile(r"value: .*?, (?=type:|valid )")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{8,80}", re.ASCII)
# What the SDK lets through of the libraries below it: broken bodies, TLS failures, unreadable CA bundles.
_TRANSPORT: Final = (
    sdk.HTTPClientError,
    sdk.ConnectionError,
    sdk.IncompleteReadError,
    HTTPError,
    HTTPException,
)
_LIBRARIES: Final = ("botocore", "boto3", "urllib3")


@contextmanager
def translate_errors(action: str) -> Iterator[None]:
    """Raises whatever the SDK raises as an error of ddbbackup; what our own code raises passes as it is.

    ``action`` completes the sentence "could not …", as in "export table orders".
    """
    try:
        yield
    except sdk.ClientError as error:
        raise from_client_error(error, action) from error
    except CONFIGURATION as error:
        raise explain_configuration(error) from error
    except sdk.NoRegionError as error:
        raise UsageError(
            f"could not {action}: no region is set", hint="set `aws.region` in the plan, or AWS_REGION"
        ) from error
    except sdk.ParamValidationError as error:
        raise Refused(
            f"could not {action}: the SDK rejects the parameters ({_without_values(error)})",
            hint="correct the value in the plan",
        ) from error
    except UntrustedCertificate as error:
        raise CertificateRejected(f"could not {action}: {_one_line(error)}", hint=TRUST_CA) from error
    except UnusableResponse as error:
        raise Unreachable(
            f"could not {action}: the response cannot be used ({_one_line(error)})", hint=CHECK_NETWORK
        ) from error
    except ResponseParserError as error:  # its text quotes the body
        raise Unreachable(
            f"could not {action}: the response cannot be used (it cannot be parsed)", hint=CHECK_NETWORK
        ) from error
    except sdk.PaginationError as error:  # its text quotes the token, which may be the key of an item
        raise Unreachable(
            f"could not {action}: the response cannot be used (the list repeats its page token)",
            hint=CHECK_NETWORK,
        ) from error
    except _TRANSPORT as error:
        raise _from_transport(error, action) from error
    except Exception as error:
        translated = _from_anything_else(error, action)
        if translated is None:
            raise
        raise translated from error


def from_client_error(error: sdk.ClientError, action: str) -> DdbBackupError:
    """By code; where the code is unknown, by HTTP status."""
    code = code_of(error)
    kind, hint = (
        _by_text(error, code)
        or CODES.get(code)
        or _by_status(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    )
    text = _text_of(error, code)
    # A hint that refers to what is not there would mislead.
    hint = LOOK_UP if NO_KNOWN_SENTENCE in text and "above" in hint else hint
    return kind(f"could not {action}: {text}", hint=hint)


def _by_text(error: sdk.ClientError, code: str) -> Translation | None:
    message = str(error.response.get("Error", {}).get("Message") or "")
    if is_clock_skew(code, message):
        return Translation(AccessDenied, CHECK_CLOCK)
    if code == "LimitExceededException" and is_permanent_limit(message):
        return Translation(Refused, RAISE_QUOTA)
    return None


def _text_of(error: sdk.ClientError, code: str) -> str:
    """The code and what is known of AWS's text, on one line. A text nobody knows may hold items or secrets."""
    message = str(error.response.get("Error", {}).get("Message") or "")
    if error.operation_name in DATA_PLANE:
        return safe_reason(error_code(code), message)
    code = service_code(code)
    if not message.strip() or message == code:
        return code
    text = safe_text(message)
    return f"{text} ({code})" if text is not None else f"{code} ({NO_KNOWN_SENTENCE}{_request_id(error)})"


def _request_id(error: sdk.ClientError) -> str:
    request_id = str(error.response.get("ResponseMetadata", {}).get("RequestId") or "")
    return f"; request id {request_id}" if _REQUEST_ID.fullmatch(request_id) else ""


def _from_transport(error: Exception, action: str) -> DdbBackupError:
    if "Invalid header value" in str(error):  # the only header values that are not ours; the text quotes them
        return unsendable_keys()
    if is_untrusted(error):  # of a client that the SDK made for itself
        return CertificateRejected(f"could not {action}: {_one_line(error)}", hint=TRUST_CA)
    return Unreachable(f"could not {action}: {_one_line(error)}", hint=CHECK_NETWORK)


def _from_anything_else(error: Exception, action: str) -> DdbBackupError | None:
    """None for an error of our own code.

    The text of an error may quote what was read, so only that of the SDK and of the system is shown.
    """
    if isinstance(error, DdbBackupError):
        return None
    reason = _one_line(error) if isinstance(error, sdk.BotoCoreError) else type(error).__name__
    if isinstance(error, OSError):
        # The SDK wraps errors about CA bundles, but not those about its own configuration files.
        if error.filename:
            return explain_configuration(error)
        return Unreachable(f"could not {action}: {os_reason(error)}", hint=CHECK_NETWORK)
    if isinstance(error, sdk.BotoCoreError):
        return StepFailed(f"could not {action}: {reason}", hint=FIX_CAUSE)
    if _passed_through(error, *_LIBRARIES):
        return Unreachable(f"could not {action}: the SDK failed ({reason})", hint=CHECK_NETWORK)
    return None


def _passed_through(error: Exception, *modules: str) -> bool:
    """Whether code of one of these modules, or of a module below them, raised the error or let it through."""
    names = (frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(name == module or name.startswith(f"{module}.") for name in names for module in modules)


def code_of(error: sdk.ClientError) -> str:
    """The error code. A HEAD response of S3 has no body: its code is the HTTP status."""
    return str(error.response.get("Error", {}).get("Code") or "unknown")


def _by_status(status: int) -> Translation:
    if status >= 500:
        return Translation(Unreachable, LATER)
    if status == 429:
        return Translation(Throttled, REQUEST_QUOTA)
    if status == 403:
        return Translation(AccessDenied, GRANT)
    return Translation(StepFailed, FIX_CAUSE)


def _without_values(error: sdk.ParamValidationError) -> str:
    """The SDK quotes values as ``value: …,`` before it says what would be valid."""
    return _VALUE.sub("value: …, ", _one_line(error))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500]
