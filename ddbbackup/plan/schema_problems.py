"""Schema errors as problems: one for each place, the best of several, in a person's words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from ddbbackup.plan.document import Document, Path
from ddbbackup.plan.schemas import plan_schema
from ddbbackup.problems import Problem

_KINDS: Final[dict[type, str]] = {
    dict: "a map",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "nothing",
}
_TYPES: Final = {
    "object": "a map",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
}

_SHORT: Final = re.compile(r": | such as |, (?=s3:|arn:)")  # what a thing is, without how it is spelt


def shape_problems(document: Document) -> Iterator[Problem]:
    """Every place at which the document breaks the plan's schema."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - half of what `validate` costs

    validator = Draft202012Validator(plan_schema())
    for error in validator.iter_errors(document.data):
        yield from _explain(document, error)


def _explain(document: Document, error: Any) -> Iterator[Problem]:
    explain = _BY_KEYWORD.get(error.validator)
    path: Path = tuple(error.absolute_path)
    if explain is not None:
        yield from explain(document, path, error)
    else:
        yield document.problem(path, "schema", f"this is not valid: {error.message}", hint="see docs/plan.md")


def near(word: str, words: Iterable[str], otherwise: str) -> str:
    """A hint: the word that was probably meant, or something else to do."""
    found = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f"did you mean `{found[0]}`?" if found else otherwise


def _unknown_keys(document: Document, path: Path, error: Any) -> Iterator[Problem]:
    known = list(error.schema.get("properties", ()))
    names = error.schema.get("x-names")
    patterns = list(error.schema.get("patternProperties", ()))
    for key in error.instance:
        if key in known or any(re.search(pattern, key) for pattern in patterns):
            continue
        if names:
            yield document.problem(
                (*path, key), "bad-name", f"`{key}` is not {names}", hint="rename it", at_key=True
            )
        elif error.schema.get("propertyNames"):
            continue
        else:
            hint = near(key, known, f"use one of: {', '.join(known)}; or begin it with x-")
            yield document.problem(
                (*path, key), "unknown-key", f"unknown key `{key}`", hint=hint, at_key=True
            )


def _missing(document: Document, path: Path, error: Any) -> Iterator[Problem]:
    for key in error.validator_value:
        if error.message.startswith(repr(key)):  # one error a missing key
            known = error.schema.get("properties", {}).get(key, {})
            means = known.get("x-means") or known.get("description") or "it has no default"
            hint = f"add `{key}`: {means}" if means else f"add `{key}`"
            yield document.problem(path, "missing-key", f"`{key}` is missing", hint=hint)
            return


def _type(document: Document, path: Path, error: Any) -> Iterator[Problem]:
    wanted = error.validator_value
    found = _KINDS.get(type(error.instance), "something else")
    message = f"expected {_TYPES.get(wanted, wanted)}, found {found}"
    scalar = not isinstance(error.instance, dict | list)
    if scalar and error.instance is not None:
        message += f" ({document.show(path, error.instance)})"
    hint = error.schema.get("x-means") or error.schema.get("description") or "see docs/plan.md"
    if wanted == "string" and scalar and error.instance is not None and path not in document.interpolated:
        written = str(document.written.get(path, error.instance))
        fits = re.search(error.schema.get("pattern", ""), written)
        hint = f'put it in quotes: "{written}"' if fits else f"write {error.schema.get('x-means', 'a text')}"
    elif error.instance is None:
        hint = "give it a value, or remove the key"
    yield document.problem(path, "wrong-type", message, hint=_sentence(hint))


def _enum(document: Document, path: Path, error: Any) -> Iterator[Problem]:
    choices = [str(choice) for choice in error.validator_value]
    if "propertyNames" in error.absolute_schema_path:
        key = str(error.instance)
        hint = near(key, choices, f"use one of: {', '.join(choices)}")
        yield document.problem((*path, key), "unknown-key", f"unknown key `{key}`", hint=hint, at_key=True)
        return
    written = str(document.written.get(path, error.instance))
    message = f"{document.show(path, error.instance)} is not one of {', '.join(choices)}"
    yield document.problem(
        path, "not-a-choice", message, hint=near(written, choices, f"choose one of: {', '.join(choices)}")
    )


def _const(document: Document, path: Path, error: Any) -> Iterator[Problem]:
    value = error.validator_value
    is_text = isinstance(error.instance, str)
    kind = "the text " if is_text else ""
    message = f"{kind}{document.show(path, error.instance)} is not {value!r}, the only value known here"
    yield document.problem(
        path, "not-a-choice", message, hint=f"write {value!r}" + ", without quotes" * is_text
    )


