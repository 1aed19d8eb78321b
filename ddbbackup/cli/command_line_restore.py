"""The restore that the command line describes or changes: an element of ``restores``, checked like the plan's."""

from __future__ import annotations

import copy
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from ddbbackup.cli.item_selection import given_selection
from ddbbackup.cli.option_words import option_words
from ddbbackup.cli.restore_options import ELEMENT_OPTIONS, ElementOption, given
from ddbbackup.errors import UsageError
from ddbbackup.plan.build import build_restore
from ddbbackup.plan.document import Document, ValuePath, format_path
from ddbbackup.plan.load import problems_of
from ddbbackup.plan.model import Plan
from ddbbackup.plan.restore_from import as_plan_value
from ddbbackup.problems import Problem

_CHECKED_AS: Final = "restore"  # the name that problems of the element have in their paths
_SELECTORS: Final = ("table", "match", "tags", "exclude")
# Only the catalog knows which tables have backups. A secret that an option takes from the environment is in no file.
_NOT_OF_OPTIONS: Final = ("not-backed-up", "literal-secret")


def with_command_line(plan: Plan, document: Document, options: Namespace, *, now: datetime) -> Plan:
    """The plan with the restore of the command line, under the name that ``restore_name`` returns.

    ``document`` is what the plan was built from. Options lie over the element that the command line names. Raises
    ``UsageError``, which names the option, for whatever ``validate`` would report of such an element.
    """
    name = restore_name(options)
    chosen = given(options)
    source = options.__dict__.get("source")
    if name is None or (not chosen and source is None):
        return plan
    named = document.data.get("restores", {}).get(name) if options.__dict__.get("name") is not None else {}
    if named is None:
        return plan  # the restore does not exist, as ``find_restore`` says
    element = _element(named, options)
    _check(_alone(document, name, element, options), options)
    restore = build_restore(name, element, plan.tables, plan.destinations, now=now)
    return replace(plan, restores={**plan.restores, name: restore})


def restore_name(options: Namespace) -> str | None:
    """The name of the restore of the command line: that of an element, or the tables that the options select.

    None if it says neither. Raises ``UsageError`` if it has options of a restore, but no restore.
    """
    if options.__dict__.get("name") is not None:
        return str(options.name)
    chosen = given(options)
    selecting = [(option, value) for option, value in chosen if option.selects]
    if not selecting:
        flags = [option.flag for option, _ in chosen]
        if options.__dict__.get("source") is not None:
            flags.append("--from")
        if "source" in options.__dict__:  # otherwise it is `find`, which names its table
            flags += given_selection(options)
        if flags:
            raise UsageError(
                f"{', '.join(flags)} applies to a restore, but no table is selected",
                hint="name a restore of the plan, or select tables with --table, --match, --tag or --all",
            )
        return None
    option, value = selecting[0]
    return ", ".join(value) if option.many else str(option.value(value))


def _element(named: Mapping[str, Any], options: Namespace) -> dict[str, Any]:
    """The data of the element, with the options laid over it."""
    element = copy.deepcopy(dict(named))
    chosen = given(options)
    if any(option.selects for option, _ in chosen):
        for key in _SELECTORS:
            element.pop(key, None)
    if (source := options.__dict__.get("source")) is not None:
        element["from"] = _source(element.get("from"), as_plan_value(source))
    for option, value in chosen:
        _put(element, option, option.value(value))
    return element


def _source(planned: object, asked: str | dict[str, Any]) -> str | dict[str, Any]:
    """Another time or backup is one of the origin that the plan names, unless ``--from`` names another."""
    if (
        isinstance(asked, str)
        and isinstance(planned, dict)
        and not planned.keys().isdisjoint(("account", "region"))
    ):
        return {**planned, "backup": asked}
    return asked


def _put(element: dict[str, Any], option: ElementOption, value: Any) -> None:
    *above, last = option.path
    place = element
    for key in map(str, above):
        inner = place.get(key)
        if not isinstance(inner, dict):
            place[key] = inner = {}
        place = inner
    place[str(last)] = value


def _alone(document: Document, name: str, element: Mapping[str, Any], options: Namespace) -> Document:
    """The plan with the element as its only restore. What the element keeps of variables is still not shown."""
    changed = [option.path for option, _ in given(options)]
    if options.__dict__.get("source") is not None:
        changed.append(("from",))

    def kept(path: ValuePath) -> bool:
        return path[:2] == ("restores", name) and not any(path[2:][: len(each)] == each for each in changed)

    def moved(path: ValuePath) -> ValuePath:
        return ("restores", _CHECKED_AS, *path[2:]) if path[:1] == ("restores",) else path

    def remains(path: ValuePath) -> bool:
        return path[:1] != ("restores",) or kept(path)

    return replace(
        document,
        data={**document.data, "restores": {_CHECKED_AS: element}},
        written={moved(path): text for path, text in document.written.items() if remains(path)},
        interpolated=frozenset(moved(path) for path in document.interpolated if remains(path)),
    )


def _check(document: Document, options: Namespace) -> None:
    """Raises ``UsageError`` for the first problem."""
    place = format_path(("restores", _CHECKED_AS))
    for problem in problems_of(document):
        is_ours = problem.path == place or problem.path.startswith(f"{place}.")
        if is_ours and problem.code not in _NOT_OF_OPTIONS:
            raise _usage_error(problem, problem.path[len(place) + 1 :], options)


def _usage_error(problem: Problem, path: str, options: Namespace) -> UsageError:
    chosen = [option for option, _ in given(options)]
    words = option_words(options)
    if problem.code == "missing-key" and (missing := words.flags.get(path)) is not None:
        beside = [each.flag for each in chosen if format_path(each.path[:-1]) == path.rpartition(".")[0]]
        wanted = f"{' and '.join(beside)} needs {missing}" if beside else f"{missing} is missing"
        option = next(each for each in ELEMENT_OPTIONS if each.flag == missing)
        return UsageError(wanted, hint=f"add `{missing} {option.metavar}`")
    flags = [each.flag for each in chosen if path and _is_about(format_path(each.path), path)]
    if path.startswith("from") and options.__dict__.get("source") is not None and not flags:
        flags.append("--from")
    at = path if problem.code == "one-of" else path.rpartition(".")[0]
    message = words.text(problem.message, at=at)
    where = ", ".join(flags) or path
    # What is nearly the value of an option is a value: `tags` of --settings is not --tag.
    hint = problem.hint if problem.code == "not-a-choice" else words.text(problem.hint, at=at)
    return UsageError(f"{where}: {message}" if where else message, hint=hint)


def _is_about(option: str, path: str) -> bool:
    """Whether a problem at ``path`` may be about the value of an option: at it, within it, or around it."""
    return option == path or path.startswith((f"{option}.", f"{option}[")) or option.startswith(f"{path}.")
