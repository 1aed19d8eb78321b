"""What every object store does: S3 by the SDK, against two servers, and the store in memory that unit tests use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from ddbbackup.aws.objects import S3Objects
from ddbbackup.errors import Conflict, DataIncomplete, ObjectMissing
from ddbbackup.model.checksums import md5_digest, multipart_etag
from ddbbackup.model.encryption import Encryption
from ddbbackup.ports import DELETE_AT_MOST, Objects, Upload, UploadedPart
from tests.support import servers
from tests.support.aws import Aws
from tests.support.memory import MemoryObjects

LIMIT_BYTES = 1 << 20


@dataclass(frozen=True)
class Store:
    """An object store with an empty bucket."""

    objects: Objects
    bucket: str

    def put(
        self, key: str, body: bytes = b"body", *, if_none_match: bool = False, if_match: str | None = None
    ) -> str:
        put = partial(
            self.objects.put, self.bucket, key, body, content_type="application/json", encryption=Encryption()
        )
        return put(if_none_match=if_none_match, if_match=if_match)

    def read(self, key: str) -> bytes:
        return self.objects.read(self.bucket, key, limit_bytes=LIMIT_BYTES)[0]

    def keys(self, prefix: str = "") -> list[str]:
        return [facts.key for facts in self.objects.keys(self.bucket, prefix)]


@pytest.fixture(scope="module")
def independent() -> Iterator[Aws]:
    """An S3 that nobody here wrote."""
    with servers.ministack() as url:
        yield Aws(url)


@pytest.fixture(params=["memory", "sandbox", "ministack"])
def store(request: pytest.FixtureRequest, name: str) -> Store:
    if request.param == "memory":
        return Store(MemoryObjects(), name)
    aws: Aws = request.getfixturevalue("sandbox" if request.param == "sandbox" else "independent")
    return Store(S3Objects(aws.s3), aws.create_bucket(name))


def test_an_object_is_read_as_it_was_put(store: Store) -> None:
    """Bytes, size and ETag, whichever call returns them."""
    body = b'{"a": "\xe2\x80\xa8"}\r\n'

    etag = store.put("a/b c+d/ключ.json", body)

    read, facts = store.objects.read(store.bucket, "a/b c+d/ключ.json", limit_bytes=LIMIT_BYTES)
    assert read == body
    assert (facts.key, facts.size_bytes, facts.etag) == ("a/b c+d/ключ.json", len(body), etag)
    head = store.objects.head(store.bucket, "a/b c+d/ключ.json")
    assert head is not None
    assert (head.key, head.size_bytes, head.etag) == (facts.key, facts.size_bytes, etag)
    (listed,) = store.objects.keys(store.bucket, "a/")
    assert (listed.key, listed.size_bytes, listed.etag) == (facts.key, facts.size_bytes, etag)


def test_a_put_without_a_condition_overwrites(store: Store) -> None:
    """And changes the ETag."""
    first = store.put("a", b"one")
    second = store.put("a", b"two")
    assert store.read("a") == b"two"
    assert first != second


def test_a_missing_object_is_none_or_an_error(store: Store) -> None:
    """`head` asks whether it exists; `read` and `stream` need it."""
    assert store.objects.head(store.bucket, "a") is None
    with pytest.raises(ObjectMissing):
        store.read("a")
    with pytest.raises(ObjectMissing), store.objects.stream(store.bucket, "a"):
        pass


def test_an_object_beyond_the_limit_is_not_read(store: Store) -> None:
    """A record is small; whatever is large in its place is something else."""
    store.put("a", b"four")
    assert store.objects.read(store.bucket, "a", limit_bytes=4)[0] == b"four"
    with pytest.raises(DataIncomplete):
        store.objects.read(store.bucket, "a", limit_bytes=3)


def test_a_stream_has_the_size_and_the_bytes(store: Store) -> None:
    """In chunks of any length."""
    body = bytes(range(256)) * 8192
    store.put("a", body)
    with store.objects.stream(store.bucket, "a") as stream:
        assert stream.size_bytes == len(body)
        assert b"".join(stream) == body


def test_if_none_match_creates_and_never_overwrites(store: Store) -> None:
    """Of two processes that create the same key, one gets a Conflict."""
    store.put("a", b"one", if_none_match=True)
    with pytest.raises(Conflict):
        store.put("a", b"two", if_none_match=True)
    assert store.read("a") == b"one"


def test_if_match_changes_only_what_was_read(store: Store) -> None:
    """Of two processes that read the same version and change it, one gets a Conflict."""
    read = store.put("a", b"one")
    store.put("a", b"two", if_match=read)
    with pytest.raises(Conflict):
        store.put("a", b"three", if_match=read)
    assert store.read("a") == b"two"


def test_a_put_whose_response_was_lost_can_be_repeated(store: Store) -> None:
    """The condition fails because the first attempt succeeded: no conflict if the object is the same."""
    first = store.put("a", b"one", if_none_match=True)
    assert store.put("a", b"one", if_none_match=True) == first
    second = store.put("a", b"two", if_match=first)
    assert store.put("a", b"two", if_match=first) == second


def test_keys_are_listed_in_order_below_a_prefix(store: Store) -> None:
    """A prefix is any beginning of a key, not only a folder."""
    for key in ("b", "a/2", "a/10", "a", "ab/1"):
        store.put(key)
    assert store.keys() == ["a", "a/10", "a/2", "ab/1", "b"]
    assert store.keys("a/") == ["a/10", "a/2"]
    assert store.keys("a/1") == ["a/10"]
    assert store.keys("none/") == []


def test_the_times_of_a_listing_are_not_parsed(sandbox: Aws, name: str) -> None:
    """They are most of the work, and nobody reads them; everything else of the objects arrives."""
    bucket = sandbox.create_bucket(name)
    objects = S3Objects(sandbox.s3)
    store = Store(objects, bucket)
    store.put("<LastModified>&1</LastModified>", b"four")
    (listed,) = sandbox.s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert "LastModified" not in listed
    (facts,) = objects.keys(bucket, "")
    assert (facts.key, facts.size_bytes) == ("<LastModified>&1</LastModified>", 4)


def test_folders_are_the_prefixes_of_one_level(store: Store) -> None:
    """Objects of that level are none."""
    for key in ("root/x.json", "root/orders/1.json", "root/orders/2.json", "root/a/b/c.json", "rootless/1"):
        store.put(key)
    assert list(store.objects.folders(store.bucket, "root/")) == ["root/a/", "root/orders/"]
    assert list(store.objects.folders(store.bucket, "")) == ["root/", "rootless/"]
    assert list(store.objects.folders(store.bucket, "none/")) == []


def test_a_deleted_object_is_missing(store: Store) -> None:
    """Deleting it again has no effect."""
    store.put("a")
    store.put("b")
    store.objects.delete(store.bucket, "a")
    store.objects.delete(store.bucket, "a")
    assert store.keys() == ["b"]
    store.put("a", b"new", if_none_match=True)
    assert store.read("a") == b"new"


def test_a_listing_starts_after_a_key_and_leaves_out_folders_on_request(store: Store) -> None:
    """So that the newest records of a table are found without the others."""
    for key in ("t/1.json", "t/2.json", "t/3.json", "t/sub/4.json", "u/5.json"):
        store.put(key)

    def listed(start_after: str | None, *, recursive: bool) -> list[str]:
        found = store.objects.keys(store.bucket, "t/", start_after=start_after, recursive=recursive)
        return [facts.key for facts in found]

    assert listed("t/1.json", recursive=True) == ["t/2.json", "t/3.json", "t/sub/4.json"]
    assert listed("t/1.jsom", recursive=False) == ["t/1.json", "t/2.json", "t/3.json"]
    assert listed(None, recursive=False) == ["t/1.json", "t/2.json", "t/3.json"]
    assert listed("t/3.json", recursive=False) == []


def test_many_objects_are_deleted_at_once(store: Store) -> None:
    """As many as one request takes, with names that XML and URLs escape; missing ones are no error."""
    names = [f"a/{number}" for number in range(DELETE_AT_MOST - 3)]
    for key in ("a/b c+d&<ключ>.json", "a/%41", *names[:5], "b"):
        store.put(key)
    errors = store.objects.delete_many(store.bucket, ["a/b c+d&<ключ>.json", "a/%41", "a/missing", *names])
    assert errors == {}
    assert store.keys() == ["b"]
    assert store.objects.delete_many(store.bucket, []) == {}
    assert store.keys() == ["b"]


# ---- multipart uploads


def begin(store: Store, key: str) -> Upload:
    return store.objects.begin_upload(
        store.bucket, key, content_type="application/octet-stream", encryption=Encryption()
    )


def put_part(store: Store, upload: Upload, number: int, body: bytes) -> UploadedPart:
    return store.objects.put_part(store.bucket, upload, number, body, md5=md5_digest(body))


def test_an_upload_becomes_an_object_when_it_is_completed(store: Store) -> None:
    """With the ETag that S3 makes of the MD5 of its parts, and not before."""
    bodies = [bytes([65 + number]) * (5 << 20) for number in range(2)] + [b"end"]
    upload = begin(store, "a/b.gz")
    parts = [put_part(store, upload, number, body) for number, body in enumerate(bodies, start=1)]
    assert store.objects.head(store.bucket, "a/b.gz") is None
    assert [part.etag for part in parts] == [f'"{md5_digest(body).hex()}"' for body in bodies]
    etag = store.objects.complete_upload(store.bucket, upload, parts)
    assert etag == f'"{multipart_etag([md5_digest(body) for body in bodies])}"'
    (listed,) = store.objects.keys(store.bucket, "a/")
    assert (listed.size_bytes, listed.etag) == (sum(map(len, bodies)), etag)
    with store.objects.stream(store.bucket, "a/b.gz") as stream:
        assert b"".join(stream) == b"".join(bodies)
    assert list(store.objects.uploads(store.bucket, "")) == []


def test_an_upload_that_was_completed_or_aborted_takes_nothing(store: Store) -> None:
    """So a process that was taken over cannot change what its successor wrote."""
    completed, aborted = begin(store, "a"), begin(store, "b")
    part = put_part(store, completed, 1, b"one")
    store.objects.complete_upload(store.bucket, completed, [part])
    put_part(store, aborted, 1, b"one")
    store.objects.abort_upload(store.bucket, aborted)
    for upload in (completed, aborted):
        with pytest.raises(ObjectMissing):
            put_part(store, upload, 2, b"two")
        store.objects.abort_upload(store.bucket, upload)
    with pytest.raises(ObjectMissing):
        store.objects.complete_upload(store.bucket, aborted, [part])
    assert store.keys() == ["a"]


def test_unfinished_uploads_are_listed_below_a_prefix(store: Store) -> None:
    """Those of other folders are not ours to abort."""
    uploads = [begin(store, key) for key in ("x/1", "x/2", "x/2", "y/1")]
    assert sorted(store.objects.uploads(store.bucket, "x/"), key=str) == sorted(uploads[:3], key=str)
    for upload in uploads:
        store.objects.abort_upload(store.bucket, upload)
    assert list(store.objects.uploads(store.bucket, "")) == []
