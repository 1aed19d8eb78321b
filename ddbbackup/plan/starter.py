"""The commented starter plan that ``init`` writes."""

STARTER = """\
# yaml-language-server: $schema=ddbbackup.schema.json
# A ddbbackup plan. Check it with `ddbbackup validate`, then run `ddbbackup backup`.
# `ddbbackup schema > ddbbackup.schema.json` writes the schema with which editors complete and check this file.
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
