"""Which restore points of a table a retention policy keeps, and why.

Pure, and without a clock: periods and ages count back from the newest restore point. If backups stop, or the clock of
a machine is wrong, nothing more expires.

Time is that of the backup ID, in UTC: the instant that the data reaches, as far as it was known when the backup
started. Restore points, IDs and keys in the bucket therefore have one order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol, TypeAlias

from ddbbackup.model.backup_id import first_id_at, time_of_id
from ddbbackup.plan.model import Retention
from ddbbackup.times import format_duration

Chain: TypeAlias = tuple[str, ...]
"""Backup IDs, the base first. Each is a restore point that needs itself and all before it.

A backup that needs no other is a chain of one. Chains that fork share their first backups.
"""

NEWEST: Final = "the newest restore point"
NEWEST_VERIFIED: Final = "the newest verified restore point"
NOT_KEPT: Final = "no rule keeps it, and nothing kept needs it"


class Point(Protocol):
    """A ``RestorePoint``, as far as the policy looks at it."""

    @property
    def id(self) -> str: ...
    @property
    def needs(self) -> Chain: ...
    @property
    def verified(self) -> object | None: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """``kept``: why restore points are kept, by ID. ``needed``: those that are kept only because the restore point of
    the other ID needs them. ``removed``: all others. Each begins with the newest.

    That is also the order of removal: what a restore point needs is removed after it.
    """

    kept: Mapping[str, tuple[str, ...]]
    needed: Mapping[str, str]
    removed: tuple[str, ...]


def chains_of(points: Iterable[Point]) -> tuple[Chain, ...]:
    """The longest chains: those of which no other is a continuation."""
    chains: list[Chain] = []
    inner: set[str] = set()  # restore points that a later one needs
    for point in sorted(points, key=lambda each: each.id, reverse=True):
        if point.id not in inner:
            chains.append(point.needs)
            inner.update(point.needs)
    return tuple(chains)


def decide(
    chains: Collection[Chain],
    policy: Retention,
    is_verified: Callable[[str], bool],
    *,
    in_use: Mapping[str, str] | None = None,
) -> Verdict:
    """What the policy keeps of one table.

    ``is_verified`` says whether one backup, not what it needs, was verified without a finding. It is asked about few,
    because the answer may have to be read. ``in_use``: restore points that must be kept for another reason.
    """
    table = _Table(chains, is_verified)
    if not table.ids:
        return Verdict({}, {}, ())
    for backup_id, reason in (in_use or {}).items():
        table.keep(backup_id, reason)
    table.keep(table.ids[-1], NEWEST)
    for backup_id, reason in _by_rules(table.ids, policy):
        table.keep(backup_id, reason)
    _keep_newest_verified(table)
    _keep_enough_verified(table, policy.min_verified)
    return table.verdict()


@dataclass(slots=True)
class _Table:
    """The restore points of a table while it is decided what to keep. ``ids`` are sorted."""

    chains: Collection[Chain]
    is_verified: Callable[[str], bool]
    ids: list[str] = field(init=False)
    _place: dict[str, tuple[Chain, int]] = field(init=False)
    _reasons: dict[str, list[str]] = field(default_factory=dict)
    _needed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._place = {
            backup_id: (chain, index) for chain in self.chains for index, backup_id in enumerate(chain)
        }
        self.ids = sorted(self._place)

    def keep(self, backup_id: str, reason: str) -> None:
        self._reasons.setdefault(backup_id, []).append(reason)
        chain, index = self._place[backup_id]
        while index and chain[index - 1] not in self._needed:  # else everything before it is, too
            index -= 1
            self._needed.add(chain[index])

    def keeps(self, backup_id: str) -> bool:
        return backup_id in self._reasons or backup_id in self._needed

    def needs(self, backup_id: str) -> Chain:
        chain, index = self._place[backup_id]
        return chain[: index + 1]

    def base(self, backup_id: str) -> str:
        return self._place[backup_id][0][0]

    def is_verified_point(self, backup_id: str) -> bool:
        """Whether everything that the restore point needs was verified."""
        return all(map(self.is_verified, self.needs(backup_id)))

    def verdict(self) -> Verdict:
        needed_by: dict[str, str] = {}
        for backup_id in sorted(self._reasons, reverse=True):
            chain, index = self._place[backup_id]
            while index and chain[index - 1] not in needed_by:
                index -= 1
                needed_by[chain[index]] = backup_id
        kept = {each: tuple(self._reasons[each]) for each in sorted(self._reasons, reverse=True)}
        return Verdict(
            kept,
            {each: by for each, by in needed_by.items() if each not in kept},
            tuple(each for each in reversed(self.ids) if each not in kept and each not in needed_by),
        )


# ---- rules


@dataclass(frozen=True, slots=True)
class _Period:
    """``start`` is a text that sorts before all IDs of the period of an ID and after all earlier ones."""

    rule: str
    count: Callable[[Retention], int]
    units: str
    start: Callable[[str], str]
    show: Callable[[str], str]


def _monday(backup_id: str) -> str:
    try:
        time = time_of_id(backup_id)
    except ValueError:  # of a record that nobody has read yet; it is in no week with others
        return backup_id
    return f"{time - timedelta(days=time.weekday()):%Y%m%d}"


def _date(start: str) -> str:
    return f"{start[:4]}-{start[4:6]}-{start[6:8]}"


_PERIODS: Final = (
    _Period(
        "keep_hourly",
        lambda policy: policy.keep_hourly,
        "hours",
        lambda backup_id: backup_id[:11],
        lambda start: f"{_date(start)}T{start[9:]}:00Z",
    ),
    _Period("keep_daily", lambda policy: policy.keep_daily, "days", lambda backup_id: backup_id[:8], _date),
    _Period(
        "keep_weekly",
        lambda policy: policy.keep_weekly,
        "weeks",
        _monday,
        lambda start: f"the week of {_date(start)}",
    ),
    _Period(
        "keep_monthly",
        lambda policy: policy.keep_monthly,
        "months",
        lambda backup_id: backup_id[:6],
        lambda start: f"{start[:4]}-{start[4:]}",
    ),
    _Period("keep_yearly", lambda policy: policy.keep_yearly, "years", lambda backup_id: backup_id[:4], str),
)


def _by_rules(ids: Sequence[str], policy: Retention) -> Iterator[tuple[str, str]]:
    """Restore points and the rules that keep them, for each rule newest first. ``ids`` are sorted."""
    for backup_id in reversed(ids[-policy.keep_last :] if policy.keep_last else ()):
        yield backup_id, f"keep_last: {policy.keep_last}"
    if policy.keep_within_seconds is not None:
        reason = f"keep_within: {format_duration(policy.keep_within_seconds)}"
        first = bisect_left(ids, _oldest_within(ids[-1], policy.keep_within_seconds))
        for backup_id in reversed(ids[first:]):
            yield backup_id, reason
    for period in _PERIODS:
        count = period.count(policy)
        if count:
            yield from _newest_of_each(ids, period, count)


def _newest_of_each(ids: Sequence[str], period: _Period, count: int) -> Iterator[tuple[str, str]]:
    """The newest restore point of each of the last periods that have one.

    While there are fewer periods than the rule asks for, the oldest restore point stays too. Without it the rule
    would keep no more than the newest one for its first period: with `keep_yearly` alone, for a year.
    """
    newest, end = "", len(ids)
    for _ in range(count):
        if not end:
            if newest != ids[0]:
                yield ids[0], f"{period.rule}: the oldest, because fewer than {count} {period.units} have one"
            return
        newest = ids[end - 1]
        start = period.start(newest)
        yield newest, f"{period.rule}: {period.show(start)}"
        end = bisect_left(ids, start, 0, end)


def _oldest_within(newest: str, seconds: int) -> str:
    """A text that sorts before the IDs of this age and after those of a greater one."""
    try:
        return first_id_at(time_of_id(newest) - timedelta(seconds=seconds))
    except OverflowError:  # before the year 1
        return ""


# ---- verified restore points


def _keep_newest_verified(table: _Table) -> None:
    """A kept restore point with a verified base is not asked about further: the newest verified one of its chain is
    at least that base, and kept. Only if others lie between the two, it matters which one it is.
    """
    others = [each for each in table.ids if not table.keeps(each)]
    for backup_id in reversed(table.ids):
        if not table.keeps(backup_id):
            if table.is_verified_point(backup_id):
                table.keep(backup_id, NEWEST_VERIFIED)
                return
            continue
        base = table.base(backup_id)
        if bisect_left(others, base) == bisect_left(others, backup_id):
            if table.is_verified(base):
                return
        elif table.is_verified_point(backup_id):
            return


def _keep_enough_verified(table: _Table, minimum: int) -> None:
    """Counts along the chains from their bases, so that it asks about few backups; then keeps more if it must."""
    counted: set[str] = set()
    seen: set[str] = set()
    for backup_id in reversed(table.ids):
        if backup_id not in seen and table.keeps(backup_id):
            needs = table.needs(backup_id)
            seen.update(needs)
            for each in needs:
                if len(counted) >= minimum:
                    return
                if not table.is_verified(each):
                    break
                counted.add(each)
    for backup_id in reversed(table.ids):
        if len(counted) >= minimum:
            return
        if not table.keeps(backup_id) and table.is_verified_point(backup_id):
            table.keep(backup_id, f"min_verified: {minimum}")
            counted.update(table.needs(backup_id))
