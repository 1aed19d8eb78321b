"""DynamoDB's condition expressions: parsed with positions, and evaluated on items as they are in an export.

``parse_condition`` makes a ``Condition`` of the text of a ``FilterExpression``. ``compile_condition`` makes a
function of it that says whether an item matches. ``required_bytes`` says what a line must contain to match, so that
most lines need not be parsed. Pure; numbers stay decimal.

Source: Amazon DynamoDB Developer Guide, "Condition and filter expressions, operators, and functions".
"""

from ddbbackup.conditions.compile import Matches, compile_condition
from ddbbackup.conditions.parser import InvalidCondition, parse_condition
from ddbbackup.conditions.required_bytes import Required, required_bytes
from ddbbackup.conditions.tree import Condition
from ddbbackup.conditions.values import value_problem

__all__ = [
    "Condition",
    "InvalidCondition",
    "Matches",
    "Required",
    "compile_condition",
    "parse_condition",
    "required_bytes",
    "value_problem",
]
