"""Digests of keys in files: what repeats is found, however it was spilled and undone."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.bulk import key_digests
from ddbbackup.bulk.key_digests import DigestWriter, Repeated, count_digests, digest_of, repeated_digests
from ddbbackup.errors import StepFailed

BATCHES = st.lists(
    st.tuples(st.lists(st.integers(0, 40).map(str), max_size=12), st.sampled_from(["keep", "undo", "go on"])),
    max_size=12,
)


@given(files=st.lists(BATCHES, min_size=1, max_size=3), held=st.integers(1, 20), at_once=st.integers(1, 20))
def test_what_was_kept_and_repeats_is_found(
    files: list[list[tuple[list[str], str]]], held: int, at_once: int
) -> None:
    """Across segments and files; nothing that was undone counts."""
    kept: list[str] = []
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_digests, "_HELD_DIGESTS", held)
        patch.setattr(key_digests, "_DIGESTS_AT_ONCE", at_once)
        paths = [Path(folder) / str(number) for number in range(len(files))]
        for path, batches in zip(paths, files, strict=True):
            of_file: list[str] = []
            with DigestWriter(path) as writer:
                open_keys: list[str] = []
                for keys, then in batches:
                    writer.add([key.encode() for key in keys])
                    open_keys += keys
                    if then == "keep":
                        writer.mark()
                        of_file += open_keys
                        open_keys = []
                    elif then == "undo":
                        writer.undo()
                        open_keys = []
                writer.undo()
                writer.finish()
            assert count_digests(path) == len(of_file)
            kept += of_file
        again = {digest_of(key.encode()) for key in kept if kept.count(key) > 1}
        assert repeated_digests(paths) == Repeated(len(kept) - len(set(kept)), frozenset(again))


def test_a_damaged_file_is_no_proof(tmp_path: Path) -> None:
    """It is written again, because the verification is continued only with files that are whole."""
    path = tmp_path / "a"
    with DigestWriter(path) as writer:
        writer.add([b"a", b"b"])
        writer.finish()
    path.write_bytes(path.read_bytes()[:-1])
    assert count_digests(path) is None
    assert count_digests(tmp_path / "missing") is None
    with pytest.raises(StepFailed, match="was damaged"):
        repeated_digests([path])


def test_the_number_of_digests_to_compare_is_bounded(tmp_path: Path) -> None:
    """If everything is there twice, a thousand of them are enough to prove it."""
    keys = [str(number).encode() for number in range(3000)]
    with DigestWriter(tmp_path / "a") as writer:
        writer.add(keys + keys)
        writer.finish()
    found = repeated_digests([tmp_path / "a"])
    assert (found.count, len(found.digests)) == (3000, key_digests.MAX_REPEATED)
