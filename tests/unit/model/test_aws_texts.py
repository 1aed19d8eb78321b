"""AWS's texts: known sentences without any value, everything else withheld."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.aws.error_map import from_client_error, translate_errors
from ddbbackup.errors import Refused, Unreachable
from ddbbackup.model.aws_texts import (
    DATA_PLANE,
    WITHHELD,
    error_code,
    failure_code,
    failure_text,
    safe_reason,
    safe_text,
)
from ddbbackup.sandbox import backup_rules, export_rules, import_rules, restore_rules, window_rules

SECRET = "4111 1111  1111\n1111"
ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
INVALID = "One or more parameter values were invalid:"
NOT_VALID = "One or more parameter values are not valid."
NOT_NUMERIC = "The parameter cannot be converted to a numeric value"
NESTED = "Nesting Levels have exceeded supported limits"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (f"{INVALID} Missing the key {SECRET} in the item", f"{INVALID} Missing the key … in the item"),
        (f"{INVALID} Type mismatch for key id expected: S actual: N", f"{INVALID} Type mismatch for key …"),
        (
            f"{INVALID} Type mismatch for Index Key {SECRET} Expected: S Actual: M IndexName: by-name",
            f"{INVALID} Type mismatch for Index Key …",
        ),
        (
            f"{NOT_VALID} A value specified for a secondary index key is not supported. The value {SECRET}",
            f"{NOT_VALID} A value specified for a secondary index key is not supported",
        ),
        (f"The parameter cannot be converted to a numeric value: {SECRET}", NOT_NUMERIC),
        (f"1 validation error detected: {NOT_NUMERIC}: {SECRET}", NOT_NUMERIC),
        (
            f"{INVALID} Input collection [{SECRET}, {SECRET}] contains duplicates.",
            f"{INVALID} Input collection … contains duplicates",
        ),
        (
            f"{INVALID} Input collection [{SECRET}]of type BS contains duplicates.",
            f"{INVALID} Input collection … contains duplicates",
        ),
        (f"{INVALID} An string set  may not be empty", f"{INVALID} An string set may not"),
        (
            "Item size has exceeded the maximum allowed size",
            "Item size has exceeded the maximum allowed size",
        ),
        (f"Nesting Levels have exceeded supported limits under {SECRET}", NESTED),
        (
            f"2 validation errors detected: Value '{SECRET}' at 'a' failed to satisfy constraint: x; Value {SECRET}",
            "Value … failed to satisfy constraint",
        ),
        (f"Requested resource not found: Table: {SECRET} not found", "Requested resource not found"),
        (f"The conditional request failed for {SECRET}", "The conditional request failed"),
    ],
)
def test_a_known_sentence_is_shown_without_its_values(message: str, shown: str) -> None:
    """However the server folds whitespace."""
    assert safe_reason("ValidationException", message) == f"ValidationException: {shown}"
    assert safe_reason("ValidationException", message.replace(" ", "\n  ")) == f"ValidationException: {shown}"


@pytest.mark.parametrize(
    "message",
    [
        f"bad value {SECRET} in item",
        f"{SECRET}: Item size has exceeded the maximum allowed size",
        f"The conditional requests {SECRET}",
        f"User: arn:aws:iam::123456789012:user/a is not authorized to perform: dynamodb:PutItem because {SECRET}",
        "x" * 100_000,
    ],
)
def test_the_text_of_an_unknown_sentence_is_withheld(message: str) -> None:
    """A new wording may hold anything."""
    assert safe_reason("ValidationException", message) == f"ValidationException ({WITHHELD})"


def test_who_is_denied_which_action_is_shown() -> None:
    """Principals, actions and tables are not item data, and nothing else helps."""
    message = (
        "User: arn:aws:sts::123456789012:assumed-role/restore/ci is not authorized to perform: "
        "dynamodb:BatchWriteItem on resource: arn:aws:dynamodb:eu-west-1:123456789012:table/orders because no "
        "identity-based policy allows the dynamodb:BatchWriteItem action"
    )
    assert safe_reason("AccessDeniedException", message) == f"AccessDeniedException: {message}"


@given(st.text(max_size=200) | st.text("aA1 :.\n\t", max_size=200))
def test_nothing_of_any_message_is_repeated(message: str) -> None:
    """What is shown is a sentence of the table, or that there is none."""
    marked = f"{message} 4111"
    assert "4111" not in safe_reason("ValidationException", marked)


@pytest.mark.parametrize(
    ("type_name", "code"),
    [
        ("com.amazonaws.dynamodb.v20120810#ThrottlingException", "ThrottlingException"),
        ("ValidationException", "ValidationException"),
        ("SerializationException:http://internal.amazon.com/x", "SerializationException"),
        ("x#4111-1111", "unknown error"),
        ("the item 4111Exception", "unknown error"),
        ("", "unknown error"),
    ],
)
def test_an_error_code_has_the_form_of_one(type_name: str, code: str) -> None:
    """It is shown, so it cannot be just any text."""
    assert error_code(type_name) == code


def client_error(operation: str, message: str) -> ClientError:
    error = {"Error": {"Code": "ValidationException", "Message": message}}
    return ClientError(error, operation)  # type: ignore[arg-type]  # the stubs want all members of a response


@pytest.mark.parametrize("operation", sorted(DATA_PLANE))
def test_errors_of_operations_with_items_hold_no_item_data(operation: str) -> None:
    """Whatever called them."""
    message = from_client_error(client_error(operation, f"no such value {SECRET}"), "read the table").message
    assert message == f"could not read the table: ValidationException ({WITHHELD})"


@pytest.mark.parametrize(
    "message",
    [
        "Table already exists: orders-restored",
        "Table not found: arn:aws:dynamodb:eu-west-1:123456789012:table/orders",
        "Subscriber limit exceeded: 300 concurrent exports",
        (
            "1 validation error detected: Value 'a' at 't.b' failed to satisfy constraint: Member must "
            "have length less than or equal to 3"
        ),
        (
            "One or more parameter values were invalid: Some AttributeDefinitions are not used. "
            "AttributeDefinitions: [id, sk], keys used: [id]"
        ),
        (
            "Restore time is outside of the recovery window, which goes from 2026-11-01T00:00:00Z to "
            "2026-11-26T02:00:00.123Z"
        ),
        "The specified bucket does not exist",
        "At least one of the pre-conditions you specified did not hold.",
        (
            "No scalable target found for service namespace: dynamodb, resource ID: table/orders, "
            "scalable dimension: dynamodb:table:ReadCapacityUnits"
        ),
        (
            "User: arn:aws:sts::123456789012:assumed-role/x/y is not authorized to perform: s3:PutObject "
            'on resource: "arn:aws:s3:::vault/AWSDynamoDB/x/manifest-summary.json" with an explicit deny '
            "in a resource-based policy"
        ),
    ],
)
def test_known_sentences_about_tables_and_buckets_keep_their_names(message: str) -> None:
    """They say what to correct, and no item is named in them."""
    assert safe_text(message.replace(" ", "  ")) == message
    assert (
        safe_text(f"{message} (Service: Amazon S3; Status Code: 403; Request ID: AB12; Proxy: null)")
        == message
    )


@pytest.mark.parametrize(
    "message",
    [
        (
            f"{INVALID} Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current "
            "WarmThroughput, decreasing WarmThroughput is not supported"
        ),
        f"{INVALID} Server-Side Encryption modification must be the only operation in the request",
        f"{INVALID} KMSMasterKeyId must be specified for each replica.",
        f"{INVALID} Disabling Stream is not allowed for a Global Table replica.",
        "Table already has an enabled stream: TableName: orders",
        "GSI write capacity should either be Pay-Per-Request or AutoScaled.",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
        (
            "Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending at "
            "2026-10-09T23:25:27.800Z. After the first 4 change, each subsequent change in the same window can be "
            "performed at most once every 21600 seconds. Number of updates today: 4. Last change at "
            "2026-10-08T23:26:32.1"
        ),
        (
            "Deletion protection setting for table orders modified within the previous 15000 milliseconds. Please "
            "try again after 2026-10-08T23:07:38.207"
        ),
        (
            "Resource-based policy for stream 2026-10-08T23:07:38.207 modified within the previous 15000 "
            "milliseconds. Please try again after 2026-10-09T00:29:34.602Z."
        ),
        (
            "No scalable target registered for service namespace: dynamodb, resource ID: table/orders/index/by-day, "
            "scalable dimension: dynamodb:index:WriteCapacityUnits"
        ),
    ],
)
def test_why_aws_refuses_a_setting_is_shown(message: str) -> None:
    """Observed on AWS. They name only things of the request."""
    assert safe_text(message) == message


@pytest.mark.parametrize(
    "message",
    [
        f"Table already exists: {SECRET}",
        f"Point in time recovery is not enabled for table '{SECRET}'",
        f"Access Denied for {SECRET}",
        f"Item {SECRET} failed",
        f"The specified key does not exist. {SECRET}",
        f"User: arn:aws:iam::123456789012:user/a is not authorized to perform: s3:PutObject because {SECRET}",
    ],
)
def test_a_known_sentence_with_anything_else_in_it_is_not_shown(message: str) -> None:
    """What is in place of a name has the form of one, and nothing follows."""
    assert safe_text(message) is None


@given(st.text(max_size=200) | st.text("aA1 :.\n\t'", max_size=200))
def test_nothing_of_a_text_that_nobody_knows_is_shown(message: str) -> None:
    """A known sentence does not contain the value."""
    assert "41 11" not in (safe_text(f"{message} 41 11") or "")


@pytest.mark.parametrize(
    "module",
    [backup_rules, export_rules, import_rules, restore_rules, window_rules],
    ids=lambda each: each.__name__,
)
def test_the_texts_of_the_sandbox_are_known(module: ModuleType) -> None:
    """They repeat AWS's, except for what the sandbox does not emulate. So the tests meet what people read."""
    texts = list(_texts_of_errors(ast.parse(inspect.getsource(module))))
    assert texts
    assert [text for text in texts if "andbox" not in text and safe_text(text) is None] == []


