"""The errors of a JSON Schema validator as problems that a person can act on.

A validator reports every keyword that fails, several for one place. Here the errors of one value become the problem
of its most telling keyword, and a missing key is not reported beside the misspelled key that was meant to be it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

from ddbbackup.clock import SystemClock
from ddbbackup.model.numbers import counted
from ddbbackup.plan.document import Document, ValuePath
from ddbbackup.plan.restore_from import parse_from
from ddbbackup.plan.schemas import admits_string, plan_schema, resolve
from ddbbackup.problems import Problem
from ddbbackup.suggestions import closest, suggest
from ddbbackup.times import InvalidTime, parse_duration

_INDICATORS: Final = tuple("*&!%@`")  # a plain scalar of YAML cannot begin with them
_NAMES_OF_JSON_TYPES: Final = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "integer": "an integer",
    "boolean": "a boolean",
}


def check_schema(document: Document) -> Iterator[Problem]:
    """Every problem of an interpolated document that the plan's schema can find, at most one for each path."""
    yield from _problems(document, _validator().iter_errors(document.data))


@cache
def _validator() -> Any:
    """A validator with our ``x-`` keywords, for which 2.0 is not an integer (for JSON Schema it is)."""
    from jsonschema import Draft202012Validator, ValidationError, validators  # noqa: PLC0415 - half of a start

    def parser(_: Any, name: str, instance: Any, __: Any) -> Iterator[ValidationError]:
        if isinstance(instance, str) and (error := _parse_error(name, instance)):
            yield ValidationError(error.message)

    kind = validators.extend(  # type: ignore[no-untyped-call]  # types-jsonschema leaves it unannotated
        Draft202012Validator,
        {"x-parser": parser},
        type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
            "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
        ),
    )
    return kind(plan_schema())


def _parse_error(parser: str, text: str) -> InvalidTime | None:
    try:
        if parser == "duration":
            parse_duration(text)
        else:
            parse_from(text, now=SystemClock().now())
    except InvalidTime as error:
        return error
    return None


def _problems(document: Document, errors: Iterable[Any]) -> Iterator[Problem]:
    by_path: dict[ValuePath, dict[str, Any]] = {}
    for error in errors:
        path: ValuePath = tuple(error.absolute_path)
        if "propertyNames" in error.absolute_schema_path:
            yield _bad_key(document, path, error)
        else:
            by_path.setdefault(path, {}).setdefault(error.validator, error)
    for path, by_keyword in by_path.items():
        if keyword := next((keyword for keyword in _EXPLAIN_VALUE if keyword in by_keyword), None):
            yield from _EXPLAIN_VALUE[keyword](document, path, by_keyword[keyword])
        elif "anyOf" in by_keyword and not any(map(_required_keys, by_keyword["anyOf"].validator_value)):
            yield from _no_alternative(document, path, by_keyword["anyOf"])
        elif by_keyword.keys() <= _KEY_KEYWORDS:
            yield from _key_problems(document, path, by_keyword)
        else:
            raise LookupError(f"no message for the schema keywords {sorted(by_keyword)}")


# Keys of a mapping

_KEY_KEYWORDS: Final = frozenset(("additionalProperties", "required", "dependentRequired", "oneOf", "anyOf"))


def _bad_key(document: Document, path: ValuePath, error: Any) -> Problem:
    key = str(error.instance)
    return document.problem(
        (*path, key),
        "bad-name",
        f"{key!r} is not {error.schema['x-noun']}",
        hint=f"use {error.schema['x-format']}",
        at_key=True,
    )


def _key_problems(document: Document, path: ValuePath, by_keyword: Mapping[str, Any]) -> Iterator[Problem]:
    """Unknown keys, missing keys, and keys of which there must be exactly one."""
    meant: set[str] = set()  # by misspelled keys
    if error := by_keyword.get("additionalProperties"):
        known = list(error.schema["properties"])
        for key in error.instance:
            if key not in known and not key.startswith("x-"):
                meant.add(closest(key, known) or key)
                hint = suggest(key, known, otherwise=f"use one of: {', '.join(known)}")
                yield document.problem(
                    (*path, key), "unknown-key", f"unknown key `{key}`", hint=hint, at_key=True
                )
    yield from _missing_keys(document, path, by_keyword, meant)
    if error := by_keyword.get("oneOf") or by_keyword.get("anyOf"):
        alternatives = [key for branch in error.validator_value for key in _required_keys(branch)]
        if not meant & set(alternatives):
            yield _alternatives_problem(document, path, error, alternatives)


def _missing_keys(
    document: Document, path: ValuePath, by_keyword: Mapping[str, Any], meant: set[str]
) -> Iterator[Problem]:
    if error := by_keyword.get("required"):
        for key in error.validator_value:
            if key not in error.instance and key not in meant:
                hint = _add_hint(key, error.schema)
                yield document.problem((*path, key), "missing-key", "missing required key", hint=hint)
    if error := by_keyword.get("dependentRequired"):
        for key, required in error.validator_value.items():
            for missing in required:
                if key in error.instance and missing not in error.instance and missing not in meant:
                    message, hint = f"`{key}` requires `{missing}`", _add_hint(missing, error.schema)
                    yield document.problem((*path, key), "missing-key", message, hint=hint, at_key=True)


