"""The plan that ``init`` writes."""

STARTER = """\
# A ddbbackup plan. Check it with `ddbbackup validate`, carry it out with `ddbbackup backup`.
version: 1
name: my-tables

aws:
  region: ${AWS_REGION:-eu-west-1}
  # account: "123456789012"      # refuse to run anywhere else

destinations:
  vault:
    bucket: my-backup-bucket      # must exist
    prefix: "ddb/{table}/"
    # bucket_owner: "123456789012"

defaults:
  rpo: 24h                        # `ddbbackup status` exits 4 when the newest backup is older

tables:
  - name: my-table                # needs point-in-time recovery; `pitr: enable` turns it on
  # - match: "billing-*"          # all tables whose name matches
  #   exclude: ["*-tmp"]
  # - tags: {backup: daily}       # all tables with these tags

restores:
  my-table-copy:                  # `ddbbackup restore my-table-copy`
    table: my-table
    from: latest
    to: {table: "{table}-restored"}

# notifications:                  # secrets by reference only; ${VAR:-}: left out where the variable is not set
#   dead-man:
#     ping: {url: "${HEALTHCHECKS_URL:-}"}
#   ops:
#     slack: {webhook_url: "${SLACK_WEBHOOK_URL:-}"}
"""
