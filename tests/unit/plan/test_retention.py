"""``retention`` of a plan as values."""

from __future__ import annotations

from pathlib import Path

from ddbbackup.plan import load
from ddbbackup.plan.model import Retention

PLAN = """\
version: 1
name: p
destinations: {vault: {bucket: acme-vault}}
defaults:
  retention: {keep_daily: 14, keep_within: 7d, x-why: audit}
tables:
  - name: orders
  - name: audit
    retention:
      keep_yearly: ${YEARS:-10}
      min_verified: 2
"""


def test_the_retention_of_an_entry_replaces_that_of_the_defaults(tmp_path: Path) -> None:
    """Rules are not merged: the rules beside each other are all that apply."""
    path = tmp_path / "ddbbackup.yaml"
    path.write_text(PLAN)
    orders, audit = (entry.retention for entry in load([path], {}).tables)
    assert orders == Retention(keep_daily=14, keep_within_seconds=604_800)
    assert audit == Retention(keep_yearly=10, min_verified=2)


def test_without_retention_nothing_expires(tmp_path: Path) -> None:
    path = tmp_path / "ddbbackup.yaml"
    path.write_text(
        "version: 1\nname: p\ndestinations: {v: {bucket: acme-vault}}\ntables: [{name: orders}]\n"
    )
    assert load([path], {}).tables[0].retention is None
