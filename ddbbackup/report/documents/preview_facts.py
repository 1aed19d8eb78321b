"""The facts of a foretold step as lines for people, with those of restores in words of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ddbbackup.model.assessment import Assessment
from ddbbackup.report.formatting import duration


def facts(step: Assessment[Any]) -> Iterator[str]:
    """``method: write``; one line a method, one for all settings of one verdict."""
    for name, value in step.facts.items():
        if name == "candidates":
            yield from (_candidate(each) for each in value)
        elif name == "settings":
            yield from _settings(value)
        elif value not in (None, [], {}):
            yield f"{name.replace('_', ' ')}: {value}"
    if step.seconds_basis:
        yield f"time: {f'≈ {duration(step.seconds)}, ' if step.seconds is not None else ''}{step.seconds_basis}"


def _candidate(told: Mapping[str, Any]) -> str:
    said = [f"≈ {duration(told['seconds'])}" if told["seconds"] is not None else "time not known"]
    if told["usd"] is not None:
        said.append(f"≈ ${told['usd']:,.2f}{' by an unverified rate' if told['unverified'] else ''}")
    else:
        said.append("cost not known")
    if not told["possible"]:
        said = ["not possible: " + "; ".join(told["obstacles"])]
    if told["experimental"]:
        said.append("experimental")
    if told["because"] and not (told["chosen"] and not told["possible"]):
        said.append(told["because"])
    return f"{'chosen' if told['chosen'] else 'or'} {told['method']}: {', '.join(said)}"


def _settings(told: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for verdict in dict.fromkeys(each["verdict"] for each in told):
        named = [_setting(each) for each in told if each["verdict"] == verdict]
        yield f"settings, {verdict}: {', '.join(named)}"


def _setting(told: Mapping[str, Any]) -> str:
    reason = told["reason"]
    return f"{told['setting']} ({reason})" if reason and told["verdict"] != "skipped" else told["setting"]
