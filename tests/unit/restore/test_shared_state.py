"""The lock of a target and the progress of its restore in the vault, as two machines see them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ddbbackup.errors import AccessDenied, Conflict, Refused
from ddbbackup.model.encryption import Encryption
from ddbbackup.model.s3_location import S3Location
from ddbbackup.restore.restore_progress import RestoreProgress
from ddbbackup.restore.shared_state import LEASE_SECONDS, SharedState
from tests.support.memory import MemoryObjects

PLACE = S3Location("vault", "ddbbackup/_restores/123456789012/eu-west-1/orders/state.json")
PROGRESS = RestoreProgress(
    run="r1",
    restore_id="0badcafe",
    source="vault/root",
    existing="fail",
    stage="writing",
    updated_at=datetime(2026, 11, 24, tzinfo=UTC),
    target_arn="arn:t",
    backup="b",
)


class Sleeps:
    """Time passes at once; ``meanwhile`` is done at every pause."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.seconds, self._meanwhile = 0.0, meanwhile

    def __call__(self, seconds: float) -> None:
        self.seconds += seconds
        self._meanwhile()


def shared(objects: MemoryObjects, run: str, sleep: Sleeps | None = None) -> SharedState:
    return SharedState(objects, PLACE, run=run, owner=None, encryption=Encryption(), sleep=sleep or Sleeps())


def test_another_machine_continues_with_the_progress_of_the_first() -> None:
    """Without waiting, if the first has released the lock."""
    objects, pause = MemoryObjects(), Sleeps()
    first, second = shared(objects, "r1"), shared(objects, "r2", pause)
    first.acquire(machine="a")
    first.save(PROGRESS)
    first.release()
    second.acquire(machine="b")
    assert second.progress() == PROGRESS
    assert pause.seconds == 0


def test_a_lock_that_is_renewed_is_not_taken_over() -> None:
    """The other machine is told who holds it."""
    objects = MemoryObjects()
    first = shared(objects, "r1")
    first.acquire(machine="a")
    with pytest.raises(Refused, match="the run r1 on another machine"):
        shared(objects, "r2", Sleeps(first.renew)).acquire(machine="b")


def test_the_lock_of_a_machine_that_died_is_taken_over_after_the_lease() -> None:
    """As the other machine observes it: clocks are not compared."""
    objects, pause = MemoryObjects(), Sleeps()
    first, second = shared(objects, "r1"), shared(objects, "r2", pause)
    first.acquire(machine="a")
    first.save(PROGRESS)
    second.acquire(machine="b")
    assert pause.seconds == pytest.approx(LEASE_SECONDS)
    assert second.progress() == PROGRESS
    with pytest.raises(Conflict, match="taken over"):
        first.renew()
    with pytest.raises(Conflict):
        first.save(PROGRESS)


def test_a_renewal_in_another_thread_does_not_undo_progress_that_is_saved_meanwhile() -> None:
    """Both change the same object; the renewal would write the progress that it knew before."""
    objects = MemoryObjects()
    state = shared(objects, "r1")
    state.acquire(machine="a")
    saving = threading.Thread(target=lambda: state.save(PROGRESS))

    def save_meanwhile() -> None:
        saving.start()
        saving.join(0.2)  # it waits for the renewal

    objects.before_put = save_meanwhile
    state.renew()
    saving.join()
    other = shared(objects, "r2")
    assert other.progress() == PROGRESS


def test_a_lock_of_the_same_machine_is_taken_over_at_once() -> None:
    """Whoever asks holds the local lock, so the run that left this one has ended."""
    objects, pause = MemoryObjects(), Sleeps()
    shared(objects, "r1").acquire(machine="a")
    shared(objects, "r2", pause).acquire(machine="a")
    assert pause.seconds == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"holder": 7}', b"<html>", b"[" * 100_000])
def test_an_object_that_somebody_else_wrote_is_replaced(body: bytes) -> None:
    """It proves nothing, and locks nobody out."""
    objects = MemoryObjects()
    objects.bodies[PLACE.key] = body
    state = shared(objects, "r1")
    state.acquire(machine="a")
    assert state.progress() is None


def test_without_the_right_to_write_the_state_stays_on_this_machine() -> None:
    """The restore goes on."""

    class ReadOnly(MemoryObjects):
        def put(self, *args: object, **kwargs: object) -> str:
            raise AccessDenied("no", hint="-")

    state = shared(ReadOnly(), "r1")
    state.acquire(machine="a")
    state.save(PROGRESS)
    state.renew()
    state.release()
    assert state.unavailable == "no"
