"""Reads files as a commit of git has them, with the installed git and without a shell."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ddbbackup.errors import Refused, UsageError
from ddbbackup.os_errors import os_reason
from ddbbackup.suggestions import suggest

_SECONDS: Final = 60  # a partial clone fetches the file when it is read
_OF_ONE_REPOSITORY: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""Hooks of git have these, relative to the top of their repository."""
_NOT_FETCHED: Final = re.compile(r"[~^@{:]|\.ya?ml$|^HEAD$")
"""In names of what no remote has under this name: the parent of a commit, or a file."""
_OWNERSHIP: Final = "dubious ownership"


def commit_of(reference: str, folder: Path) -> str:
    """The hash of the commit that a branch, a tag or a hash names in the repository around ``folder``.

    Raises ``UsageError`` if there is no repository or no such commit, and ``Refused`` if git cannot be used.
    """
    inside = _git(folder, "rev-parse", "--is-inside-work-tree")
    if inside.returncode:
        raise _not_a_repository(reference, folder, inside.stderr)
    if not reference.startswith("-"):  # git would take it for an option
        found = _git(folder, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
        if not found.returncode:
            return found.stdout.decode("ascii").strip()
    branch = reference.removeprefix("origin/")
    otherwise = "name a plan file or a commit that exists"
    if not _NOT_FETCHED.search(reference):
        otherwise = f"fetch it, for example with `git fetch origin {branch}`, or name a plan file"
    raise UsageError(
        f"{reference} is neither a file nor a commit of the git repository of the plan",
        hint=suggest(reference, _references(folder), otherwise=otherwise),
    )


def read_file(commit: str, path: Path) -> bytes | None:
    """The bytes of the file at this path of the working tree, as the commit has them; None if it does not have it.

    Raises ``Refused`` if git cannot be used.
    """
    place = path.resolve()
    name = f"{commit}:./{place.name}"
    kind = _git(place.parent, "cat-file", "-t", name)
    if kind.returncode or kind.stdout.strip() != b"blob":
        return None
    content = _git(place.parent, "cat-file", "blob", name)
    if content.returncode:
        raise Refused(
            f"git cannot read {path.name} of the commit {commit[:12]}",
            hint=f"run `git cat-file blob {commit[:12]}:./{path.name}` to see why",
        )
    return content.stdout


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    inherited = {name: value for name, value in os.environ.items() if name not in _OF_ONE_REPOSITORY}
    environment = {**inherited, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        return subprocess.run(  # noqa: S603 - no shell, and no argument can be taken for an option
            ["git", *arguments],  # noqa: S607 - the user's own git
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise Refused(
            "git is not installed, so a plan cannot be read from a commit",
            hint="install git, or name a plan file after --against",
        ) from None
    except subprocess.TimeoutExpired:
        raise Refused(
            f"git did not answer within {_SECONDS} s",
            hint="fetch the commit first, then run the command again",
        ) from None
    except OSError as error:
        raise Refused(
            f"git cannot be run: {os_reason(error)}", hint="name a plan file after --against"
        ) from None


def _not_a_repository(reference: str, folder: Path, stderr: bytes) -> UsageError | Refused:
    if _OWNERSHIP in stderr.decode(errors="replace"):
        return Refused(
            f"git refuses the repository in {folder}, because it belongs to another user",
            hint="run `git config --global --add safe.directory '*'` if you trust it",
        )
    return UsageError(
        f"{reference} is not a file, and the folder {folder} of the plan is not in a git repository",
        hint="name a plan file after --against, or keep the plan in a git repository",
    )


def _references(folder: Path) -> Iterator[str]:
    listed = _git(
        folder, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags"
    )
    yield from listed.stdout.decode(errors="replace").split()
