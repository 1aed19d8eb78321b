"""What people read about the settings of a restored table."""

from __future__ import annotations

from typing import Any

from ddbbackup.report.documents.settings import summed_up, told


def result(setting: str, status: str, reason: str = "", *, asked: bool = True) -> dict[str, Any]:
    return {"setting": setting, "status": status, "reason": reason, "asked": asked, "missing": False}


RESULTS = [
    result("keys", "unchanged"),
    result("encryption", "put back", "made with the table"),
    result("tags", "unchanged"),
    result("stream", "put back", "its ARN is new: connect triggers and other consumers again"),
    result("ttl", "refused", "TTL cannot be put back: …"),
    result("pitr", "unchanged", "the backed-up table had none"),
    result("policy", "skipped", "the plan does not ask for it", asked=False),
]


def test_what_was_asked_for_stands_line_by_line_with_its_reason() -> None:
    """Settings that neither table has, and those that nobody asked for, have no line."""
    assert "\n".join(told(RESULTS)) == (
        "keys        unchanged\n"
        "encryption  put back  made with the table\n"
        "tags        unchanged\n"
        "stream      put back  its ARN is new: connect triggers and other consumers again\n"
        "ttl         refused   TTL cannot be put back: …"
    )


def test_a_restore_that_was_asked_for_no_settings_says_in_a_few_words_what_it_left() -> None:
    """Nothing of what needed no hand."""
    quiet = [result("keys", "unchanged"), RESULTS[-1]]
    assert told(quiet) == []
    assert summed_up(quiet) == ["not put back: policy"]
    assert summed_up(RESULTS) == ["settings put back: encryption, stream", "not put back: ttl, policy"]
    assert summed_up([result("keys", "unchanged")]) == []


def test_an_export_without_a_record_is_not_told_setting_by_setting() -> None:
    """Unless the plan asks for settings, which the run then lacks."""
    left = [result(name, "skipped", "the plan does not ask for it", asked=False) for name in ("ttl", "pitr")]
    bare = [result("keys", "unknown", "not-read: the record was made without reading it"), *left]
    assert (summed_up(bare), told(bare)) == (["settings not recorded"], [])
    wanted = [bare[0], result("ttl", "unknown", "not-read: …") | {"missing": True}]
    assert summed_up(wanted) == ["not put back: keys, ttl"]
    assert told(wanted) == [
        "keys  unknown   not-read: the record was made without reading it",
        "ttl   unknown   not-read: …",
    ]
