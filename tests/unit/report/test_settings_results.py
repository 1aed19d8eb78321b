"""The results for the settings of a restored table, as people read them."""

from __future__ import annotations

from typing import Any

from ddbbackup.report.phrases import settings_lines, settings_summary


def result(setting: str, status: str, reason: str = "", *, requested: bool = True) -> dict[str, Any]:
    return {"setting": setting, "status": status, "reason": reason, "requested": requested, "missing": False}


RESULTS = [
    result("keys", "unchanged"),
    result("encryption", "applied", "set at creation"),
    result("tags", "unchanged"),
    result("stream", "applied", "the ARN of the stream is new"),
    result("ttl", "refused", "TTL cannot be applied: …"),
    result("pitr", "unchanged", "not set on the backed-up table"),
    result("policy", "skipped", "not requested by the plan", requested=False),
]


def test_each_requested_setting_has_a_line_with_its_reason() -> None:
    """Settings that neither table has, and settings that the plan does not request, have none."""
    assert "\n".join(settings_lines(RESULTS)) == (
        "keys        unchanged\n"
        "encryption  applied   set at creation\n"
        "tags        unchanged\n"
        "stream      applied   the ARN of the stream is new\n"
        "ttl         refused   TTL cannot be applied: …"
    )


def test_a_restore_without_requested_settings_summarizes_what_it_left_out() -> None:
    """Settings that needed no change are not mentioned."""
    quiet = [result("keys", "unchanged"), RESULTS[-1]]
    assert settings_lines(quiet) == []
    assert settings_summary(quiet) == ["settings not requested: policy"]
    assert settings_summary(RESULTS) == [
        "settings applied: encryption, stream",
        "settings not applied: ttl",
        "settings not requested: policy",
    ]
    assert settings_summary([result("keys", "unchanged")]) == []


def test_a_restore_of_an_export_without_a_record_lists_no_settings() -> None:
    """Unless the plan requests settings, which are then missing."""
    left = [result(name, "skipped", "not requested by the plan", requested=False) for name in ("ttl", "pitr")]
    bare = [result("keys", "unknown", "not-read: the record was made without reading it"), *left]
    assert (settings_summary(bare), settings_lines(bare)) == (["settings not recorded"], [])
    wanted = [bare[0], result("ttl", "unknown", "not-read: …") | {"missing": True}]
    assert settings_summary(wanted) == ["settings not applied: keys, ttl"]
    assert settings_lines(wanted) == [
        "keys  unknown   not-read: the record was made without reading it",
        "ttl   unknown   not-read: …",
    ]