def _texts_of_errors(tree: ast.AST) -> Iterator[str]:
    """The messages of ``AwsError(code, message)``, with a name, number or time where the sandbox puts one."""
    values = {
        "arn": ARN,
        "quota": "300",
        "QUOTA": "50",
        "begin": "2026-10-31T00:00:00Z",
        "end": "2026-10-31T01:00:00Z",
        "time": "2026-12-31T01:00:00Z",
        "view": "NEW_IMAGES",
        "earliest": "2026-11-01T00:00:00Z",
        "latest": "2026-11-02T00:00:00Z",
    }
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "AwsError":
            match call.args[1]:
                case ast.Constant(value=str(text)):
                    yield text
                case ast.JoinedStr(values=parts):
                    yield "".join(
                        str(part.value)
                        if isinstance(part, ast.Constant)
                        else values.get(getattr(getattr(part, "value", None), "id", ""), "orders")
                        for part in parts
                    )


def test_an_unknown_text_of_another_operation_is_not_shown() -> None:
    """The code is, and how to find the text."""
    error = client_error("CreateTable", f"No \x1b[31msuch\u202e\nindex {SECRET}")
    error.response["ResponseMetadata"] = {"RequestId": "4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG"}  # type: ignore[typeddict-item]  # as above
    raised = from_client_error(error, "create the table orders")
    assert raised.message == (
        "could not create the table orders: ValidationException (AWS's text is not shown: it is no known sentence; "
        "request id 4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG)"
    )
    assert "CloudTrail" in raised.hint


