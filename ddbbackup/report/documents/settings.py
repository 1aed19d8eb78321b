"""What became of a table's settings, for people: in a few words, and one line each where there is more to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Results = Sequence[Mapping[str, Any]]


def summed_up(results: Results) -> list[str]:
    """``settings put back: …`` and ``not put back: …``; nothing of what needed no hand."""
    if _unrecorded(results):
        return ["settings not recorded"]
    back = [each["setting"] for each in results if each["status"] == "put back"]
    left = [each["setting"] for each in results if each["status"] not in ("put back", "unchanged")]
    said = [f"settings put back: {', '.join(back)}"] if back else []
    return [*said, *([f"not put back: {', '.join(left)}"] if left else [])]


def told(results: Results) -> list[str]:
    """One line a setting that the plan asks for, with the reason; none if it asks for none."""
    if _unrecorded(results):
        return []
    rows = [
        each for each in results if each["asked"] and (each["status"] != "unchanged" or not each["reason"])
    ]
    if not any(row["status"] != "unchanged" for row in rows):
        return []
    width = max(len(row["setting"]) for row in rows)
    return [f"{row['setting']:<{width}}  {row['status']:<9} {row['reason']}".rstrip() for row in rows]


def _unrecorded(results: Results) -> bool:
    """Items of an export that has no record, and a plan that asks for no setting."""
    unknown = any(each["status"] == "unknown" for each in results)
    return unknown and all(
        each["status"] in ("unknown", "skipped") and not each["missing"] for each in results
    )
