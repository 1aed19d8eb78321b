"""The run id: ``--run-id``, else the id that the CI system sets, else a new one.

A CI system keeps its id when a job is retried, so that the retry resumes what the first attempt started.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

CI_VARIABLES: Final = (
    "GITHUB_RUN_ID",
    "CI_PIPELINE_ID",  # GitLab
    "CODEBUILD_BUILD_ID",
    "BUILDKITE_BUILD_ID",
    "CIRCLE_WORKFLOW_ID",
    "BUILD_TAG",  # Jenkins
    "BUILD_BUILDID",  # Azure Pipelines
)


def choose_run_id(given: str | None, environ: Mapping[str, str], now: datetime) -> str:
    """Up to 64 letters, digits, dots, dashes and underscores."""
    if given:
        return given
    for name in CI_VARIABLES:
        if value := environ.get(name):
            return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in value)[:64]
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
