"""The commented starter plan that ``init`` writes."""

from __future__ import annotations

from typing import Final

SCHEMA_FILE: Final = "ddbbackup.schema.json"
"""Beside the plan: editors read it for the first line of the plan."""


def schema_lines(schema_path: str) -> list[str]:
    """The first lines of a plan. ``schema_path`` is that of ``SCHEMA_FILE``, for the command that writes it."""
    return [
        f"# yaml-language-server: $schema={SCHEMA_FILE}",
        "# A ddbbackup plan. Check it with `ddbbackup validate`, then run `ddbbackup backup`.",
        f"# `ddbbackup schema --output {schema_path}` writes the schema with which editors complete and check it.",
    ]


def starter_plan(schema_path: str = SCHEMA_FILE) -> str:
    return "\n".join(schema_lines(schema_path)) + "\n" + _STARTER


_STARTER: Final = """\
version: 1
name: my-tables

aws:
  region: ${AWS_REGION:-eu-west-1}
  # account: "123456789012"       # refuse to run in any other account

destinations:
  vault:
    bucket: my-backup-bucket      # an existing S3 bucket
    # prefix: "{account}/{region}/{table}/"   # the default
    # bucket_owner: "123456789012"

defaults:
  rpo: 24h                        # `ddbbackup status` exits with 4 if the newest backup is older

tables:
  - name: my-table                # exports need point-in-time recovery; `pitr: enable` enables it
  # - match: "billing-*"          # every table with a name that matches this glob pattern
  #   exclude: ["*-tmp"]
  # - tags: {backup: daily}       # every table with these tags

restores:
  my-table-copy:                  # `ddbbackup restore my-table-copy`
    table: my-table
    from: latest
    to: {table: "{table}-restored"}

# notifications:                  # take secrets from the environment; ${VAR:-} turns a channel off if VAR is not set
#   dead-man:
#     ping: {url: "${HEALTHCHECKS_URL:-}"}
#   ops:
#     slack: {webhook_url: "${SLACK_WEBHOOK_URL:-}"}
"""
