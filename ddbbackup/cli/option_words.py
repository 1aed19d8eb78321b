"""Messages about a restore in the words of its user: what the command line says is named by its option.

Rules, blockers and steps speak of keys of the plan. Who typed `--existing` has no key `existing` to change.
"""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from ddbbackup.cli.item_selection import given_selection
from ddbbackup.cli.restore_options import ELEMENT_OPTIONS, given
from ddbbackup.errors import DdbBackupError
from ddbbackup.plan.document import format_path

T = TypeVar("T")

_KEY: Final = re.compile(r"`(?P<key>[a-z_]+(?:\.[a-z_]+)*)(?:: (?P<value>[^`]+))?`")
_SOURCE: Final = re.compile(r"\{s3_uris?: (?P<uri>[^}]+)\}")
_PATHS: Final = tuple(dict.fromkeys(format_path(option.path) for option in ELEMENT_OPTIONS))
_SOURCE_PATHS: Final = ("from", "from.s3_uri", "from.s3_uris", "from.export_arn", "from.backup")


@dataclass(frozen=True, slots=True)
class OptionWords:
    """``flags``: by the path in the element. Only those of ``used`` stand for the keys around them."""

    flags: Mapping[str, str]
    used: Mapping[str, str]

    def text(self, text: str, *, at: str = "") -> str:
        """``at`` is the path of the mapping that the text is about; the keys that it names may be in it."""

        def replaced(match: re.Match[str]) -> str:
            flag = self._flag(match["key"], at)
            if flag is None:
                return match[0]
            value = match["value"] or ""
            if (
                flag == "--hash-key-from"
            ):  # it takes the name: a shell would put the secret in place of `${NAME}`
                value = value.removeprefix("${").removesuffix("}")
            if flag == "--from" and (source := _SOURCE.fullmatch(value)):
                value = source["uri"] if source["uri"].startswith("s3://") else "s3://…"
            return f"`{flag} {value}`" if value else f"`{flag}`"

        return _KEY.sub(replaced, text)

    def say(self, error: DdbBackupError) -> None:
        """Changes the words of the error, in place: its type, its cause and its traceback stay."""
        error.message, error.hint = self.text(error.message), self.text(error.hint)

    def document(self, value: T) -> T:
        """The same with every text in it, in lists and mappings of JSON."""
        changed: Any = value
        if isinstance(value, str):
            changed = self.text(value)
        elif isinstance(value, list | tuple):
            changed = type(value)(self.document(each) for each in value)
        elif isinstance(value, dict):
            changed = {key: self.document(each) for key, each in value.items()}
        return changed  # type: ignore[no-any-return]  # of the same type

    def _flag(self, key: str, at: str) -> str | None:
        if (path := _path(key, at)) is not None:
            return self.flags.get(path)
        inner = [flag for path, flag in self.used.items() if path.startswith(f"{key}.")]
        return "` or `".join(dict.fromkeys(inner)) or None


def option_words(options: Namespace) -> OptionWords:
    """Of a command line that describes a restore, every option; of one that names a restore, those that it uses."""
    used = {format_path(option.path): option.flag for option, _ in given(options)}
    has_source = options.__dict__.get("source") is not None or options.__dict__.get("point") is not None
    used |= {path: "--from" for path in _SOURCE_PATHS if has_source}
    if selection := given_selection(options):
        used["only"] = selection[0]
    if options.__dict__.get("name") is not None or not any(option.selects for option, _ in given(options)):
        return OptionWords(used, used)
    every = {format_path(option.path): option.flag for option in reversed(ELEMENT_OPTIONS)}
    return OptionWords({**every, **dict.fromkeys(_SOURCE_PATHS, "--from"), **used}, used)


def _path(key: str, at: str) -> str | None:
    """Of the option that a message means by a key: `table` is the target in a message about `to`."""
    known = (*_PATHS, *_SOURCE_PATHS, "only")
    for path in (f"{at}.{key}" if at else key, key):
        if path in known:
            return path
    return next((path for path in known if path.endswith(f".{key}")), None)
