"""``explain``: what a key of the plan means, from its schema. Reads no plan."""

from __future__ import annotations

import json
import textwrap
from argparse import Namespace
from collections.abc import Iterator
from typing import Final

from ddbbackup.cli.streams import stdout_view, write_stdout
from ddbbackup.plan.keys import PlanKey, find_key, keys_within

_WIDTH: Final = 100
_NARROWEST: Final = 40


def run(options: Namespace) -> int:
    key = find_key(options.key) if options.key is not None else None
    write_stdout("".join(f"{line}\n" for line in _lines(key)))
    return 0


def _lines(key: PlanKey | None) -> Iterator[str]:
    """The key with its description and examples, then the keys within it."""
    if key is not None:
        yield key.path
        yield from _wrapped(f"value: {key.value}", "  ")
        if key.required or key.default_text:
            yield "  required" if key.required else f"  default: {key.default_text}"
        yield from (f"  example: {_shown(example)}" for example in key.examples)
        if key.description:
            yield ""
            yield from _wrapped(key.description, "")
    within = keys_within(key)
    if within and key is not None:
        yield ""
    yield from ["keys:"] if within else []
    for each in within:
        yield f"  {each.path}{' (required)' if each.required else ''}"
        yield from _wrapped(each.description or each.value, "      ")


def _shown(example: object) -> str:
    return example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        min(_WIDTH, max(_NARROWEST, stdout_view().width or _WIDTH)),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