def _required_keys(branch: Mapping[str, Any]) -> list[str]:
    """Those of a branch, or of its own alternatives."""
    return [
        *branch.get("required", ()),
        *(key for each in branch.get("anyOf", ()) for key in _required_keys(each)),
    ]


def _alternatives_problem(
    document: Document, path: ValuePath, error: Any, alternatives: list[str]
) -> Problem:
    present = [key for key in alternatives if key in error.instance]
    if present:
        message, hint = (
            f"{_join_keys(present, 'and')} are mutually exclusive",
            f"keep {_join_keys(present, 'or')}",
        )
    else:
        message, hint = error.schema["x-missing"], f"add {_join_keys(alternatives, 'or')}"
    return document.problem(path, "one-of", message, hint=hint)


def _add_hint(key: str, parent: Mapping[str, Any]) -> str:
    example = _example(resolve(parent["properties"][key]))
    return f"add `{key}`" + (f", such as `{key}: {example}`" if example else "")


# One value


def _wrong_type(document: Document, path: ValuePath, error: Any) -> Iterator[Problem]:
    expected, value = error.validator_value, error.instance
    yield document.problem(
        path,
        "wrong-type",
        f"expected {_NAMES_OF_JSON_TYPES[expected]}, found {_describe(document, path, value, error.schema)}",
        hint=_type_hint(document, path, error.schema, value),
    )


def _type_hint(document: Document, path: ValuePath, schema: Mapping[str, Any], value: Any) -> str:
    if value is None:
        key, colon, rest = str(path[-1]).partition(":")
        return (
            f"write `{key}: {rest}`, with a space after the colon"
            if colon and rest
            else "add a value, or remove the key"
        )
    written = str(document.written.get(path, value))
    is_literal_scalar = not isinstance(value, dict | list) and path not in document.interpolated
    if is_literal_scalar and admits_string(schema) and _is_valid(schema, written):
        return "add quotes" if schema.get("x-secret") else f'add quotes: "{written}"'
    if is_literal_scalar and schema["type"] == "integer" and isinstance(value, str) and value.isdecimal():
        return f"remove the quotes: {value}"
    if "x-format" in schema:
        return f"use {schema['x-format']}"
    example = _example(schema)
    kind = _NAMES_OF_JSON_TYPES[schema["type"]]
    if (
        not example
        and schema["type"] == "array"
        and is_literal_scalar
        and written in _choices(schema.get("items", {}))
    ):
        example = f"[{written}]"
    return f"use {kind}" + (f", such as `{example}`" if example else "")


