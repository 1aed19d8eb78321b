"""The directory for the state of restores: private, tried before it is used, and not needed by other verbs."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path

import pytest

from ddbbackup.cli.state_dir import find_state_dir, inspect_state_dir, prepare_state_dir
from ddbbackup.errors import Refused


def test_the_variable_comes_first_then_xdg_then_home() -> None:
    """The base directories of the XDG specification."""
    environ = {"HOME": "/h", "XDG_STATE_HOME": "/x", "DDBBACKUP_STATE_DIR": "/d"}
    assert find_state_dir(environ) == Path("/d")
    del environ["DDBBACKUP_STATE_DIR"]
    assert find_state_dir(environ) == Path("/x/ddbbackup")
    del environ["XDG_STATE_HOME"]
    assert find_state_dir(environ) == Path("/h/.local/state/ddbbackup")


def test_without_home_and_user_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container with an arbitrary user ID."""

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(Refused) as raised:
        prepare_state_dir({})
    assert "HOME" in raised.value.message
    assert "DDBBACKUP_STATE_DIR" in raised.value.hint


def test_every_directory_that_it_creates_is_private(tmp_path: Path) -> None:
    """Whatever the umask; existing ones stay as they are."""
    tmp_path.chmod(0o755)
    before = os.umask(0)
    try:
        path = prepare_state_dir({"HOME": str(tmp_path)})
    finally:
        os.umask(before)
    assert path == tmp_path / ".local" / "state" / "ddbbackup"
    created = [path / "restores", path, path.parent, path.parent.parent]
    assert {stat.S_IMODE(each.stat().st_mode) for each in created} == {0o700}
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert list((path / "restores").iterdir()) == [], "nothing is left of the try"


def test_looking_at_it_creates_nothing(tmp_path: Path) -> None:
    """`preview` only reads."""
    environ = {"DDBBACKUP_STATE_DIR": str(tmp_path / "a" / "b")}
    assert inspect_state_dir(environ) == tmp_path / "a" / "b"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("use", [prepare_state_dir, inspect_state_dir])
def test_a_file_in_its_place_is_refused(use: object, tmp_path: Path) -> None:
    """With the variable to set."""
    (tmp_path / "file").write_text("")
    assert callable(use)
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(Refused) as raised:
            use({"DDBBACKUP_STATE_DIR": str(path)})
        assert str(path) in raised.value.message
        assert "DDBBACKUP_STATE_DIR" in raised.value.hint


@pytest.mark.parametrize(
    ("module", "name", "number"),
    [
        (Path, "mkdir", errno.EROFS),
        (Path, "mkdir", errno.EACCES),
        (os, "fsync", errno.ENOSPC),
        (os, "fsync", errno.EIO),
        (fcntl, "flock", errno.ENOLCK),
        (fcntl, "flock", errno.EOPNOTSUPP),
    ],
)
def test_what_the_system_refuses_is_refused(
    module: object, name: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read-only, full, broken, or without locks: before anything is written to AWS."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module, name, refuse)
    with pytest.raises(Refused) as raised:
        prepare_state_dir({"DDBBACKUP_STATE_DIR": str(tmp_path / "state")})
    reason = os.strerror(number)
    assert raised.value.message.endswith(f": {reason[0].lower()}{reason[1:]}")
    assert "set DDBBACKUP_STATE_DIR to a directory on a local disk" in raised.value.hint
    assert ("free space on the disk of" in raised.value.hint) == (number == errno.ENOSPC)
