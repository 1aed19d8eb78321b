"""AWS's texts: known sentences without any value, everything else withheld."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.aws.error_map import from_client_error
from ddbbackup.model.aws_texts import DATA_PLANE, WITHHELD, error_code, safe_reason

SECRET = "4111 1111  1111\n1111"
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


def test_the_text_of_another_operation_stays_on_one_bounded_line() -> None:
    """It names what to correct, and holds no items; but nobody guarantees its form."""
    error = client_error("CreateTable", "No \x1b[31msuch\u202e\nindex " + "x" * 10_000)
    message = from_client_error(error, "create the table orders").message
    assert message.startswith(r"could not create the table orders: No \x1b[31msuch\u202e index xxx")
    assert message.endswith("(ValidationException)")
    assert len(message) < 700