def _pattern(document: Document, path: Path, error: Any) -> Iterator[Problem]:
    means = error.schema.get("x-means", f"of the form {error.validator_value}")
    yield document.problem(
        path,
        "bad-value",
        f"{document.show(path, error.instance)} is not {_SHORT.split(means, maxsplit=1)[0]}",
        hint=f"write {means}",
    )


def _bounds(document: Document, path: Path, error: Any) -> Iterator[Problem]:
    says = {
        "minimum": "is less than {}",
        "maximum": "is more than {}",
        "minLength": "is shorter than {} characters",
        "maxLength": "is longer than {} characters",
    }[error.validator].format(error.validator_value)
    yield document.problem(
        path, "out-of-bounds", f"{document.show(path, error.instance)} {says}", hint="change the value"
    )


def _empty(document: Document, path: Path, error: Any) -> Iterator[Problem]:
    yield document.problem(
        path, "empty-value", "this is empty", hint="put something into it, or remove the key"
    )


def _too_many(document: Document, path: Path, error: Any) -> Iterator[Problem]:
    yield document.problem(
        path, "out-of-bounds", f"there are more than {error.validator_value} here", hint="remove some"
    )


def _repeated(document: Document, path: Path, error: Any) -> Iterator[Problem]:
    yield document.problem(path, "repeated", "a value stands here twice", hint="remove one of them")


def _one_of(document: Document, path: Path, error: Any) -> Iterator[Problem]:
    says = error.schema.get("x-one-of", "exactly one of several forms must hold")
    forms = [key for form in error.validator_value for key in form.get("required", ())]
    found = [key for key in forms if isinstance(error.instance, dict) and key in error.instance]
    none = error.schema.get("x-none-of", "none of several forms holds")
    message = f"{' and '.join(f'`{key}`' for key in found)} stand together" if found else none
    yield document.problem(path, "one-of", message, hint=says)


def _any_of(document: Document, path: Path, error: Any) -> Iterator[Problem]:
    """The branch whose type fits and that fails deepest; if no type fits, what the types are."""
    branches: dict[int, list[Any]] = {}
    for each in error.context:
        branches.setdefault(each.relative_schema_path[0], []).append(each)
    fitting = {
        number: errors
        for number, errors in branches.items()
        if not any(each.validator == "type" and not each.relative_path for each in errors)
    }
    if not fitting:
        types = dict.fromkeys(_TYPES[schema.get("type", "object")] for schema in error.validator_value)
        found = _KINDS.get(type(error.instance), "something else")
        yield document.problem(
            path,
            "wrong-type",
            f"expected {' or '.join(types)}, found {found}",
            hint=_sentence(error.schema.get("description", "see docs/plan.md")),
        )
        return
    best = min(fitting.values(), key=len)
    wrong_keys = [each for each in best if each.validator in ("additionalProperties", "required")]
    if len(fitting) > 1 and wrong_keys:  # none of the forms has these keys
        wanted = [key for schema in error.validator_value for key in schema.get("required", ())]
        yield from _neither(document, path, error.instance, wanted)
        return
    for each in best:
        yield from _explain(document, each)


def _neither(document: Document, path: Path, instance: Any, wanted: list[str]) -> Iterator[Problem]:
    keys = list(instance) if isinstance(instance, dict) else []
    if not keys:
        yield document.problem(path, "empty-value", "this is empty", hint=f"say one of: {', '.join(wanted)}")
        return
    if len(known := [key for key in keys if key in wanted]) > 1:
        message = f"{' and '.join(f'`{key}`' for key in known)} stand together"
        yield document.problem(path, "one-of", message, hint="keep one of them")
        return
    hint = near(str(keys[0]), wanted, f"use one of: {', '.join(wanted)}")
    yield document.problem(
        (*path, keys[0]), "unknown-key", f"unknown key `{keys[0]}`", hint=hint, at_key=True
    )


def _sentence(text: str) -> str:
    return text[0].lower() + text[1:].rstrip(".") if text[:2] != "AW" else text.rstrip(".")


_BY_KEYWORD: Final[dict[str, Callable[[Document, Path, Any], Iterator[Problem]]]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing,
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minimum": _bounds,
    "maximum": _bounds,
    "minLength": _bounds,
    "maxLength": _bounds,
    "minItems": _empty,
    "minProperties": _empty,
    "maxProperties": _too_many,
    "uniqueItems": _repeated,
    "oneOf": _one_of,
    "anyOf": _any_of,
}
