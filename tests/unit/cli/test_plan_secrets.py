"""What a plan holds that no output may show."""

from __future__ import annotations

from pathlib import Path

from ddbbackup.cli.plan_secrets import add_secrets_of_plan
from ddbbackup.plan import load
from ddbbackup.safe_text import Secrets

PLAN = """
version: 1
name: prod
aws:
  region: eu-west-1
  assume_role: {role_arn: "arn:aws:iam::123456789012:role/x", external_id: "${EXTERNAL_ID}"}
destinations: {v: {bucket: acme-vault}}
tables: [{name: orders}]
notifications:
  hook: {webhook: {url: "${HOOK}", headers: {X-Token: "${TOKEN}", X-Env: production}}}
  chat: {slack: {webhook_url: "${CHAT}"}}
metrics:
  pushgateway: {url: "${PUSH}", headers: {Authorization: "${AUTH}"}}
"""
ENVIRON = {
    "EXTERNAL_ID": "external-s3cr3t",
    "HOOK": "https://u:hook-s3cr3t@h/x",
    "TOKEN": "token-s3cr3t",
    "CHAT": "https://hooks.slack.com/services/T0/B0/chat-s3cr3t",
    "PUSH": "https://push-s3cr3t@h/x",
    "AUTH": "Bearer auth-s3cr3t",
}


def test_every_secret_of_a_plan_is_masked(tmp_path: Path) -> None:
    """The plan itself has none; they come from variables."""
    (tmp_path / "p.yaml").write_text(PLAN, encoding="utf-8")
    secrets = Secrets()
    add_secrets_of_plan(secrets, load([tmp_path / "p.yaml"], ENVIRON))
    for value in (*ENVIRON.values(), "auth-s3cr3t", "hook-s3cr3t"):
        assert "s3cr3t" not in secrets.mask(f"a {value} b"), value
    assert secrets.mask("prod and production in acme-vault") == "prod and production in acme-vault"
