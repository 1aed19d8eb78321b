"""``-f 'plans/*.yaml'``: several plans, each for itself. ``-f base.yaml -f prod.yaml`` is one plan of two files."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from ddbbackup.errors import UsageError
from ddbbackup.problems import STDIN


def separate_plans(files: Sequence[str]) -> list[list[str]]:
    """The files of each plan. Other files are laid over or under each match of a pattern, as their order says.

    A name that exists is a file, whatever characters it has. Raises ``UsageError`` if a pattern matches no file, and
    for a second pattern.
    """
    patterns = [number for number, file in enumerate(files) if _is_pattern(file)]
    if not patterns:
        return [list(files)]
    if len(patterns) > 1:
        raise UsageError(
            "two patterns of plan files are given, but only one may select several plans",
            hint="write one pattern, such as -f 'plans/**/*.yaml'",
        )
    place = patterns[0]
    # pathlib cannot match a pattern that may be absolute
    found = glob.glob(files[place], recursive=True)  # noqa: PTH207 - see above
    matches = sorted(each for each in found if Path(each).is_file())
    if not matches:
        raise UsageError(f"no file matches -f {files[place]!r}", hint="check the pattern, and the directory")
    return [[*files[:place], match, *files[place + 1 :]] for match in matches]


def _is_pattern(file: str) -> bool:
    return file != STDIN and glob.has_magic(file) and not Path(file).exists()