def test_a_known_text_of_another_operation_keeps_its_hint() -> None:
    """It names what to correct."""
    raised = from_client_error(
        client_error("ImportTable", "Table already exists: orders"), "import table orders"
    )
    assert (
        raised.message == "could not import table orders: Table already exists: orders (ValidationException)"
    )
    assert "above" in raised.hint


def test_why_a_job_failed_is_a_known_sentence_or_where_to_find_it() -> None:
    """An import reads items, and may quote them."""
    assert failure_text(None, operation="describe-import") is None
    assert failure_text("Access Denied", operation="describe-export") == "Access Denied"
    assert failure_text(f"bad item {SECRET}", operation="describe-import") == (
        "AWS's text is not shown: it is no known sentence; `aws dynamodb describe-import` prints it"
    )
    assert failure_code("S3AccessDenied") == "S3AccessDenied"
    assert failure_code(f"x {SECRET}") == "unknown error"


def test_values_in_errors_of_the_sdk_are_not_shown() -> None:
    """botocore quotes the value of a parameter that it refuses, and a body that it cannot parse."""
    refused = ParamValidationError(
        report=f"Invalid type for parameter Key.id.S, value: {SECRET}, type: int, valid types: int"
    )
    with pytest.raises(Refused) as raised, translate_errors("read the table"):
        raise refused
    assert "Key.id.S, value: …, type: int" in raised.value.message
    assert "1111" not in raised.value.message
    with pytest.raises(Unreachable) as unread, translate_errors("read the table"):
        raise ResponseParserError(f"Unable to parse response, invalid XML received: {SECRET}")
    assert "1111" not in unread.value.message
