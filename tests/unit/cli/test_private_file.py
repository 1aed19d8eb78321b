"""The file of ``dump -o``: a new one for a regular file; pipes and devices are written, and stay what they are."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from ddbbackup.cli.private_file import written_whole
from ddbbackup.errors import Refused


def test_a_pipe_is_written_and_stays(tmp_path: Path) -> None:
    """A device, too: a superuser who dumps to /dev/stdout or /dev/null keeps it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    with written_whole(str(pipe)) as write:
        write(b"items")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    reader.join(timeout=10)
    assert read == [b"items"]
    assert list(tmp_path.iterdir()) == [pipe]


def test_the_file_behind_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    """As a whole, and for its owner only."""
    (tmp_path / "dumps").mkdir()
    file, link = tmp_path / "dumps" / "orders.json", tmp_path / "latest.json"
    file.write_bytes(b"old")
    link.symlink_to(file)
    with written_whole(str(link)) as write:
        write(b"new")
        assert file.read_bytes() == b"old"
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_link_to_a_pipe_is_followed(tmp_path: Path) -> None:
    """As /dev/stdout is one, to a name that cannot be opened."""
    reading, writing = os.pipe()
    link = tmp_path / "stdout"
    link.symlink_to(f"/dev/fd/{writing}")
    with written_whole(str(link)) as write:
        write(b"items")
    os.close(writing)
    with os.fdopen(reading, "rb") as read:
        assert read.read() == b"items"
    assert link.is_symlink()


@pytest.mark.parametrize("name", ["", ".", "..", "/"])
def test_a_directory_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    """Also one that has no name of its own."""
    path = name if name in ("/", ".") else str(tmp_path / name)
    with pytest.raises(Refused) as raised, written_whole(path):
        pytest.fail("a directory was opened")
    assert raised.value.message == f"cannot write {path}: is a directory"
