"""Verifying by a listing: what it proves, and what it leaves for a reading."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.verify_listing import ListedFiles, etag_proves, verify_listing
from ddbbackup.errors import DataIncomplete, Unreachable
from ddbbackup.model.checksums import md5_base64, md5_digest, single_part_etag
from ddbbackup.model.progress import Progress
from ddbbackup.ports import Archive, ObjectFacts
from tests.support.simulated_store import SimulatedStore

BODY = b"content"
ETAG = single_part_etag(md5_digest(BODY))
OPAQUE = "3b1d0bb3a5a9c0c1f0a1d2e3f4a5b6c7-1"  # of an object that KMS encrypts


def file(number: int, *, etag: str | None = ETAG) -> DataFile:
    return DataFile("vault", f"data/{number:026d}.json.gz", md5_base64(BODY), 1, etag=etag)


def facts(number: int, etag: str = ETAG) -> ObjectFacts:
    return ObjectFacts(file(number).key, 100 + number, f'"{etag}"')


def verify(store: SimulatedStore, *files: DataFile) -> ListedFiles:
    noted: list[Progress] = []

    def note(progress: Progress) -> None:
        noted.append(progress)

    result = verify_listing(files, store, on_progress=note, stop=threading.Event())
    assert [each.done for each in noted[-1:]] == [len(files)]
    assert store.streamed == {}, "data was read"
    return result


@pytest.mark.parametrize("count", [3, 2500])
def test_equal_etags_prove_all_files(count: int) -> None:
    """And the listing gives the size."""
    store = SimulatedStore([facts(number) for number in range(count)])
    result = verify(store, *map(file, range(count)))
    assert (result.unproven, result.archived) == ((), ())
    assert result.size_bytes == sum(100 + number for number in range(count))
    assert result.sized() == tuple(replace(file(number), size_bytes=100 + number) for number in range(count))


def test_an_opaque_etag_proves_what_the_manifest_names() -> None:
    """KMS makes it opaque, but DynamoDB wrote it into the manifest."""
    store = SimulatedStore([facts(0, OPAQUE)])
    assert verify(store, file(0, etag=OPAQUE)).unproven == ()


@pytest.mark.parametrize("named", [ETAG, None])
def test_another_etag_leaves_the_file_to_a_reading(named: str | None) -> None:
    """It may be a copy with the same content, or somebody overwrote it: a listing cannot tell."""
    store = SimulatedStore([facts(0), facts(1, OPAQUE)])
    unproven = verify(store, file(0), file(1, etag=named)).unproven
    assert unproven == (replace(file(1, etag=named), size_bytes=101),)


@pytest.mark.parametrize("etag", [ETAG, hashlib.md5(BODY).hexdigest()])
def test_an_etag_made_of_the_md5_proves_a_copy(etag: str) -> None:
    """Whatever the manifest names, or if it names none."""
    assert etag_proves(file(0, etag=None), f'"{etag}"')
    assert etag_proves(file(0, etag=OPAQUE), f'"{etag}"')
    assert not etag_proves(file(0, etag=OPAQUE), f'"{etag[:-1]}x"')


def test_missing_objects_are_counted_and_some_are_named() -> None:
    """Everything that is there is looked at all the same."""
    store = SimulatedStore([facts(number) for number in range(0, 2000, 2)])
    with pytest.raises(
        DataIncomplete, match=r"1 000 of 2 000 data files are missing: s3://vault/data/0+1\.json"
    ) as raised:
        verify(store, *map(file, range(2000)))
    assert raised.value.message.endswith(", and 997 more")


def test_a_listing_that_lacks_objects_is_not_a_damaged_backup() -> None:
    """S3 is asked for the missing objects once more."""

    class Forgetful(SimulatedStore):
        def keys(self, bucket: str, prefix: str, **options: object) -> Iterator[ObjectFacts]:
            return (each for each in super().keys(bucket, prefix, **options) if each.key != file(700).key)  # type: ignore[arg-type]  # passed on

    store = Forgetful([facts(number) for number in range(2000)])
    with pytest.raises(Unreachable, match="lacks objects that exist"):
        verify(store, *map(file, range(2000)))


def test_archived_objects_are_proven_and_reported() -> None:
    """Their ETags are those of any other object."""
    archived = replace(facts(1), archive=Archive("GLACIER"))
    tiered = replace(facts(2), tiered=True)
    store = SimulatedStore([facts(0), archived, tiered])
    result = verify(store, *map(file, range(3)))
    assert (result.unproven, result.archived) == ((), (archived, tiered))
