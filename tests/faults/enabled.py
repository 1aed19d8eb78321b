"""The part of the fault suite that `make test` plays: names of scenarios, each with one seed."""

from __future__ import annotations

from typing import Final

IN_MAKE_TEST: Final[tuple[tuple[str, int], ...]] = (
    ("no-fault/backup", 1),
    ("forged-success/status/dated-2020", 1),
    ("changed-table/write-fail/loaded-then-partly-deleted", 1),
    ("expired/backup/late-12", 1),
    ("wrong-checksum/write-keep/PutItem", 1),
    ("unproven-put/write-keep/consumed-only", 1),
    ("kill/mirror/30", 1),
    ("kill/wait/06", 1),
    ("cut/backup/PutObject:record", 1),
    ("kill/window/14", 1),
    ("cut/window/GetObject:record", 1),
    ("kill/scan/46", 1),
    ("kill/snapshot/42", 1),
    ("kill/chain/35", 1),
    ("forged-record/wait/other-bucket", 1),
    ("forged-manifest/verify/count-too-high", 1),
    ("used-before-resume/write-fail", 1),
    ("changed-table/import/loaded-then-partly-deleted", 1),
    ("failed-job/import/DescribeImport", 1),
    ("rejected-item/write-fail/number-quoted", 1),
)
