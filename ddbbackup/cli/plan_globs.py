"""``-f 'plans/*.yaml'``: several plans, each for itself. ``-f base.yaml -f prod.yaml`` is one plan of two files."""

from __future__ import annotations

import glob
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ddbbackup.errors import Bug, DdbBackupError, NothingSelected, UsageError
from ddbbackup.plan.model import Plan
from ddbbackup.plan.only import Only
from ddbbackup.plan.selection import Inventory, matching_patterns
from ddbbackup.problems import STDIN

T = TypeVar("T")


@dataclass(slots=True)
class WantedTables:
    """What ``--only`` asks for, of one plan or of several. With ``several``, others may be in other plans.

    ``matched`` gets the patterns that select a table of any of them.
    """

    only: Only
    several: bool
    matched: set[str] = field(default_factory=set)

    def of_plan(self, plan: Plan, inventory: Inventory) -> Only:
        """The patterns that select a table of this plan. Raises ``NothingSelected`` if none does."""
        if not self.several or not self.only:
            return self.only
        only = matching_patterns(plan, inventory, self.only)
        self.matched.update(only)
        return only


def read_plans(
    options: Namespace,
    read: Callable[[Namespace, WantedTables], T],
    failed: Callable[[Sequence[str], DdbBackupError], T],
) -> list[T]:
    """What ``read`` returns for each plan, of which it gets the files in ``options.file``.

    If there are several, what is wrong with one does not hide the others: it is what ``failed`` returns. A table that
    is named need not be in all plans. Raises ``NothingSelected`` if it is in none of them.
    """
    plans = separate_plans(options.file)
    wanted = WantedTables(options.only, several=len(plans) > 1)
    if not wanted.several:
        return [read(_with_files(options, plans[0]), wanted)]
    found: list[T] = []
    failures = 0
    absent: NothingSelected | None = None
    for files in plans:
        try:
            found.append(read(_with_files(options, files), wanted))
        except Bug:
            raise
        except DdbBackupError as error:
            if isinstance(error, NothingSelected) and wanted.only:
                absent = absent or error
            else:
                failures += 1
                found.append(failed(files, error))
    missing = [pattern for pattern in wanted.only if pattern not in wanted.matched]
    if missing and not failures:  # else it may be in one that is not shown
        raise absent or NothingSelected(
            f"no table of the plans matches {missing[0]!r}", hint="run `ddbbackup status` to see their tables"
        )
    return found


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
        raise UsageError(f"no file matches {files[place]!r}", hint="check the pattern, and the directory")
    return [[*files[:place], match, *files[place + 1 :]] for match in matches]


def _with_files(options: Namespace, files: Sequence[str]) -> Namespace:
    return Namespace(**{**vars(options), "file": list(files)})


def _is_pattern(file: str) -> bool:
    return file != STDIN and glob.has_magic(file) and not Path(file).exists()