def _choices(schema: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(choice for each in schema.get("anyOf", (schema,)) for choice in each.get("enum", ()))


def _is_valid(schema: Mapping[str, Any], value: str) -> bool:
    valid: bool = _validator().evolve(schema=schema).is_valid(value)
    return valid


def _unsupported_version(document: Document, path: ValuePath, error: Any) -> Iterator[Problem]:
    """``version`` is the only constant of the schema."""
    yield document.problem(
        path,
        "unsupported-version",
        f"unsupported plan version {document.show(path, error.instance)}; "
        f"this release reads version {error.validator_value}",
        hint=f"write `version: {error.validator_value}`",
    )


def _not_a_choice(document: Document, path: ValuePath, error: Any) -> Iterator[Problem]:
    choices, value = [str(choice) for choice in error.schema["enum"]], error.instance
    written = str(document.written.get(path, value))
    yield document.problem(
        path,
        "not-a-choice",
        f"{_show(document, path, error)} is not one of {', '.join(choices)}",
        hint=suggest(written, choices, otherwise="choose one of these values"),
    )


def _bad_value(document: Document, path: ValuePath, error: Any) -> Iterator[Problem]:
    schema = error.schema
    yield document.problem(
        path,
        "bad-value",
        f"{_show(document, path, error)} is not {schema['x-noun']}",
        hint=f"use {schema['x-format']}",
    )


def _unparsable(document: Document, path: ValuePath, error: Any) -> Iterator[Problem]:
    """In the parser's words, except for the value of a variable, which it would repeat."""
    parse_error = _parse_error(error.validator_value, error.instance)
    if parse_error is None or path in document.interpolated:
        yield from _bad_value(document, path, error)
    else:
        yield document.problem(path, "bad-value", parse_error.message, hint=parse_error.hint)


def _out_of_bounds(document: Document, path: ValuePath, error: Any) -> Iterator[Problem]:
    limit, value = error.validator_value, _show(document, path, error)
    characters = "1 character" if limit == 1 else f"{limit} characters"
    message, hint = {
        "minimum": (f"{value} is below the minimum of {limit}", f"use {limit} or more"),
        "maximum": (f"{value} exceeds the maximum of {limit}", f"use {limit} or less"),
        "minLength": (f"{value} is shorter than {characters}", f"use at least {characters}"),
        "maxLength": (f"{value} is longer than {characters}", f"use at most {characters}"),
    }[error.validator]
    yield document.problem(path, "out-of-bounds", message, hint=hint)


def _empty(document: Document, path: ValuePath, error: Any) -> Iterator[Problem]:
    if isinstance(error.instance, list):
        kind, add = "list", "add an element"
    else:
        kind, add = "mapping", f"add {_join_keys(list(error.schema.get('properties', ())), 'or') or 'a key'}"
    yield document.problem(path, "empty-value", f"the {kind} is empty", hint=f"{add}, or remove `{path[-1]}`")


def _too_many(document: Document, path: ValuePath, error: Any) -> Iterator[Problem]:
    yield document.problem(
        path,
        "out-of-bounds",
        f"{counted(len(error.instance), 'key')} exceed the maximum of {error.validator_value}",
        hint=f"keep at most {error.validator_value}",
    )


def _repeated(document: Document, path: ValuePath, error: Any) -> Iterator[Problem]:
    """At each element that equals an earlier one."""
    for index, element in enumerate(error.instance):
        if element in error.instance[:index]:
            inner = (*path, index)
            yield document.problem(
                inner, "repeated", f"duplicate element {document.show(inner, element)}", hint="remove it"
            )


def _no_alternative(document: Document, path: ValuePath, error: Any) -> Iterator[Problem]:
    """Of alternatives for different types: the errors of the one that takes this type, or what the types are."""
    branches: dict[int, list[Any]] = {}
    for each in error.context:
        branches.setdefault(each.relative_schema_path[0], []).append(each)
    for errors in branches.values():
        if not any(each.validator == "type" and not each.relative_path for each in errors):
            hint = _as_a_list(error.validator_value, error.instance)
            for problem in _problems(document, errors):
                yield replace(problem, hint=hint) if hint is not None else problem
            return
    types = [_NAMES_OF_JSON_TYPES[branch["type"]] for branch in error.validator_value]
    yield document.problem(
        path,
        "wrong-type",
        f"expected {_join(types, 'or')}, found {_describe(document, path, error.instance, error.schema)}",
        hint=_type_hint(document, path, error.validator_value[0], error.instance),
    )


def _as_a_list(branches: Sequence[Mapping[str, Any]], value: Any) -> str | None:
    """The hint for one element that stands where the schema takes a word or a list."""
    lists = [branch for branch in branches if branch.get("type") == "array"]
    if not isinstance(value, str) or not any(
        _validator().evolve(schema=each).is_valid([value]) for each in lists
    ):
        return None
    return f"write it as a list: `[{value}]`"


_EXPLAIN_VALUE: Final[dict[str, Callable[[Document, ValuePath, Any], Iterator[Problem]]]] = {
    # The first that applies is the one that is reported.
    "type": _wrong_type,
    "const": _unsupported_version,
    "enum": _not_a_choice,
    "x-parser": _unparsable,
    "pattern": _bad_value,
    "minLength": _out_of_bounds,
    "maxLength": _out_of_bounds,
    "minimum": _out_of_bounds,
    "maximum": _out_of_bounds,
    "minItems": _empty,
    "minProperties": _empty,
    "maxProperties": _too_many,
    "uniqueItems": _repeated,
}


# Words


def _show(document: Document, path: ValuePath, error: Any) -> str:
    """The value at the beginning of a sentence."""
    if isinstance(error.instance, dict | list):
        return "a mapping" if isinstance(error.instance, dict) else "a list"
    return "the value" if error.schema.get("x-secret") else document.show(path, error.instance)


def _describe(document: Document, path: ValuePath, value: Any, schema: Mapping[str, Any]) -> str:
    """The type of a value, and the value unless it may be a secret."""
    if value is None:
        return "no value"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    kind = "string" if isinstance(value, str) else "boolean" if isinstance(value, bool) else "number"
    return f"a {kind}" if schema.get("x-secret") else f"the {kind} {document.show(path, value)}"


def _example(schema: Mapping[str, Any]) -> str | None:
    """The first example as YAML in one line."""
    if not schema.get("examples"):
        return None
    example = schema["examples"][0]
    return _in_one_line(example)


def _in_one_line(value: object) -> str:
    """Quotes only what YAML would take for something else, such as the alias `*-tmp`."""
    if isinstance(value, list):
        return f"[{', '.join(map(_in_one_line, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_in_one_line(each)}' for key, each in value.items())}}}"
    if isinstance(value, str):
        return f'"{value}"' if value[:1] in _INDICATORS else value
    return json.dumps(value)


def _join_keys(keys: list[str], conjunction: str) -> str:
    return _join([f"`{key}`" for key in keys], conjunction)


def _join(words: list[str], conjunction: str) -> str:
    return "".join(words) if len(words) < 2 else f"{', '.join(words[:-1])} {conjunction} {words[-1]}"
